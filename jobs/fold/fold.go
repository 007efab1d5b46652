// Package fold makes spellings comparable: what two people write differently and mean alike
// becomes the same text. It is for looking things up and for comparing, never for showing.
//
// Append and String fold any text: letters in lower case and without accents, ß ø æ œ ð þ ł đ ı
// as what they are written with elsewhere, compatibility forms (full width, ligatures) as the
// usual ones, and punctuation and runs of spaces as one space. Scripts whose marks are letters of
// their own (those of India, kana, hangul, Thai) keep them. What is folded stays as it is when
// it is folded again.
//
// Variants are the further forms a name may be looked up as (ue for ü), Street folds a street's
// name with the words for its kind brought to one short form, Near says whether two folded
// texts are one slip of the finger apart. What a place is called in another language is not
// known here: that is the gazetteer's.
package fold

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// String returns s folded: s itself, without an allocation, if it is.
func String(s string) string {
	if isFolded(s) {
		return s
	}
	var room [64]byte // of most names: then only the text itself is made
	return string(Append(room[:0], s))
}

// isFolded reports whether s is what Append makes of it, of texts in ASCII; others: false.
func isFolded(s string) bool {
	space := true
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			space = false
		case c == ' ' && !space:
			space = true
		default:
			return false
		}
	}
	return !space || s == ""
}

// Append appends s, folded, to dst. It allocates nothing but the room of dst, for what is in
// ASCII, Latin, Greek or Cyrillic. What is appended neither begins nor ends with a space.
func Append(dst []byte, s string) []byte {
	w := writer{out: dst, start: len(dst)}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			w = w.put(c)
		case c >= 'A' && c <= 'Z':
			w = w.put(c | 0x20)
		case c == '\'' && w.possessive(s[i+1:]):
		case c < utf8.RuneSelf:
			w.gap = true
		default:
			return w.rest(s[i:]).out
		}
	}
	return w.out
}

// writer appends folded letters, and one space where a gap was before a letter. Its methods
// return what it has become, rather than change it, so that a caller's buffer may be on its
// stack.
type writer struct {
	out   []byte
	start int  // of what this one wrote
	gap   bool // something that is no letter stood there
}

func (w writer) space() writer {
	if w.gap && len(w.out) > w.start {
		w.out = append(w.out, ' ')
	}
	w.gap = false
	return w
}

func (w writer) put(c byte) writer {
	if w.gap {
		w = w.space()
	}
	w.out = append(w.out, c)
	return w
}

func (w writer) letter(r rune) writer {
	w = w.space()
	w.out = utf8.AppendRune(w.out, r)
	return w
}

// possessive reports whether an apostrophe before rest is that of "Mary's", which is left out
// more often than not.
func (w writer) possessive(rest string) bool {
	if w.gap || len(w.out) == w.start || rest == "" || rest[0]|0x20 != 's' {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest[1:])
	return len(rest) == 1 || !unicode.IsLetter(next) && !unicode.IsMark(next)
}

// rest folds what begins with a letter that is not of ASCII.
func (w writer) rest(s string) writer {
	if manyScripts(s) {
		s = norm.NFKC.String(s)
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case isApostrophe(r) && w.possessive(s[i+n:]):
		case keepsMarks(r):
			w = w.fold(r)
		default:
			w = w.decomposed(r, s[i:i+n])
		}
		i += n
	}
	return w
}

// decomposed folds one letter as its base without its accents.
func (w writer) decomposed(r rune, s string) writer {
	if r < utf8.RuneSelf {
		return w.fold(r)
	}
	parts := norm.NFKD.PropertiesString(s).Decomposition()
	if parts == nil {
		return w.fold(r)
	}
	if unicode.Is(unicode.No, r) && r >= 0xbc { // 12½ is not 121/2
		w.gap = true
	}
	for len(parts) > 0 {
		p, n := utf8.DecodeRune(parts)
		w = w.fold(p)
		parts = parts[n:]
	}
	return w
}

// fold writes one letter that is taken apart already, or notes a gap.
func (w writer) fold(r rune) writer {
	if r == utf8.RuneError {
		w.gap = true
		return w
	}
	r = unicode.ToLower(r)
	if isAccent(r) {
		return w
	}
	if s := spelt(r); s != "" {
		w = w.space()
		w.out = append(w.out, s...)
		return w
	}
	switch {
	case r == 'ς': // a sigma at the end of a word
		return w.letter('σ')
	case unicode.IsLetter(r), unicode.IsNumber(r):
		return w.letter(r)
	case unicode.IsMark(r):
		if len(w.out) > w.start && !w.gap {
			return w.letter(r)
		}
	default:
		w.gap = true
	}
	return w
}
