package fold

// spelt is what a letter that has no decomposition is written with where it is not on the keys;
// "" for all others.
func spelt(r rune) string {
	if r < 0xd0 || r > 0x1e9e {
		return ""
	}
	switch r {
	case 'ß', 'ẞ':
		return "ss"
	case 'ø':
		return "o"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ð', 'đ', 'ɖ', 'ɗ':
		return "d"
	case 'þ':
		return "th"
	case 'ł':
		return "l"
	case 'ı':
		return "i"
	case 'ħ':
		return "h"
	case 'ŧ':
		return "t"
	case 'ŋ':
		return "ng"
	case 'ĸ':
		return "q"
	case 'ɓ':
		return "b"
	case 'ɛ', 'ə', 'ǝ':
		return "e"
	case 'ɔ', 'ɵ':
		return "o"
	case 'ƙ':
		return "k"
	case 'ƴ':
		return "y"
	}
	return ""
}

// isAccent reports whether r is a mark that goes: the accents of Latin, Greek and Cyrillic, the
// vowel signs of Hebrew and Arabic, which are mostly not written, and what is not seen.
func isAccent(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r >= 0x300 && r <= 0x36f, r >= 0x591 && r <= 0x5c7, r >= 0x64b && r <= 0x65f:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x1ab0 && r <= 0x1aff, r >= 0x1dc0 && r <= 0x1dff, r >= 0xfe00 && r <= 0xfe0f, r >= 0xfe20 && r <= 0xfe2f:
		return true
	}
	return r == 0xad || r == 0x640 || r == 0x670 || r == 0xfeff || r == 0x2060
}

// keepsMarks reports whether r is of a script in which what Unicode calls a mark is part of the
// letter: the text it is in is in NFKC already.
func keepsMarks(r rune) bool { return r >= 0x900 && (r < 0x1d00 || r >= 0x2c80) }

// manyScripts reports whether s has a letter of such a script.
func manyScripts(s string) bool {
	for _, r := range s {
		if keepsMarks(r) {
			return true
		}
	}
	return false
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', '´', '`', '′':
		return true
	}
	return false
}
