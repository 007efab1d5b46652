package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// charges are some to make a plan of.
var charges = rapid.Custom(func(t *rapid.T) charge.Charge {
	currency := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD", "USD"}).Draw(t, "currency")
	digits, _ := money.Digits(currency)
	c := charge.Charge{
		InvoiceID: rapid.StringMatching(`[A-Za-z0-9-]{1,12}`).Draw(t, "invoice"), Attempt: rapid.IntRange(1, 3).Draw(t, "attempt"),
		Kind: charge.KindCharge, CustomerID: rapid.StringN(1, 10, 40).Draw(t, "customer"), Currency: currency,
		Amount: money.Format(rapid.Int64Range(-1e9, 1e12).Draw(t, "minor"), digits), Description: rapid.String().Draw(t, "description"),
	}
	c.CustomerID, c.Description = strings.ToValidUTF8(c.CustomerID, ""), strings.ToValidUTF8(c.Description, "")
	if rapid.Bool().Draw(t, "more") {
		c.Metadata = map[string]string{"b": "<&>", "a": "\u2028"}
		c.Lines = []charge.Line{{Description: "x", Net: "1"}}
	}
	return c
})

// write writes a plan of these charges.
func write(t interface{ Fatal(...any) }, dir, path string, list []charge.Charge) *Plan {
	w, err := NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	for i := range list {
		if err := w.Add(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.Put(path, &Header{
		Provider: "files", Account: "main", Mode: Test, Scope: "2026-11", Kind: charge.KindCharge, Settings: &settings.Settings{Zone: "Europe/Berlin"},
		Sources: []Source{{Name: "a.csv", SHA256: "00", Rows: len(list)}}, Warnings: map[Kind]int{"x": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// encoded is the text of such a plan.
func encoded(t *rapid.T, dir string, list []charge.Charge) []byte {
	w, err := NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	for i := range list {
		if err := w.Add(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	head, err := w.finish(&Header{Provider: "files", Kind: charge.KindCharge, Mode: Test, Settings: &settings.Settings{Zone: "Europe/Berlin"}, Warnings: map[Kind]int{"x": 1, "a": 2}})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := io.ReadAll(io.NewSectionReader(w.lines, 0, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	return append(head, lines...)
}

// decoded reads the text of a plan.
func decoded(text []byte) (*Header, []charge.Charge, error) {
	r := newReader(bytes.NewReader(text))
	h, err := r.header()
	if err != nil {
		return nil, nil, err
	}
	list := []charge.Charge{}
	err = r.charges(h, func(c *charge.Charge, _ []byte) error { list = append(list, *c); return nil })
	return h, list, err
}

// TestWriteRead: what is written is read, the sums are those of the rows, and the same charges make the same file.
func TestWriteRead(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(charges, 0, 12).Draw(t, "charges")
		text := encoded(t, dir, list)
		h, again, err := decoded(text)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := json.Marshal(list)
		got, _ := json.Marshal(again)
		if len(list) > 0 && !bytes.Equal(want, got) {
			t.Fatalf("%s was read as %s", want, got)
		}
		var sums money.Sums
		for i := range again {
			a, err := again[i].Money()
			if err := errors.Join(err, sums.Add(a)); err != nil {
				t.Fatal(err)
			}
		}
		if h.Count != len(list) || !sums.Equal(&h.Sums) {
			t.Fatalf("%d, %s: %+v", len(list), &sums, h)
		}
		if !bytes.Equal(encoded(t, dir, list), text) {
			t.Fatal("the same charges make another plan")
		}
	})
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestAnyByte: a plan of which a byte was changed, taken out or put in is refused, unless it is another plan of the same
// charges, which has a hash of its own.
func TestAnyByte(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := encoded(t, dir, rapid.SliceOfN(charges, 1, 6).Draw(t, "charges"))
		head := bytes.IndexByte(text, '\n') + 1
		for range 50 {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			b := rapid.Byte().Draw(t, "byte")
			changed := slices.Clone(text)
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				changed[at] = b
			case 1:
				changed = slices.Delete(changed, at, at+1)
			case 2:
				changed = slices.Insert(changed, at, b)
			default:
				changed = changed[:at]
			}
			if _, _, err := decoded(changed); err == nil && !bytes.Equal(changed, text) && !bytes.HasSuffix(changed, text[head:]) {
				t.Fatalf("byte %d was changed, and it is still a plan: %q", at, changed)
			}
		}
	})
}

// TestRefused says why a file is no plan.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	list := []charge.Charge{
		{InvoiceID: "R-1", Attempt: 1, Kind: charge.KindCharge, CustomerID: "c1", Amount: "12.34", Currency: "EUR"},
		{InvoiceID: "R-2", Attempt: 1, Kind: charge.KindCharge, CustomerID: "c2", Amount: "1000", Currency: "JPY"},
	}
	p := write(t, dir, filepath.Join(dir, "a.plan"), list)
	text, _ := os.ReadFile(p.Path())
	for change, want := range map[string]string{
		`"count":2=>"count":3`:                        "line 4: the header says 3 charges, and there are 2",
		`"EUR":"12.34"=>"EUR":"12.35"`:                "the header says EUR=12.35,JPY=1000, and the charges make EUR=12.34,JPY=1000",
		`"customer_id":"c1"=>"customer_id":"c3"`:      "the header has the hash of other lines",
		`"amount":"12.34"=>"amount":"12.35"`:          "the header says EUR=12.34,JPY=1000, and the charges make EUR=12.35,JPY=1000",
		`"customer_id":"c1"=>"customer_id": "c1"`:     "line 2: it is not canonical",
		`"customer_id":"c1"=>"customer":"c1"`:         "line 2: a line of the plan is none",
		`"amount":"1000"=>"amount":"1000.00"`:         "line 3",
		`"brood_plan":1=>"brood_plan":2`:              "the plan has version 2, and this brood knows 1",
		`"mode":"test"=>"mode":"test","more":1`:       "line 1: json: unknown field",
		`"provider":"files"=>"provider":"\u0066iles"`: "the header is not canonical",
		`{"brood_plan"=>{"plan"`:                      "it is no header of a plan",
		`"zone":"Europe/Berlin"=>"zone":"UTC"`:        "",
		`"settings":{=>"settings":null,"x":{`:         "line 1",
	} {
		from, to, _ := strings.Cut(change, "=>")
		changed := bytes.Replace(text, []byte(from), []byte(to), 1)
		if bytes.Equal(changed, text) {
			t.Fatalf("%s changes nothing in %s", change, text)
		}
		path := filepath.Join(dir, "b.plan")
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		other, err := Open(path)
		switch {
		case want == "": // another plan of the same charges, which has a hash of its own
			if err != nil || other.Hash() == p.Hash() {
				t.Errorf("%s: %v", change, err)
			}
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want %q", change, err, want)
		}
	}
	// It is told when the file changes after it was opened.
	if err := os.WriteFile(p.Path(), bytes.Replace(text, []byte("Berlin"), []byte("Vienna"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Each(func(*charge.Charge) error { return nil }); !errors.Is(err, ErrChanged) {
		t.Errorf("changed since: %v", err)
	}
	if _, err := p.Keep(dir, ""); !errors.Is(err, ErrChanged) {
		t.Errorf("changed since: %v", err)
	}
}

// TestKeep keeps a plan, and finds it by the beginning of its hash.
func TestKeep(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	p := write(t, dir, filepath.Join(dir, "a.plan"), []charge.Charge{
		{InvoiceID: "R-1", Attempt: 1, Kind: charge.KindCharge, CustomerID: "c", Amount: "1.00", Currency: "EUR"},
		{InvoiceID: "R-2", Attempt: 1, Kind: charge.KindCharge, CustomerID: "d", Amount: "1.00", Currency: "EUR", Email: "d@example.org"},
	})
	for range 2 {
		if _, err := p.Keep(state, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{p.Hash(), p.Hash()[:8], p.Path()} {
		if found, err := Find(state, name); err != nil || found.Hash() != p.Hash() {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"none.plan", "00000000", p.Hash()[:7]} {
		if _, err := Find(state, name); err == nil {
			t.Errorf("%s was found", name)
		}
	}
	lines, err := os.ReadFile(ChargesPath(state, p.Hash()))
	// The first has the members of all, as a table has the columns of its first record.
	want := `{"invoice_id":"R-1","attempt":1,"kind":"charge","customer_id":"c","amount":"1.00","currency":"EUR","email":null}
{"invoice_id":"R-2","attempt":1,"kind":"charge","customer_id":"d","amount":"1.00","currency":"EUR","email":"d@example.org"}
`
	if err != nil || string(lines) != want {
		t.Errorf("%s, %v", lines, err)
	}
	kept := filepath.Join(Dir(state, p.Hash()), keptPlan)
	text, _ := os.ReadFile(kept)
	if err := os.WriteFile(kept, bytes.Replace(text, []byte("Berlin"), []byte("Vienna"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(state, p.Hash()); !errors.Is(err, ErrChanged) {
		t.Errorf("it was changed: %v", err)
	}
}

// FuzzOpen: a file is a plan whose lines are what its header says, or an error.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	p := write(f, dir, filepath.Join(dir, "a.plan"), []charge.Charge{{InvoiceID: "R-1", Attempt: 1, Kind: charge.KindCharge, CustomerID: "c", Amount: "1.00", Currency: "EUR"}})
	text, err := os.ReadFile(p.Path())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"brood_plan":1}`))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newReader(bytes.NewReader(b))
		h, err := r.header()
		if err != nil {
			return
		}
		count := 0
		if err := r.charges(h, func(*charge.Charge, []byte) error { count++; return nil }); err != nil {
			return
		}
		if count != h.Count || int64(len(b)) != r.at {
			t.Fatal(fmt.Sprint(count, h.Count, len(b), r.at))
		}
	})
}
