package invoice

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/invoice/typeface"
	"strings"
	"testing"
)

// TestCountries: each country has a name in each language, which the embedded font draws; and what is none stays as it is.
func TestCountries(t *testing.T) {
	font, err := typeface.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			if !account.Country(code) {
				continue
			}
			n++
			for _, l := range Languages() {
				name := l.country(code)
				if len(name) <= 2 || name != clean(name) || name == strings.ToUpper(name) || len(font.Missing(name)) > 0 {
					t.Errorf("%s in %s: %q", code, l, name)
				}
			}
		}
	}
	if n < 249 {
		t.Errorf("%d countries", n)
	}
	for _, c := range []struct {
		l          Language
		code, want string
	}{
		{English, "DE", "Germany"},
		{German, "de", "Deutschland"},
		{French, "DE", "Allemagne"},
		{Spanish, "DE", "Alemania"},
		{Italian, "DE", "Germania"},
		{Dutch, "DE", "Duitsland"},
		{Polish, "DE", "Niemcy"},
		{Portuguese, "PL", "Polónia"},
		{German, "MK", "Nordmazedonien"},
		{"xx", "FR", "France"},
		{English, "ZW", "Zimbabwe"},
		{English, "AD", "Andorra"},
		{German, "QQ", "QQ"},
		{German, "Germany", "GERMANY"},
		{German, "", ""},
		{German, "\tD", "D"},
		{German, "漢", "漢"},
	} {
		if got := c.l.country(c.code); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.code, c.l, got, c.want)
		}
	}
}
