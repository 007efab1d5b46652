// Package latin spells names and texts with the few characters that bank files take. How each character is written is
// fixed here and stated, as the payer reads it on a statement: what comes out is the same for ever.
//
// Letters with marks lose them (é is e, ł is l), but for the German ones, which banks in Germany and Austria write as two
// letters (ä is ae, ö oe, ü ue, ß ss); Æ is AE, Œ OE, Þ Th, Ð D. Greek and Cyrillic letters are written as the European Payments Council's
// character conversion (EPC217-08) and Bulgaria's transliteration law have them. Quotation marks become ', dashes and _
// become -, & becomes +, @ becomes (at), € becomes EUR, brackets become round. What has no spelling becomes a point, and is told.
package latin

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// EPC reports whether a character is of the basic set of SEPA (EPC217-08).
func EPC(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/-?:().,'+ ", c) >= 0
}

// ACH reports whether a character may stand in a field of a NACHA file that is for people. The rules allow all of ASCII
// that prints; banks do not, and this is what all of them take.
func ACH(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/-().,'+&# ", c) >= 0
}

// Spell writes a text with allowed characters only. Blanks come singly and not at the ends. Lost are the
// characters that have no spelling and became a point.
func Spell(text string, allowed func(byte) bool) (spelt string, lost []rune) {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range norm.NFC.String(text) {
		s, ok := spell(r, allowed)
		if !ok {
			lost = append(lost, r)
			s = "."
		}
		b.WriteString(s)
	}
	return strings.Join(strings.Fields(b.String()), " "), lost
}

func spell(r rune, allowed func(byte) bool) (string, bool) {
	switch {
	case r < 0x80 && allowed(byte(r)):
		return string(r), true
	case unicode.IsSpace(r) || unicode.IsControl(r):
		return " ", true
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		return "", true
	}
	if s, ok := known(r); ok {
		return s, each(s, allowed)
	}
	out := ""
	for _, part := range norm.NFKD.String(string(r)) {
		if part == r {
			return "", false
		}
		s, ok := spell(part, allowed)
		if !ok {
			return "", false
		}
		out += s
	}
	return out, out != ""
}

func each(s string, allowed func(byte) bool) bool {
	for i := range len(s) {
		if !allowed(s[i]) {
			return false
		}
	}
	return true
}

// known are the characters that are written otherwise than without their marks.
func known(r rune) (string, bool) {
	if s := sign(r); s != "" {
		return s, true
	}
	lower := unicode.ToLower(r)
	s := letters(lower)
	if s == "" {
		s = cyrillic(lower)
	}
	if s == "" {
		s = greek(lower)
	}
	if s != "" && lower != r {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return s, s != ""
}

func letters(r rune) string {
	switch r {
	case 'ä', 'æ', 'ǽ':
		return "ae"
	case 'ö', 'œ':
		return "oe"
	case 'ü':
		return "ue"
	case 'ß':
		return "ss"
	case 'ø', 'ǿ':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'þ':
		return "th"
	case 'ł', 'ŀ':
		return "l"
	case 'ħ':
		return "h"
	case 'ı':
		return "i"
	case 'ŋ':
		return "n"
	case 'ĸ':
		return "k"
	case 'ŧ':
		return "t"
	case 'ə':
		return "e"
	case 'ĳ':
		return "ij"
	default:
		return ""
	}
}

func sign(r rune) string {
	switch r {
	case '&':
		return "+"
	case '@':
		return "(at)"
	case '€':
		return "EUR"
	case '_', '~', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212':
		return "-"
	case '"', '`', '´', '\u2018', '\u2019', '\u201a', '\u201b', '\u201c', '\u201d', '\u201e', '\u2032', '«', '»', '‹', '›', 'ʼ':
		return "'"
	case '[', '{', '<':
		return "("
	case ']', '}', '>':
		return ")"
	case ';':
		return ","
	case '\\', '|', '\u2044':
		return "/"
	case '!', '*', '\u2022', '·', '…':
		return "."
	case '№':
		return "No"
	default:
		return ""
	}
}

func greek(r rune) string {
	const from, to = 'α', "a v g d e z i th i k l m n x o p r s s t y f ch ps o"
	if r < from || r > 'ω' {
		return ""
	}
	return nth(to, int(r-from))
}

func cyrillic(r rune) string {
	const from, to = 'а', "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y y e yu ya"
	if r >= from && r <= 'я' {
		return nth(to, int(r-from))
	}
	switch r {
	case 'ё':
		return "e"
	case 'ђ', 'ѓ':
		return "dj"
	case 'є':
		return "ye"
	case 'ѕ', 'џ':
		return "dz"
	case 'і':
		return "i"
	case 'ї':
		return "yi"
	case 'ј':
		return "j"
	case 'љ':
		return "lj"
	case 'њ':
		return "nj"
	case 'ћ', 'ќ':
		return "c"
	case 'ґ':
		return "g"
	default:
		return ""
	}
}

// nth is the nth word of a list.
func nth(words string, n int) string {
	for ; n > 0; n-- {
		_, words, _ = strings.Cut(words, " ")
	}
	word, _, _ := strings.Cut(words, " ")
	return word
}
