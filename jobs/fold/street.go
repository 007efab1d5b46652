package fold

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Street returns the name of a street folded, with the words for its kind and the like in one short
// form, whether they are joined to the name or stand apart: Hauptstraße, Haupt Str. and
// hauptstr are all "hauptstr" in Germany, and West Fifth Street and W 5th St "w 5 st" in the
// United States. country is a code of ISO 3166-1, two capitals, or "" if it is not known. What
// it returns is for comparing only, and only with what was folded for the same country.
func Street(s, country string) string {
	w := wordsFor(country)
	b := Append(make([]byte, 0, len(s)+16), s)
	var room [12][]byte
	parts := split(room[:0], b)
	parts = w.shorten(parts)
	out := make([]byte, 0, len(b)+8)
	kept := 0
	for i, part := range parts {
		if _, drop := w.drops[string(part)]; drop && (kept > 0 || i+1 < len(parts)) {
			continue
		}
		if kept > 0 && !w.joined(out, part) {
			out = append(out, ' ')
		}
		out = append(out, part...)
		kept++
	}
	return string(out)
}

func split(parts [][]byte, b []byte) [][]byte {
	for len(b) > 0 {
		i := bytes.IndexByte(b, ' ')
		if i < 0 {
			return append(parts, b)
		}
		if i > 0 {
			parts = append(parts, b[:i])
		}
		b = b[i+1:]
	}
	return parts
}

// shorten puts each word, or words that belong together, in its short form.
func (w *words) shorten(parts [][]byte) [][]byte {
	out := parts[:0] // never longer than what was read of parts
	for i := 0; i < len(parts); {
		if short, n := w.phrase(parts[i:]); n > 0 {
			out, i = append(out, []byte(short)), i+n
			continue
		}
		part := parts[i]
		switch {
		case w.elides && i+1 < len(parts) && isElided(part, parts[i+1]):
			part, i = append(append([]byte{}, part...), parts[i+1]...), i+1
		case w.numbers && isOrdinal(part):
			part = part[:len(part)-2]
		default:
			part = w.word(part)
		}
		out, i = append(out, part), i+1
	}
	return out
}

// phrase returns the short form of the longest run of words, of two or more, that has one.
func (w *words) phrase(parts [][]byte) (short string, n int) {
	most := min(w.phrases[string(parts[0])], len(parts))
	for n = most; n > 1; n-- {
		if s, ok := w.short[string(bytes.Join(parts[:n], []byte(" ")))]; ok {
			return s, n
		}
	}
	return "", 0
}

// word is the short form of one word, or of the end of a compound.
func (w *words) word(part []byte) []byte {
	if short, ok := w.short[string(part)]; ok {
		if w.numbers && isOrdinal([]byte(short)) {
			short = short[:len(short)-2]
		}
		return []byte(short)
	}
	const leastStem = 3
	for n := min(w.longest, len(part)-leastStem); n > 1; n-- {
		stem := part[:len(part)-n]
		if short, ok := w.suffixes[string(part[len(part)-n:])]; ok {
			return append(append(make([]byte, 0, len(part)), stem...), short...)
		}
	}
	return part
}

// joined reports whether part is joined to the word at the end of out.
func (w *words) joined(out, part []byte) bool {
	if _, ok := w.joins[string(part)]; !ok {
		return false
	}
	last := out[bytes.LastIndexByte(out, ' ')+1:]
	return utf8.RuneCount(last) > 2 && (last[len(last)-1] < '0' || last[len(last)-1] > '9')
}

// isElided reports whether a word is a French article before a vowel, which is written with it: in
// l'Église the apostrophe has become a space.
func isElided(article, word []byte) bool {
	return len(article) == 1 && (article[0] == 'l' || article[0] == 'd') && strings.IndexByte("aeiouhy", word[0]) >= 0 && len(word) > 1
}

// isOrdinal reports whether a word is an English ordinal in figures: 1st, 22nd, 3rd, 5th.
func isOrdinal(word []byte) bool {
	if len(word) < 3 || word[0] < '0' || word[0] > '9' || word[len(word)-3] < '0' || word[len(word)-3] > '9' {
		return false
	}
	switch string(word[len(word)-2:]) {
	case "st", "nd", "rd", "th":
		return true
	}
	return false
}
