package invoice

import (
	"brood/jobs/billing/charge"
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// TestSame makes the documents again, by a press of its own, and they are the same bytes.
func TestSame(t *testing.T) {
	c := aCharge(German, 3)
	first, err := pressOf(t, theSeller(), c).Make(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := pressOf(t, theSeller(), c).Make(c)
	if err != nil || !bytes.Equal(first.PDF, again.PDF) || !bytes.Equal(first.HTML, again.HTML) {
		t.Errorf("made again it is another, %v", err)
	}
	const most = 25 << 10
	if len(first.PDF) > most {
		t.Errorf("the PDF has %d bytes", len(first.PDF))
	}
}

// TestNotPrepared refuses a character that the run's font lacks, and never leaves it out.
func TestNotPrepared(t *testing.T) {
	c := aCharge(English, 1)
	p := pressOf(t, theSeller(), c)
	c.Name = "漢"
	if _, err := p.Make(c); err == nil || !strings.Contains(err.Error(), "U+6F22") {
		t.Error(err)
	}
	undrawable, err := Undrawable(theSeller())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"Zoë\u202e": "", "Zoë 漢字": `the font has no '字' (U+5B57), '漢' (U+6F22), and`, "שלום": "from right to left"} {
		if got := undrawable(text); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%q: %q", text, got)
		}
	}
	s := *theSeller()
	s.Seller.Name = "漢"
	if _, err := Undrawable(&s); err == nil {
		t.Error("the seller's own name cannot be drawn")
	}
}

// TestRefusedCharges are those of which there is no document.
func TestRefusedCharges(t *testing.T) {
	p := pressOf(t, theSeller(), aCharge(English, 1))
	for why, change := range map[string]func(*charge.Charge){
		"no invoice number": func(m *charge.Charge) { m.Number = "" },
		"is no invoice":     func(m *charge.Charge) { m.Number = "../x" },
		"no invoice of a":   func(m *charge.Charge) { m.Kind = "payout" },
		"no date":           func(m *charge.Charge) { m.InvoiceDate, m.ChargeDate = "", "" },
		"is no date":        func(m *charge.Charge) { m.DueDate = "14.12.2026" },
		"is no amount":      func(m *charge.Charge) { m.Amount = "12,5" },
		"line 1":            func(m *charge.Charge) { m.Lines[0].Net = "1.234" },
	} {
		m := aCharge(English, 1)
		change(m)
		if _, err := p.Make(m); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := Open(t.TempDir(), theSeller()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestLineOfWhole: what was supplied is said, also where a row has a quantity and the description is that of the invoice.
func TestLineOfWhole(t *testing.T) {
	for _, c := range []struct{ whole, line, want string }{{"Consulting", "", "Consulting"}, {"Consulting", "Two hours", "Two hours"}, {"", "", "Invoice"}} {
		v, err := new(seller).view(&charge.Charge{
			InvoiceID: "R-1", Kind: charge.KindCharge, CustomerID: "C-1", Amount: "100.00", Currency: "EUR", InvoiceDate: "2026-11-30", Number: "2026-000001",
			Description: c.whole, Lines: []charge.Line{{Description: c.line, Quantity: "2", UnitAmount: "50.00", Net: "100.00"}},
		})
		if err != nil || v.Lines[0].Description != c.want {
			t.Errorf("%q, %q: %+v, %v", c.whole, c.line, v, err)
		}
	}
}

// TestNote: the reason of a rate of 0 stands on the page, below the sums.
func TestNote(t *testing.T) {
	of, c := sample(nil)
	c.TaxNote, c.Number = "Reverse charge", "2026-000001"
	v, err := of.view(c)
	if err != nil || v.Note != c.TaxNote {
		t.Errorf("%+v, %v", v, err)
	}
}
