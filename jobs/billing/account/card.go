package account

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// LuhnCard looks for the number of a payment card in a text: 13 to 19 digits, together or in groups of three and more with
// one blank, hyphen or point between them, with a beginning and a length that a network gives out and the right check
// digit (ISO/IEC 7812). What it gives back has the first six and the last four digits, as PCI DSS lets them be shown.
//
// One in ten numbers has the right check digit by chance, so the beginning is asked for as well; an IBAN and a part of
// a provider's id, such as pm_…, is none.
func LuhnCard(text string) (masked string, found bool) {
	for at := 0; at < len(text); {
		if !digit(text[at]) {
			at++
			continue
		}
		groups, end := grouped(text[at:])
		if alone(text, at, at+end) && !withinIBAN(text, at, at+end) {
			if card, ok := cardIn(groups); ok {
				return card[:6] + "…" + card[len(card)-4:], true
			}
		}
		at += end
	}
	return "", false
}

// grouped are the groups of digits at the beginning of a text that have one and the same separator between them.
func grouped(text string) (groups []string, end int) {
	var between rune
	for {
		n := 0
		for end+n < len(text) && digit(text[end+n]) {
			n++
		}
		groups = append(groups, text[end:end+n])
		end += n
		r, size := utf8.DecodeRuneInString(text[end:])
		if !strings.ContainsRune(" -.\u00a0\u202f\u2010\u2011\u2012\u2013", r) || r == utf8.RuneError || between != 0 && r != between ||
			end+size >= len(text) || !digit(text[end+size]) {
			return groups, end
		}
		between = r
		end += size
	}
}

// cardIn looks for neighbouring groups that are a card's number together.
func cardIn(groups []string) (string, bool) {
	for first := range groups {
		all := ""
		for _, group := range groups[first:] {
			if all += group; len(group) < 3 || len(all) > 19 {
				break
			}
			if len(all) >= 13 && issued(all) && luhn(all) {
				return all, true
			}
		}
	}
	return "", false
}

// alone reports whether the digits are a word of their own, but for letters directly before or after.
func alone(text string, from, to int) bool {
	before := strings.TrimRightFunc(text[:from], unicode.IsLetter)
	after := strings.TrimLeftFunc(text[to:], unicode.IsLetter)
	return !joins(before, false) && !joins(after, true)
}

func joins(text string, first bool) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	if first {
		r, _ = utf8.DecodeRuneInString(text)
	}
	return r == '_' || unicode.IsDigit(r)
}

// withinIBAN reports whether the digits and the two letters before them are an IBAN.
func withinIBAN(text string, from, to int) bool {
	if from < 2 {
		return false
	}
	_, err := ParseIBAN(text[from-2 : to])
	return err == nil
}

// issued reports whether a network gives out numbers that begin so and are so long.
func issued(card string) bool {
	n, four := len(card), number(card[:4])
	switch two := four / 100; {
	case two/10 == 4: // Visa
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		return n == 16
	case two == 34, two == 37: // American Express
		return n == 15
	case four >= 3000 && four <= 3059, four == 3095, two == 36, two == 38, two == 39: // Diners Club
		return n == 14 || n == 16 || n == 19
	case four == 6011, four >= 6440 && four <= 6599, two == 62, two == 81, two == 82: // Discover, UnionPay, RuPay
		return n >= 16
	case four >= 3528 && four <= 3589: // JCB
		return n >= 16
	case four >= 2200 && four <= 2204, four == 9792, four == 5060, four == 5061: // Mir, Troy, Verve
		return n == 16 || n == 19
	case four == 5018, four == 5020, four == 5038, four == 5893, four == 6304, four == 6759, four >= 6761 && four <= 6763: // Maestro
		return true
	default:
		return false
	}
}
