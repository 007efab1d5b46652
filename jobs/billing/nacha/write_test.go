package nacha

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

var created = time.Date(2026, 11, 25, 15, 30, 0, 0, time.UTC) // a Wednesday; Thursday is Thanksgiving

func company(class string) *settings.Settings {
	return &settings.Settings{
		Seller: settings.Seller{Name: "Acme Energy Inc."},
		NACHA: settings.NACHA{
			ImmediateDestination: "121042882", ImmediateDestinationName: "Some Bank", ImmediateOrigin: "1123456789", CompanyName: "Acme",
			CompanyID: "1123456789", EntryDescription: "Invoice", OriginatingDFI: "12104288", Class: class,
		},
		Zone: "America/New_York",
	}
}

var routings = []string{"021000021", "011401533", "091000019", "322271627"}

func debit(n int) *charge.Charge {
	return &charge.Charge{
		InvoiceID: fmt.Sprintf("R-2026-%04d", n), Attempt: 1 + n%7/6, Kind: []charge.Kind{charge.KindCharge, charge.KindCharge, charge.KindPayout}[n%3],
		Amount: money.Format(int64(100+n*7), 2), Currency: "USD", Name: []string{"José Peña", "Zoë's Bäckerei & Very Long Names LLC", "JANE DOE"}[n%3],
		ChargeDate: []string{"2026-11-27", "2026-11-26", "2026-11-28", "2026-12-01"}[n%4], RoutingNumber: routings[n%4],
		AccountNumber: fmt.Sprintf("%d-%05d", n%10+1, n), AccountType: []string{"", "checking", "savings"}[n%3],
	}
}

func some(n int) (out []*charge.Charge) {
	for i := range n {
		out = append(out, debit(i))
	}
	return out
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

func write(t testing.TB, f File, s *settings.Settings, charges []*charge.Charge) ([]byte, *Written) {
	t.Helper()
	f.Created = created
	var b bytes.Buffer
	w, err := Write(&b, &f, s, each(charges))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w
}

func TestGolden(t *testing.T) {
	for _, class := range []string{"PPD", "CCD", "WEB", "prenotes"} {
		s, f := company(class), File{}
		if class == "prenotes" {
			s.NACHA.Class, f.Prenotes = "", true
		}
		got, w := write(t, f, s, some(23))
		path := filepath.Join("../../../testdata/billing/bank", strings.ToLower(class)+".ach")
		if *update {
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
		batches := readBack(t, got)
		if len(batches) != len(w.Batches) || w.Count != 23 {
			t.Errorf("%d batches of %d, %d entries", len(batches), len(w.Batches), w.Count)
		}
		for i, b := range batches {
			if day := strings.ReplaceAll(w.Batches[i].Day[2:], "-", ""); b.day != day || b.description != strings.ToUpper(w.Batches[i].Description) {
				t.Errorf("%+v is not %+v", b, w.Batches[i])
			}
			for _, e := range b.entries {
				if f.Prenotes != (e.code[1] == '3' || e.code[1] == '8') || f.Prenotes && e.cents.Sign() != 0 {
					t.Errorf("%+v", e)
				}
			}
		}
	}
}

// TestAny writes any charges and reads the same back.
func TestAny(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(rt, "n")
		byID := map[string]*charge.Charge{}
		var charges []*charge.Charge
		for i := range n {
			c := debit(i)
			c.Kind = rapid.SampledFrom([]charge.Kind{charge.KindCharge, charge.KindPayout}).Draw(rt, "kind")
			c.InvoiceID = rapid.StringN(1, 30, -1).Draw(rt, "invoice")
			c.Attempt = rapid.IntRange(1, 3).Draw(rt, "attempt")
			c.Name = rapid.StringN(1, 40, -1).Draw(rt, "name") + "x"
			c.Amount = money.Format(rapid.Int64Range(1, mostEntry).Draw(rt, "minor"), 2)
			c.ChargeDate = created.AddDate(0, 0, rapid.IntRange(-5, 300).Draw(rt, "days")).Format(time.DateOnly)
			id, _ := Reference(c)
			if byID[id] == nil {
				byID[id] = c
				charges = append(charges, c)
			}
		}
		traces := map[string]string{}
		file, w := write(t, File{Trace: func(_, id, trace string) { traces[id] = trace }}, company("WEB"), charges)
		if w.Count != len(charges) || len(traces) != len(charges) {
			rt.Fatalf("%d of %d, %d traces", w.Count, len(charges), len(traces))
		}
		for _, b := range readBack(t, file) {
			for _, e := range b.entries {
				c := byID[e.id]
				if c == nil || money.Format(e.cents.Int64(), 2) != c.Amount || e.routing != c.RoutingNumber || e.account != c.AccountNumber || traces[e.id] != e.trace {
					rt.Fatalf("%+v is not %+v", e, c)
				}
				if (b.class == "220") != (c.Kind == charge.KindPayout) || (b.description == "RETRY PYMT") != (c.Attempt > 1 && b.class == "225") || b.day < "261127" {
					rt.Fatalf("%+v in %s, %s of %s", c, b.class, b.description, b.day)
				}
				delete(byID, e.id)
			}
		}
		if len(byID) > 0 {
			rt.Fatalf("%d are not in the file", len(byID))
		}
	})
}

