package invoice

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean makes text of a record harmless where people read it: one line, composed (NFC), without control characters, without those
// that are not seen, and without those that turn the direction of what stands beside them (UAX #9: an amount could be
// read backwards). What is not UTF-8 becomes U+FFFD.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return strings.TrimSpace(s)
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf && r >= ' ' && r != 0x7f:
			return r
		case r == 0x2028 || r == 0x2029 || unicode.IsSpace(r) && r != 0xa0 && r != 0x202f, r < ' ':
			return ' '
		case r == 0x202f:
			return 0xa0 // fonts lack the narrow one
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimSpace(norm.NFC.String(s))
}
