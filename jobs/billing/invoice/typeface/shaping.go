package typeface

import "unicode"

// NeedsShaping reports whether a character looks right only beside others: it is written from right to left, changes its form with
// its neighbours, or stands above or below one (UAX #9, UAX #24). One glyph after the other would be wrong, and
// a wrong name on an invoice is worse than one that is refused.
func NeedsShaping(r rune) bool {
	switch {
	case r < 0x300:
		return false
	case r <= 0x36f: // combining marks; what can be composed has been
		return true
	case r >= 0x590 && r <= 0x8ff: // Hebrew to Arabic Extended-A
		return true
	case r >= 0x900 && r <= 0xdff: // India's scripts
		return true
	case r >= 0xf00 && r <= 0x109f: // Tibetan, Myanmar
		return true
	case r >= 0x1100 && r <= 0x11ff: // Hangul's parts
		return true
	case r >= 0x1700 && r <= 0x18af: // Philippine scripts, Khmer, Mongolian
		return true
	case r >= 0x1900 && r <= 0x1c7f: // Limbu to Ol Chiki
		return true
	case r >= 0xa800 && r <= 0xabff: // Syloti Nagri to Meetei Mayek
		return true
	case r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff: // Hebrew's and Arabic's presentation forms
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Cc, unicode.Co, unicode.Cs)
}