// TestFull refuses what a file cannot add up.
func TestFull(t *testing.T) {
	var charges []*charge.Charge
	for i := range 101 {
		c := debit(0)
		c.InvoiceID, c.Amount = fmt.Sprint(i), "99999999.99"
		charges = append(charges, c)
	}
	var b bytes.Buffer
	if _, err := Write(&b, &File{Created: created}, company(""), each(charges)); err == nil || !strings.Contains(err.Error(), "invoice 100: ") || b.Len() > 0 {
		t.Errorf("%v, %d bytes", err, b.Len())
	}
	file, w := write(t, File{}, company(""), charges[:100])
	readBack(t, file)
	if w.Debit != 99_999_999_99*100 {
		t.Error(w.Debit)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*charge.Charge, *settings.Settings, *File)
		why    string
	}{
		"currency": {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.Currency = "EUR" }, "US dollars only"},
		"amount":   {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.Amount = "100000000.00" }, "more than"},
		"nothing":  {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.Amount = "0.00" }, "nothing"},
		"routing":  {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.RoutingNumber = "021000022" }, "check digit"},
		"account":  {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.AccountNumber = "123456789012345678" }, "17"},
		"type":     {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.AccountType = "loan" }, "savings"},
		"twice":    {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.InvoiceID = "R-2026-0001" }, "already"},
		"date":     {func(c *charge.Charge, _ *settings.Settings, _ *File) { c.ChargeDate = "" }, "due_date"},
		"class":    {func(_ *charge.Charge, s *settings.Settings, _ *File) { s.NACHA.Class = "IAT" }, "PPD"},
		"odfi":     {func(_ *charge.Charge, s *settings.Settings, _ *File) { s.NACHA.OriginatingDFI = "99999999" }, "routing"},
		"modifier": {func(_ *charge.Charge, _ *settings.Settings, f *File) { f.Modifier = 'a' }, "A to Z"},
	} {
		charges := some(5)
		s, f := company(""), &File{Created: created}
		c.change(charges[4], s, f)
		var b bytes.Buffer
		if _, err := Write(&b, f, s, each(charges)); err == nil || !strings.Contains(err.Error(), c.why) || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
	}
	if _, err := Write(&bytes.Buffer{}, &File{}, company(""), each(nil)); err != ErrNothing {
		t.Error(err)
	}
	if got := CheckSettings(&settings.Settings{}); len(got) != 6 {
		t.Error(got)
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*charge.Charge)
		field   string
		warning bool
	}{
		"fine":         {func(*charge.Charge) {}, "", false},
		"Thanksgiving": {func(c *charge.Charge) { c.ChargeDate = "2026-11-26" }, "charge_date", true},
		"Saturday":     {func(c *charge.Charge) { c.ChargeDate = "2026-11-28" }, "charge_date", true},
		"past":         {func(c *charge.Charge) { c.ChargeDate = "2026-11-24" }, "charge_date", false},
		"far":          {func(c *charge.Charge) { c.ChargeDate = "2028-11-24" }, "charge_date", false},
		"fourth":       {func(c *charge.Charge) { c.Attempt = 4 }, "attempt", false},
		"long name":    {func(c *charge.Charge) { c.Name = "Zoë's Bäckerei & Very Long Names LLC" }, "name", true},
		"credit note":  {func(c *charge.Charge) { *c = charge.Charge{Kind: charge.KindCreditNote} }, "", false},
	} {
		in := debit(0)
		c.change(in)
		var got []charge.Problem
		for _, p := range Check(in, company(""), created) {
			if p.Field != "invoice_id" {
				got = append(got, p)
			}
		}
		if c.field == "" && len(got) > 0 || c.field != "" && (len(got) != 1 || got[0].Field != c.field || got[0].Warning != c.warning) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// FuzzReference holds that any invoice has a reference that fits into a file.
func FuzzReference(f *testing.F) {
	f.Add("R-1", 1)
	f.Add(" Ä/", 2)
	f.Fuzz(func(t *testing.T, invoice string, attempt int) {
		id, changed := Reference(&charge.Charge{InvoiceID: invoice, Attempt: attempt})
		if len(id) > 15 || id == "" || strings.TrimSpace(id) != id || !changed && id != invoice {
			t.Fatalf("%q: %q", invoice, id)
		}
	})
}
