package fold

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// wordsText is what internal/words made of @mapbox/geocoder-abbreviations 4.6.9, whose
// licence (MIT) lies beside it.
//
//go:embed words.txt
var wordsText string

// words are the street words of one country: of the languages spoken there, the first of which
// wins.
type words struct {
	short    map[string]string   // a word, or several with a space between, and its short form
	phrases  map[string]int      // the first word of a form of several: the most words of such a form
	suffixes map[string]string   // the end of a compound, and its short form
	longest  int                 // suffix, in bytes
	joins    map[string]struct{} // short forms that join the word before them
	drops    map[string]struct{} // short forms that are mostly left out
	elides   bool                // French: "l eglise" is one word
	numbers  bool                // English: 5th is 5
}

var (
	wordsLock sync.RWMutex
	wordsOf   = map[string]*words{}
)

// wordsFor are the words of a country, made when they are asked for first.
func wordsFor(country string) *words {
	languages := spoken(country)
	key := country
	if !slices.Contains(bound, country) { // countries with the same languages share their words
		key = languages
	}
	wordsLock.RLock()
	w := wordsOf[key]
	wordsLock.RUnlock()
	if w != nil {
		return w
	}
	w = makeWords(strings.Fields(languages), country)
	wordsLock.Lock()
	defer wordsLock.Unlock()
	wordsOf[key] = w
	return w
}

// bound are the countries that have words of their own within a language.
var bound = []string{"ES", "HK"}

func makeWords(languages []string, country string) *words {
	w := &words{
		short: map[string]string{}, phrases: map[string]int{}, suffixes: map[string]string{},
		joins: map[string]struct{}{}, drops: map[string]struct{}{},
	}
	for _, language := range languages {
		w.addTable(added[language], country)
		w.addTable(section(language), country)
		for _, c := range compounds[language] {
			w.addCompound(c)
		}
		for _, drop := range strings.Fields(leftOut[language]) {
			w.drops[drop] = struct{}{}
		}
		w.elides = w.elides || language == "fr"
		w.numbers = w.numbers || language == "en"
	}
	w.settle()
	return w
}

// section is the table of one language.
func section(language string) string {
	_, text, ok := strings.Cut(wordsText, "#"+language+"\n")
	if !ok {
		return ""
	}
	text, _, _ = strings.Cut(text, "#")
	return text
}

func (w *words) addTable(text, country string) {
	for line := range strings.Lines(text) {
		short, forms, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		short, countries, isBound := strings.Cut(short, "@")
		if isBound && !slices.Contains(strings.Split(countries, ","), country) {
			continue
		}
		for form := range strings.SplitSeq(forms, "\t") {
			if _, has := w.short[form]; has {
				continue
			}
			w.short[form] = short
			if first, _, several := strings.Cut(form, " "); several {
				w.phrases[first] = max(w.phrases[first], strings.Count(form, " ")+1)
			}
		}
	}
}

func (w *words) addCompound(text string) {
	short, forms, _ := strings.Cut(text, "=")
	w.joins[short] = struct{}{}
	for form := range strings.SplitSeq(forms, ",") {
		if _, has := w.suffixes[form]; has {
			continue
		}
		w.suffixes[form] = short
		w.longest = max(w.longest, len(form))
		if form != short {
			w.short[form] = short
		}
	}
}

// settle follows each form to a short one that is no form of another, so that what is folded
// stays as it is.
func (w *words) settle() {
	for form, short := range w.short {
		seen := map[string]bool{form: true}
		for next, ok := w.short[short]; ok && !seen[short]; next, ok = w.short[short] {
			seen[short] = true
			short = next
		}
		if seen[short] { // a ring: the least of it stands for all
			for s := range seen {
				short = min(short, s)
			}
		}
		if form == short {
			delete(w.short, form)
		} else {
			w.short[form] = short
		}
	}
}
