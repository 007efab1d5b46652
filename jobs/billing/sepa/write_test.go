package sepa

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bytes"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

var created = time.Date(2026, 11, 30, 9, 30, 0, 0, time.UTC) // a Monday

const planHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func seller(version Version) *settings.Settings {
	return &settings.Settings{
		Seller: settings.Seller{Name: "Müller & Söhne GmbH", Country: "DE"},
		SEPA:   settings.SEPA{IBAN: "DE89370400440532013000", BIC: "COBADEFF", CreditorID: "DE98ZZZ09999999999", Version: string(version)},
		Zone:   "Europe/Berlin",
	}
}

// accounts are of banks in and outside of the EEA.
var accounts = [][2]string{
	{"DE02120300000000202051", ""},
	{"FR1420041010050500013M02606", "PSSTFRPPXXX"},
	{"AT611904300234573201", "BKAUATWW"},
	{"CH9300762011623852957", "UBSWCHZH80A"},
	{"NL91ABNA0417164300", ""},
	{"GB29NWBK60161331926819", "NWBKGB2L"},
}

func debit(n int) *charge.Charge {
	a := accounts[n%len(accounts)]
	return &charge.Charge{
		InvoiceID: fmt.Sprintf("R-2026-%04d", n), Attempt: 1, Kind: charge.KindCharge, CustomerID: fmt.Sprint(n),
		Amount: money.Format(int64(100+n*7), 2), Currency: "EUR", Name: []string{"Jürgen Groß", "Łucja Żółć", "O'Neill & Co. <Ltd>", "株式会社 AB"}[n%4],
		Description: "Abo November", ChargeDate: []string{"2026-12-15", "2026-12-25", "2026-12-15", "2026-12-28"}[n%4],
		Street: "Große Straße 1", Postcode: "12345", City: "Köln", Country: "DE",
		MandateID: fmt.Sprintf("M%05d", n), MandateDate: "2025-01-31", Sequence: []string{"FRST", "RCUR", "", "OOFF", "FNAL"}[n%5],
		IBAN: a[0], BIC: a[1],
	}
}

func payout(n int) *charge.Charge {
	c := debit(n)
	c.Kind, c.MandateID, c.MandateDate, c.Sequence = charge.KindPayout, "", "", ""
	return c
}

func each(charges []*charge.Charge) iter.Seq2[*charge.Charge, error] {
	return func(yield func(*charge.Charge, error) bool) {
		for _, c := range charges {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func some(n int, make func(int) *charge.Charge) []*charge.Charge {
	var out []*charge.Charge
	for i := range n {
		out = append(out, make(i))
	}
	return out
}

func write(t testing.TB, f File, s *settings.Settings, charges []*charge.Charge) ([]byte, *Written) {
	t.Helper()
	if f.Created.IsZero() {
		f.Created = created
	}
	if f.Plan == "" {
		f.Plan = planHash
	}
	if f.Kind == "" {
		f.Kind = charge.KindCharge
	}
	var b bytes.Buffer
	w, err := Write(&b, &f, s, each(charges))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w
}

// TestGolden holds files of all versions as bytes.
func TestGolden(t *testing.T) {
	for _, version := range []Version{Debit08, Debit02, Transfer09, Transfer03} {
		f, make := File{Kind: charge.KindCharge}, debit
		if strings.HasPrefix(string(version), "pain.001") {
			f.Kind, make = charge.KindPayout, payout
		}
		charges := some(13, make)
		got, w := write(t, f, seller(version), charges)
		if w.Version != version {
			t.Errorf("%s was written as %s", version, w.Version)
		}
		path := filepath.Join("../../../testdata/billing/bank", string(version)+".xml")
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is another:\n%s", path, got)
		}
		in := readBack(t, got)
		if len(in.PmtInf) != len(w.Blocks) || in.GrpHdr.MsgID != w.MsgID {
			t.Errorf("%d blocks of %d", len(in.PmtInf), len(w.Blocks))
		}
		again, _ := write(t, f, seller(version), charges)
		if !bytes.Equal(again, got) {
			t.Error("written again it is another")
		}
	}
}

// TestAny writes any charges and reads the same back.
func TestAny(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(rt, "n")
		kind := rapid.SampledFrom([]charge.Kind{charge.KindCharge, charge.KindPayout}).Draw(rt, "kind")
		byName := map[string]*charge.Charge{}
		var charges []*charge.Charge
		var sum int64
		for i := range n {
			c := debit(i)
			if kind == charge.KindPayout {
				c = payout(i)
			}
			c.InvoiceID = rapid.StringN(1, 50, -1).Draw(rt, "invoice")
			c.Name = rapid.StringN(1, 100, -1).Draw(rt, "name") + "x"
			c.Description = rapid.String().Draw(rt, "description")
			minor := rapid.Int64Range(1, mostMinor).Draw(rt, "minor")
			c.Amount = money.Format(minor, 2)
			c.ChargeDate = created.AddDate(0, 0, rapid.IntRange(-5, 300).Draw(rt, "days")).Format(time.DateOnly)
			id, _ := EndToEndID(c)
			if byName[id] != nil {
				continue
			}
			byName[id] = c
			charges = append(charges, c)
			sum += minor
		}
		placed := map[string]Place{}
		file, w := write(t, File{Kind: kind, Placed: func(invoice string, at Place) { placed[invoice] = at }}, seller(""), charges)
		in := readBack(t, file)
		if w.Count != len(charges) || w.Minor != sum || in.GrpHdr.CtrlSum != money.Format(sum, 2) {
			rt.Fatalf("%d of %d, %d of %d", w.Count, len(charges), w.Minor, sum)
		}
		last := ""
		for _, p := range in.PmtInf {
			if p.day() < last {
				rt.Fatalf("%s after %s", p.day(), last)
			}
			last = p.day()
			for _, x := range p.txs() {
				c := byName[x.EndToEndID]
				_, iban := x.other()
				if c == nil || x.cents() != c.Amount || iban != c.IBAN || x.Mandate != c.MandateID {
					rt.Fatalf("%+v is not %+v", x, c)
				}
				if at := placed[c.InvoiceID]; at != (Place{w.MsgID, p.PmtInfID, x.EndToEndID}) {
					rt.Fatalf("%+v", at)
				}
				delete(byName, x.EndToEndID)
			}
		}
		if len(byName) != 0 {
			rt.Fatalf("%d are not in the file", len(byName))
		}
	})
}

