package fold

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Variants are the folded forms that a name may be looked up as, the first of them String's:
// with the letters ä ö ü å ø written out as ae oe ue aa oe (München: munchen, muenchen), and
// without a gap where an apostrophe stands (O'Fallon: o fallon, ofallon).
func Variants(s string) []string {
	forms := []string{String(s)}
	if !mayVary(s) {
		return forms
	}
	s = norm.NFC.String(s)
	add := func(form string) {
		form = String(form)
		for _, has := range forms {
			if has == form {
				return
			}
		}
		forms = append(forms, form)
	}
	long := writtenOut.Replace(s)
	add(long)
	if joined := withoutApostrophes(s); joined != s {
		add(joined)
		add(withoutApostrophes(long))
	}
	return forms
}

// mayVary reports whether s may have more than one form, quickly.
func mayVary(s string) bool {
	for _, r := range s {
		switch r {
		case 'ä', 'ö', 'ü', 'å', 'ø', 'Ä', 'Ö', 'Ü', 'Å', 'Ø', '\u0308', '\u030a', '\u212b':
			return true
		}
		if isApostrophe(r) {
			return true
		}
	}
	return false
}

func withoutApostrophes(s string) string {
	return strings.Map(func(r rune) rune {
		if isApostrophe(r) {
			return -1
		}
		return r
	}, s)
}

// A Replacer makes its table when it is used first.
var writtenOut = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe",
	"Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "Å", "Aa", "Ø", "Oe",
)
