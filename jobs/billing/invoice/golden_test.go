package invoice

import (
	"brood/jobs/billing/charge"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// inEachLanguage is a charge for each language, paid in another way each.
func inEachLanguage(l Language) *charge.Charge {
	c := aCharge(l, 3)
	c.Lines[0].Unit = "h"
	c.Lines[1].Description = longWord() + " and Ελλάδα, Київ"
	switch l {
	case German:
		c.IBAN, c.MandateID, c.ChargeDate = "DE89370400440532013000", "M-77", "2026-12-03"
	case French:
		c.Kind, c.CreditOf = "credit_note", "2026-000017"
	case Dutch:
		c.PaymentMethod, c.ChargeDate = "pm_1", "2026-12-01"
	case Polish:
		c.Currency, c.Amount, c.NetAmount, c.TaxAmount, c.Taxes, c.Lines = "JPY", "1234567", "", "", nil, nil
		c.Description = "Usługa"
	case Portuguese:
		c.Currency, c.Amount, c.NetAmount, c.TaxAmount, c.Taxes = "KWD", "12345.678", "12345.000", "0.678", nil
		for i := range c.Lines {
			c.Lines[i].Net, c.Lines[i].Gross, c.Lines[i].TaxRate = "", "4115.226", ""
		}
	case English:
		c.IBAN, c.AccountNumber = "", "000123456789"
	case Spanish, Italian:
	}
	return c
}

// marks writes what is drawn, a line each.
func marks(t *testing.T, p *Press, c *charge.Charge) string {
	t.Helper()
	v, err := p.seller.view(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.face.lay(v)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, page := range l.pages {
		fmt.Fprintf(&b, "page %d\n", i+1)
		for _, m := range page {
			look := ""
			if m.style.bold {
				look = " bold"
			}
			if m.style.quiet {
				look += " grey"
			}
			if m.width > 0 {
				fmt.Fprintf(&b, "%6.1f %6.1f rule of %.1f\n", m.x, m.y, m.width)
				continue
			}
			fmt.Fprintf(&b, "%6.1f %6.1f %g%s: %s\n", m.x, m.y, m.style.size, look, m.text)
		}
	}
	return b.String()
}

// TestGolden compares the documents of each language with those that were looked at.
func TestGolden(t *testing.T) {
	for _, l := range Languages() {
		c := inEachLanguage(l)
		p := pressOf(t, theSeller(), c)
		docs, err := p.Make(c)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, string(l)+".html", string(docs.HTML))
		golden(t, string(l)+".drawn", marks(t, p, c))
	}
	c := aCharge(German, 70)
	golden(t, "many.drawn", marks(t, pressOf(t, theSeller(), c), c))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Errorf("%s: line %d is another: %q (-update writes it anew)", name, i+1, b[min(i, len(b)-1)])
			return
		}
	}
}

// TestWords has all words in each language, and none of the places for values twice or left out.
func TestWords(t *testing.T) {
	for _, l := range Languages() {
		all := reflect.ValueOf(l.words())
		for i := range all.NumField() {
			if all.Field(i).String() == "" {
				t.Errorf("%s has no word for %s", l, all.Type().Field(i).Name)
			}
		}
		w := l.words()
		for sentence, places := range map[string]int{w.Page: 2, w.Transfer: 1, w.TransferBy: 2, w.Debit: 1, w.DebitOn: 2} {
			if filled := with(sentence, "<a>", "<b>"); strings.Count(filled, "<a>") != 1 || strings.Count(filled, "<b>") != places-1 || strings.Contains(filled, "%") {
				t.Errorf("%s: %s", l, filled)
			}
		}
	}
	if l := LanguageOf("de-AT"); l != German {
		t.Error(l)
	}
	if l := LanguageOf("xx"); l != English {
		t.Error(l)
	}
}

// TestForms writes numbers and days the way each language does.
func TestForms(t *testing.T) {
	space := func(s string) string { return strings.ReplaceAll(s, nbsp, "_") }
	for _, c := range []struct {
		l                           Language
		euro, small, yen, day, rate string
	}{
		{English, "€1,234,567.80", "-€1,234.50", "JPY_1,234", "5 Nov 2026", "7.5%"},
		{German, "1.234.567,80_€", "-1.234,50_€", "1.234_JPY", "05.11.2026", "7,5_%"},
		{French, "1_234_567,80_€", "-1_234,50_€", "1_234_JPY", "05/11/2026", "7,5_%"},
		{Spanish, "1.234.567,80_€", "-1234,50_€", "1234_JPY", "05/11/2026", "7,5_%"},
		{Italian, "1.234.567,80_€", "-1.234,50_€", "1.234_JPY", "05/11/2026", "7,5%"},
		{Dutch, "€_1.234.567,80", "€_-1.234,50", "JPY_1.234", "05-11-2026", "7,5%"},
		{Polish, "1_234_567,80_€", "-1234,50_€", "1234_JPY", "05.11.2026", "7,5_%"},
		{Portuguese, "1.234.567,80_€", "-1.234,50_€", "1.234_JPY", "05/11/2026", "7,5%"},
	} {
		day, err := c.l.date("2026-11-05")
		if err != nil {
			t.Error(err)
		}
		got := [...]string{space(c.l.amount("1234567.80", "EUR")), space(c.l.amount("-1234.50", "EUR")), space(c.l.amount("1234", "JPY")), day, space(c.l.percent("7.5"))}
		if want := [...]string{c.euro, c.small, c.yen, c.day, c.rate}; got != want {
			t.Errorf("%s: %q, want %q", c.l, got, want)
		}
	}
	for _, text := range []string{"", "a lot", "1,5", "1.", ".5", "-", "1e3"} {
		if got := German.decimal(text); got != text {
			t.Errorf("%q, which is no number, became %q", text, got)
		}
	}
}
