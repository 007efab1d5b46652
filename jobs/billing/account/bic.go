package account

import (
	"fmt"
	"strings"
)

// BIC is a business identifier code (ISO 9362), of eight or eleven characters.
type BIC string

// ParseBIC reads a BIC: four letters, an ISO country, two characters for the place, and none or three for the branch.
func ParseBIC(text string) (BIC, error) {
	s := upper(text)
	if len(s) != 8 && len(s) != 11 || !each(s, alnum) || !each(s[:6], letter) {
		return "", fmt.Errorf("%q is no BIC: it has four letters, two of a country, two characters and none or three more", cut(text, 20))
	}
	if !Country(s[4:6]) {
		return "", fmt.Errorf("the BIC %s names the country %s, and there is none", s, s[4:6])
	}
	return BIC(s), nil
}

// Country is the country of the bank.
func (b BIC) Country() string {
	if len(b) < 6 {
		return ""
	}
	return string(b[4:6])
}

// Bank is the BIC without its branch.
func (b BIC) Bank() string { return string(b[:min(8, len(b))]) }

// Match reports whether a BIC can be that of an IBAN's bank: they name one country, or the BIC names a territory
// that has no IBANs of its own and uses the country's (France's overseas departments, Monaco's banks with French ones,
// the Crown dependencies, Åland).
func Match(n IBAN, b BIC) bool {
	iban, bic := n.Country(), b.Country()
	switch iban {
	case bic:
		return true
	case "FR":
		return one("BL GF GP MC MF MQ NC PF PM RE TF WF YT", bic)
	case "MC":
		return bic == "FR"
	case "GB":
		return one("GG IM JE", bic)
	case "FI":
		return bic == "AX"
	default:
		return false
	}
}

// one looks for a word of two letters in a list.
func one(list, word string) bool {
	return len(word) == 2 && each(word, letter) && strings.Contains(list, word)
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
