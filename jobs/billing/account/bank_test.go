package account

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBIC(t *testing.T) {
	for _, text := range []string{"DEUTDEFF", "DEUTDEFF500", "deutdeff 500", "COBADEFFXXX", "NEDSZAJJXXX", "NBKOXKPR"} {
		b, err := ParseBIC(text)
		if err != nil || string(b) != upper(text) {
			t.Errorf("%q: %q, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "DEUTDEF", "DEUTDEFF5", "DEUTXXFF", "D3UTDEFF", "DEUTDEFF-00", "DEUTDEFFÄÖÜ", "DEUTEDFF"} {
		if b, err := ParseBIC(text); err == nil {
			t.Errorf("%q was taken as %s", text, b)
		}
	}
	if b := BIC("DEUTDEFF500"); b.Country() != "DE" || b.Bank() != "DEUTDEFF" {
		t.Errorf("%s, %s", b.Country(), b.Bank())
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		iban, bic string
		want      bool
	}{
		{"DE89370400440532013000", "COBADEFF", true},
		{"DE89370400440532013000", "BNPAFRPP", false},
		{"FR1420041010050500013M02606", "BRDEGPGX", true},
		{"GB29NWBK60161331926819", "NWBKJESX", true},
		{"JE", "NWBKGB2L", false},
		{"MC5811222000010123456789030", "BNPAFRPP", true},
	} {
		if got := Match(IBAN(c.iban), BIC(c.bic)); got != c.want {
			t.Errorf("%s and %s: %v", c.iban, c.bic, got)
		}
	}
}

func TestCountries(t *testing.T) {
	for _, code := range []string{"DE", "XK", "AD", "ZW"} {
		if !Country(code) {
			t.Errorf("%s is none", code)
		}
	}
	for _, code := range []string{"", "D", "DEU", "de", "EU", "XX", "D ", " D", "UK", "AN"} {
		if Country(code) {
			t.Errorf("%q is one", code)
		}
	}
	for code, want := range map[string]Scheme{"DE": EEA, "IS": EEA, "CH": NonEEA, "GB": NonEEA, "RS": NonEEA, "US": Outside, "TR": Outside, "": Outside} {
		if got := SEPA(code); got != want {
			t.Errorf("%s: %s", code, got)
		}
	}
	// All of SEPA's countries have IBANs.
	n := 0
	for code := range strings.FieldsSeq(countries) {
		if _, ok := bban(code); SEPA(code) != Outside {
			n++
			if !ok {
				t.Errorf("%s has no IBANs", code)
			}
		}
	}
	if n != 30+12 {
		t.Errorf("%d countries of SEPA by their IBANs", n)
	}
}

func TestCreditorID(t *testing.T) {
	for _, text := range []string{"DE98ZZZ09999999999", "AT61ZZZ01234567890", "NL97ZZZ123456780001", "de98 zzz0 9999 9999 99", "DE98ABC09999999999", "FR72ZZZ123456", "ES50ZZZM23456789"} {
		c, err := ParseCreditorID(text)
		if text[:2] == "NL" || text[:2] == "ES" || text[:2] == "FR" {
			// Made here with digits that are worked out.
			text = text[:2] + checkDigits(text[:2], text[7:]) + text[4:]
			c, err = ParseCreditorID(text)
		}
		if err != nil || string(c) != upper(text) {
			t.Errorf("%q: %q, %v", text, c, err)
		}
	}
	for _, text := range []string{"", "DE98ZZZ", "DE97ZZZ09999999999", "DE98ZZZ9999999999", "XX98ZZZ09999999999", "DE98Z Z"} {
		if c, err := ParseCreditorID(text); err == nil {
			t.Errorf("%q was taken as %s", text, c)
		}
	}
	if got := CreditorID("DE98ABC09999999999").Business(); got != "ABC" {
		t.Error(got)
	}
}

func TestRouting(t *testing.T) {
	for _, text := range []string{"021000021", "011401533", "091000019", "121042882", "322271627"} {
		r, err := ParseRouting(text)
		if err != nil || string(r) != text {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if d, err := CheckDigit(r.Bank()); err != nil || d != text[8] {
			t.Errorf("%s: %c, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "21000021", "000000000", "021000022", "131000021", "99100001A", "0210000210"} {
		if _, err := ParseRouting(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		eight := rapid.StringMatching(`(0[1-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2])[0-9]{6}`).Draw(t, "eight")
		d, err := CheckDigit(eight)
		if err != nil {
			t.Fatal(err)
		}
		text := eight + string(d)
		if _, err := ParseRouting(text); err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, 8).Draw(t, "at")
		wrong := text[:at] + string('0'+(text[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10) + text[at+1:]
		if _, err := ParseRouting(wrong); err == nil {
			t.Fatalf("%s was taken for %s", wrong, text)
		}
		if at == 8 || text[at] == text[at+1] || (text[at]-text[at+1]+10)%5 == 0 {
			return
		}
		swapped := text[:at] + string(text[at+1]) + string(text[at]) + text[at+2:]
		if _, err := ParseRouting(swapped); err == nil {
			t.Fatalf("%s was taken for %s", swapped, text)
		}
	})
}

func TestCard(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"4111111111111111", "411111…1111"},
		{"card 4111 1111 1111 1111, 12/28", "411111…1111"},
		{"4111-1111-1111-1111", "411111…1111"},
		{"4111\u00a01111\u00a01111\u00a01111", "411111…1111"},
		{"Visa4242424242424242", "424242…4242"},
		{"378282246310005", "378282…0005"},
		{"3782 822463 10005", "378282…0005"},
		{"2223003122003222", "222300…3222"},
		{"no. 17 4111 1111 1111 1111", "411111…1111"},
		{"5555 5555 5555 4444 12 28", "555555…4444"},
		{"30569309025904", "305693…5904"},
		{"6200000000000005", "620000…0005"},
	} {
		if got, ok := LuhnCard(c.text); !ok || got != c.want {
			t.Errorf("%q: %q, %v", c.text, got, ok)
		}
	}
	for _, text := range []string{
		"", "4111111111111112", "411111111111", "41111111111111111111", "4111 1111-1111 1111", "pm_4242424242424242", "pi_3N4242424242424242",
		"0000000000000000", "1234567890123452", "2026-11-01 2026-11-30", "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "4 111 111 111 111 111",
	} {
		if got, ok := LuhnCard(text); ok {
			t.Errorf("%q was taken for the card %s", text, got)
		}
	}
	// Of all IBANs, none is a card, on paper or in a file.
	for _, text := range examples {
		if got, ok := LuhnCard(text); ok {
			t.Errorf("%s: %s", text, got)
		}
		if got, ok := LuhnCard("from " + IBAN(text).Printed() + " to"); ok {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestDanishCards finds a Danish account whose digits would be a card's.
func TestDanishCards(t *testing.T) {
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.StringMatching(`[0-9]{14}`).Draw(t, "bban")
		text := "DK" + checkDigits("DK", b) + b
		if _, ok := LuhnCard(text[2:]); ok {
			n++
		}
		if got, ok := LuhnCard(text); ok {
			t.Fatalf("%s: %s", text, got)
		}
		if got, ok := LuhnCard(IBAN(text).Printed()); ok {
			t.Fatalf("%s: %s", text, got)
		}
	})
	if got, ok := LuhnCard("DK" + "5555555555554444"); !ok {
		t.Error("a card behind two letters that are no IBAN was not found", got)
	}
	t.Logf("%d accounts would have been cards without their letters", n)
}

// FuzzCard holds that what is found is shown without its middle, and that it is found again among other words.
func FuzzCard(f *testing.F) {
	for _, s := range []string{"4111 1111 1111 1111", "x4111111111111111y", "DK5000400440116243", "4111.1111.1111.1111 12", "411-1111-1111", "\xff4111111111111111"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		masked, ok := LuhnCard(text)
		if !ok {
			return
		}
		if len(masked) != 6+len("…")+4 {
			t.Fatalf("%q", masked)
		}
		if again, ok := LuhnCard("see: " + text + " ."); !ok || again != masked {
			t.Fatalf("%q: %q, then %q", text, masked, again)
		}
	})
}

// FuzzNumbers holds of the other numbers that what passes reads back as itself.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"DEUTDEFF500", "DE98ZZZ09999999999", "021000021", "ZZ\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := ParseBIC(text); err == nil {
			if again, err := ParseBIC(string(b)); err != nil || again != b || !Country(b.Country()) {
				t.Fatal(text, b, err)
			}
		}
		if c, err := ParseCreditorID(text); err == nil {
			if again, err := ParseCreditorID(string(c)); err != nil || again != c || len(c.Business()) != 3 {
				t.Fatal(text, c, err)
			}
		}
		if r, err := ParseRouting(text); err == nil {
			if d, err := CheckDigit(r.Bank()); err != nil || d != r[8] {
				t.Fatal(text, r, err)
			}
		}
	})
}
