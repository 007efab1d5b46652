package fold

import (
	"slices"
	"strings"
)

// leastKind is how many letters a street word must have to be known with a slip. As there are few
// of these words it may be one less than for others.
const leastKind = 4

// Misspelt returns the short forms that a word of what Street returned may stand for if a street
// word, or the one at its end, has one slip: of "stret" it is "st", of "hauptstarsse"
// "hauptstr". It is for a word that nobody knows; most have none.
func Misspelt(word, country string) []string {
	w := wordsFor(country)
	var out []string
	for form, short := range w.short {
		if nearKind(form, word) && !strings.Contains(form, " ") {
			out = append(out, short)
		}
	}
	for form, short := range w.suffixes {
		for n := len(form) - 1; n <= len(form)+1; n++ {
			const leastStem = 3
			if len(word)-n < leastStem {
				continue
			}
			if stem, end := word[:len(word)-n], word[len(word)-n:]; nearKind(form, end) && strings.ToValidUTF8(stem, "") == stem {
				out = append(out, stem+short)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nearKind is Near for words of four letters and more.
func nearKind(form, word string) bool {
	if d := len(form) - len(word); d > 2 || d < -2 || len(form) < leastKind || len(word) < leastKind {
		return false
	}
	return form != word && Near("x"+form, "x"+word)
}
