package invoice

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/invoice/typeface"
	"brood/jobs/billing/settings"
	"fmt"
	"strings"
	"testing"
)

// theSeller are settings with all that a document shows.
func theSeller() *settings.Settings {
	return &settings.Settings{
		Seller: settings.Seller{
			Name: "Żabka & Söhne GmbH", Street: "Hauptstraße 12", Postcode: "10115", City: "Berlin", Country: "DE",
			TaxID: "DE123456788", Email: "billing@example.com", IBAN: "DE02120300000000202051", BIC: "BYLADEM1001",
		},
		Invoice: settings.Invoice{Footer: []string{"Żabka & Söhne GmbH · Amtsgericht Charlottenburg HRB 12345 · Geschäftsführung: Łucja Żak", "Bank: DKB · IBAN DE02 1203 0000 0000 2020 51"}},
	}
}

// aCharge is one in a language, with so many lines.
func aCharge(l Language, lines int) *charge.Charge {
	c := &charge.Charge{
		InvoiceID: "R-2026-11-17", Attempt: 1, Kind: charge.KindCharge, CustomerID: "C-0042", Currency: "EUR",
		Name: "Łukasz Świątek–Müller", Email: "l@example.com", InvoiceDate: "2026-11-30", DueDate: "2026-12-14",
		PeriodStart: "2026-11-01", PeriodEnd: "2026-11-30", Street: "ulica Długa 7/3", Postcode: "31-147", City: "Kraków",
		Country: "pl", TaxID: "PL1234567883", Language: string(l), Number: "2026-000123",
		Metadata: map[string]string{"plan": "Größe <M>"},
	}
	net := int64(0)
	for i := range lines {
		c.Lines = append(c.Lines, charge.Line{
			Description: fmt.Sprintf("Service “Pro” no. %d, hosting & support", i+1), Quantity: "2.5", UnitAmount: "493.80",
			Net: "1234.50", TaxRate: "19", Tax: "234.56", Gross: "1469.06",
		})
		net += 123450
	}
	digits := func(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }
	tax := (net*19 + 50) / 100
	c.NetAmount, c.TaxAmount, c.Amount = digits(net), digits(tax), digits(net+tax)
	c.Taxes = []charge.Tax{{Rate: "19", Base: c.NetAmount, Tax: c.TaxAmount}}
	return c
}

// pressOf makes the font for these charges, and opens it as a worker does.
func pressOf(t testing.TB, s *settings.Settings, charges ...*charge.Charge) *Press {
	t.Helper()
	f, err := typeface.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewAlphabet(f, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range charges {
		if missing := a.Add(c); len(missing) > 0 {
			t.Fatalf("the font lacks %s", Describe(missing))
		}
	}
	dir := t.TempDir()
	if err := a.Write(dir); err != nil {
		t.Fatal(err)
	}
	p, err := Open(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// longWord fits nowhere.
func longWord() string { return strings.Repeat("Donaudampfschifffahrt", 12) }
