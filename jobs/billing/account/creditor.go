package account

import (
	"fmt"
	"strings"
)

// CreditorID is the identifier of a creditor in SEPA (EPC AT-02): country, two check digits, three characters that are the
// creditor's own business code, and the national identifier.
type CreditorID string

// ParseCreditorID reads a creditor identifier and checks its digits, which leave the business code out (EPC262-08), and
// its length where the country has one.
func ParseCreditorID(text string) (CreditorID, error) {
	s := upper(text)
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+?/-:().,'", r) {
			return -1
		}
		return r
	}, s)
	if len(s) < 8 || len(s) > 35 || len(bare) < 8 || !each(bare, alnum) || !each(s[:2], letter) || !each(s[2:4], digit) || !each(s[4:7], alnum) {
		return "", fmt.Errorf("%q is no creditor identifier: it has two letters of a country, two digits, three characters and the national identifier, as in DE98ZZZ09999999999", cut(text, 40))
	}
	if !Country(s[:2]) {
		return "", fmt.Errorf("the creditor identifier %s names the country %s, and there is none", s, s[:2])
	}
	if want := creditorLength(s[:2]); want != 0 && len(s) != want {
		return "", fmt.Errorf("a creditor identifier of %s has %d characters, and %s has %d", s[:2], want, s, len(s))
	}
	if mod97(bare[7:]+bare[:4]) != 1 {
		return "", fmt.Errorf("the check digits of the creditor identifier %s are wrong: a digit is mistyped, missing or in the wrong place", s)
	}
	return CreditorID(s), nil
}

// Business is the creditor's own code in it; ZZZ where there is none.
func (c CreditorID) Business() string { return string(c[4:7]) }

func creditorLength(country string) int {
	switch country {
	case "FR", "PT":
		return 13
	case "ES":
		return 16
	case "AT", "DE":
		return 18
	case "NL":
		return 19
	case "IT":
		return 23
	case "LU":
		return 26
	default:
		return 0
	}
}
