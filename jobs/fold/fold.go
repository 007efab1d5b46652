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
	return string(Append(make([]byte, 0, len(s)+len(s)/4+8), s))
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
			w.put(c)
		case c >= 'A' && c <= 'Z':
			w.put(c | 0x20)
		case c == '\'' && w.possessive(s[i+1:]):
		case c < utf8.RuneSelf:
			w.gap = true
		default:
			return w.rest(s[i:])
		}
	}
	return w.out
}

// writer appends folded letters, and one space where a gap was before a letter.
type writer struct {
	out   []byte
	start int  // of what this one wrote
	gap   bool // something that is no letter stood there
}

func (w *writer) space() {
	if w.gap && len(w.out) > w.start {
		w.out = append(w.out, ' ')
	}
	w.gap = false
}

func (w *writer) put(c byte) {
	if w.gap {
		w.space()
	}
	w.out = append(w.out, c)
}

func (w *writer) letter(r rune) {
	w.space()
	w.out = utf8.AppendRune(w.out, r)
}

// possessive reports whether an apostrophe before rest is that of "Mary's", which is left out
// more often than not.
func (w *writer) possessive(rest string) bool {
	if w.gap || len(w.out) == w.start || rest == "" || rest[0]|0x20 != 's' {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest[1:])
	return len(rest) == 1 || !unicode.IsLetter(next) && !unicode.IsMark(next)
}

// rest folds what begins with a letter that is not of ASCII.
func (w *writer) rest(s string) []byte {
	if manyScripts(s) {
		s = norm.NFKC.String(s)
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case isApostrophe(r) && w.possessive(s[i+n:]):
		case keepsMarks(r):
			w.fold(r)
		default:
			w.decomposed(r, s[i:i+n])
		}
		i += n
	}
	return w.out
}

// decomposed folds one letter as its base without its accents.
func (w *writer) decomposed(r rune, s string) {
	if r < utf8.RuneSelf {
		w.fold(r)
		return
	}
	parts := norm.NFKD.PropertiesString(s).Decomposition()
	if parts == nil {
		w.fold(r)
		return
	}
	if unicode.Is(unicode.No, r) && r >= 0xbc { // 12½ is not 121/2
		w.gap = true
	}
	for len(parts) > 0 {
		p, n := utf8.DecodeRune(parts)
		w.fold(p)
		parts = parts[n:]
	}
}

// fold writes one letter that is taken apart already, or notes a gap.
func (w *writer) fold(r rune) {
	if r == utf8.RuneError {
		w.gap = true
		return
	}
	r = unicode.ToLower(r)
	if isAccent(r) {
		return
	}
	if s := spelt(r); s != "" {
		w.space()
		w.out = append(w.out, s...)
		return
	}
	switch {
	case r == 'ς': // a sigma at the end of a word
		w.letter('σ')
	case unicode.IsLetter(r), unicode.IsNumber(r):
		w.letter(r)
	case unicode.IsMark(r):
		if len(w.out) > w.start && !w.gap {
			w.letter(r)
		}
	default:
		w.gap = true
	}
}
