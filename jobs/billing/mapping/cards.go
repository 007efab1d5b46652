package mapping

import (
	"brood/jobs/billing/account"
	"strings"
)

// Kind is what is wrong with a row, or odd about it: a word that stays.
type Kind string

// What is wrong with the fields of a row.
const (
	KindCard        Kind = "card_number"        // the number of a payment card
	KindSpreadsheet Kind = "spreadsheet_damage" // 2.49E+19, #REF!
	KindDate        Kind = "date"
	KindText        Kind = "text"
)

// isCode reports whether a column by its name has the code on the back of cards, which may not be stored at all: PCI DSS 4.0,
// requirement 3.3.1.2.
func isCode(header string) bool {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, header)
	for _, word := range []string{"cvc", "cvv", "cvc2", "cvv2", "csc", "cav2", "cardcode", "securitycode", "verificationcode", "verificationvalue"} {
		if name == word || strings.HasSuffix(name, word) && (len(word) > 4 || strings.HasPrefix(name, "card") || strings.Contains(name, "credit")) {
			return true
		}
	}
	return false
}

// cardIn looks for the number of a card. What it returns has its last four digits alone.
func cardIn(text string) (string, bool) {
	digits := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			digits++
		}
	}
	if digits < 13 {
		return "", false
	}
	masked, found := account.LuhnCard(text)
	if !found {
		return "", false
	}
	return "…" + masked[max(0, len(masked)-4):], true
}

// damage is how a spreadsheet program has spoilt a field, or nothing.
func damage(text string) string {
	if strings.HasPrefix(text, "#") {
		switch text {
		case "#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#####", "########":
			return "is an error of a spreadsheet program: mend the sheet, and export it again"
		}
	}
	// 2.49E+19, and 1,23E+11 in other languages.
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(text), "E")
	sign := strings.IndexAny(exponent, "+-") == 0
	if ok && sign && isDigits(exponent[1:]) && isDigits(strings.Replace(strings.Replace(mantissa, ".", "", 1), ",", "", 1)) {
		return "is how a spreadsheet program writes a long number that has lost its last digits: format the column as text, fill it anew, and export it again"
	}
	return ""
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isRouting reports whether a text is the routing number of a bank.
func isRouting(text string) bool {
	_, err := account.ParseRouting(text)
	return err == nil
}