// TestRefused holds what is no file, and that nothing is written of it.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*charge.Charge, *settings.Settings, *File)
		why    string
	}{
		"currency": {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.Currency = "CHF" }, "euros only"},
		"amount":   {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.Amount = "1000000000.00" }, "more than"},
		"iban":     {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.IBAN = "DE02120300000000202052" }, "check digits"},
		"outside": {func(c *charge.Charge, _ *settings.Settings, _ *File) {
			c.IBAN, c.BIC = "TR330006100519786457841326", ""
		}, "outside SEPA"},
		"mandate":  {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.MandateID = "//" }, "mandate"},
		"sequence": {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.Sequence = "NEXT" }, "FRST"},
		"day":      {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.ChargeDate = "" }, "due_date"},
		"name":     {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.Name = "\u200b" }, "name"},
		"twice":    {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.InvoiceID = "R-2026-0001" }, "already"},
		"creditor": {func(_ *charge.Charge, s *settings.Settings, _ *File) { s.SEPA.CreditorID = "DE97ZZZ09999999999" }, "creditor"},
		"version":  {func(_ *charge.Charge, s *settings.Settings, _ *File) { s.SEPA.Version = "pain.008.003.02" }, "no version"},
		"kind":     {func(_ *charge.Charge, _ *settings.Settings, f *File) { f.Kind = charge.KindCreditNote }, "does not go"},
	} {
		charges := some(5, debit)
		s, f := seller(""), &File{Plan: planHash, Created: created, Kind: charge.KindCharge}
		c.change(charges[4], s, f)
		var b bytes.Buffer
		if _, err := Write(&b, f, s, each(charges)); err == nil || !strings.Contains(err.Error(), c.why) || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
	}
	if _, err := Write(&bytes.Buffer{}, &File{Kind: charge.KindPayout}, seller(""), each(some(2, debit))); err != ErrNothing {
		t.Error(err)
	}
}

func TestReferences(t *testing.T) {
	seen := map[string]string{}
	for _, invoice := range []string{
		"R-1", "/R-1", "R-1/", "R//1", "R/1", "Ä-1", "Ae-1", strings.Repeat("9", 35), strings.Repeat("9", 36), strings.Repeat("9", 37), "NOTPROVIDED", "日本", "//", " a", "a",
	} {
		for attempt := 1; attempt <= 2; attempt++ {
			c := &charge.Charge{InvoiceID: invoice, Attempt: attempt}
			id, changed := EndToEndID(c)
			if !validID(id) || changed == (id == invoice) || seen[id] != "" {
				t.Errorf("%q, attempt %d: %q, as %q", invoice, attempt, id, seen[id])
			}
			seen[id] = invoice
		}
	}
	f := File{Plan: planHash, Kind: charge.KindCharge}
	ids := map[string]bool{f.MessageID(): true}
	for _, g := range []File{{Plan: planHash, Kind: charge.KindPayout}, {Plan: planHash, Kind: charge.KindCharge, Part: 1}, {Plan: "short", Kind: charge.KindCharge}} {
		if id := g.MessageID(); ids[id] || len(id) != 26 {
			t.Error(id)
		}
		ids[f.MessageID()] = true
	}
}

// FuzzReference holds that any invoice has a valid reference that fits, and is told when it is another.
func FuzzReference(f *testing.F) {
	f.Add("R-1", 1)
	f.Add("//Ä/", 2)
	f.Fuzz(func(t *testing.T, invoice string, attempt int) {
		id, changed := EndToEndID(&charge.Charge{InvoiceID: invoice, Attempt: attempt})
		if !validID(id) || !changed && id != invoice {
			t.Fatalf("%q: %q", invoice, id)
		}
	})
}
