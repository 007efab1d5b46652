package places

import (
	"brood/jobs/fold"
	"math"
	"slices"
	"strings"
)

// word is a word of the street that is asked for.
type word struct {
	text   string
	ids    []int    // the words of the index that it may be, itself first if it is there
	known  bool     // it is there
	kinds  []string // street words that it may be with a slip
	df     int      // how many names have one of them
	weight float64
}

// Bounds of what is looked at, for names of words that very many streets have.
const (
	mostWords   = 8
	mostAnchors = 3
	mostNames   = 30_000
)

// What a word with a slip counts, beside one that is right, and the beginning of one: Ave for
// Av, J for Jean.
const (
	nearWord = 0.92
	cutWord  = 0.8
)

// similar takes the streets whose names are like key: with one slip in each word, a word too many
// or too few, or the words in another order, weighed by how rare the words are. It goes by the
// rarest words, as the index has the names of each.
func (s *search) similar(key streetForm, least float64) {
	asked := s.wordsOf(key.text, key.country)
	anchors := make([]int, 0, len(asked))
	for i := range asked {
		if asked[i].df > 0 {
			anchors = append(anchors, i)
		}
	}
	slices.SortFunc(anchors, func(a, b int) int { return asked[a].df - asked[b].df })
	seen := make(map[uint32]bool)
	for n, i := range anchors {
		before := len(s.found)
		if n == mostAnchors || n > 0 && asked[i].df > mostNames {
			return
		}
		for _, id := range asked[i].ids {
			_, names := s.x.namesOf(id)
			for _, name := range slices.Clone(s.numbers(names)) {
				if seen[name] || len(seen) > mostNames || !s.has(int(name)) {
					continue
				}
				seen[name] = true
				if like := s.likeness(asked, string(s.x.names.get(int(name)))); like >= least {
					s.take(int(name), like)
				}
			}
		}
		if len(s.found) > before || s.err != nil {
			return
		}
	}
}

// wordsOf are the words of a street that is asked for.
func (s *search) wordsOf(key, country string) []word {
	var out []word
	for text := range strings.SplitSeq(key, " ") {
		if text == "" || len(out) == mostWords {
			continue
		}
		w := word{text: text}
		if id, ok := s.x.words.find(text); ok {
			w.ids, w.known = append(w.ids, id), true
		}
		w.ids = s.x.words.near(w.ids, text)
		if !w.known {
			for _, kind := range fold.Misspelt(text, country) {
				if id, ok := s.x.words.find(kind); ok && !slices.Contains(w.ids, id) {
					w.ids, w.kinds = append(w.ids, id), append(w.kinds, kind)
				}
			}
		}
		for _, id := range w.ids {
			df, _ := s.x.namesOf(id)
			w.df += df
		}
		w.weight = s.weight(w.df)
		out = append(out, w)
	}
	return out
}

// namesOf is how many names have a word, and which: see numbers.
func (x *Index) namesOf(word int) (int, []byte) {
	in := reader{b: x.wordNames.get(word)}
	n := in.uvarint()
	return int(min(n, math.MaxInt32)), in.b //nolint:gosec // bounded
}

// weight is what a word counts that so many names have.
func (s *search) weight(df int) float64 {
	all := float64(s.x.names.len())
	if df == 0 { // it is in no name: it may be anything
		return 0.6 * math.Log2(2+all)
	}
	return 0.5 + math.Log2(1+all/float64(df))
}

// likeness is how like a name is, from 0 to 1.
func (s *search) likeness(asked []word, name string) float64 {
	var taken [mostWords]bool
	matched, left := 0.0, 0.0
	figureLeft := false
	for text := range strings.SplitSeq(name, " ") {
		best, value := -1, 0.0
		for i := range asked {
			switch {
			case taken[i]:
			case asked[i].text == text:
				best, value = i, 1
			case hasFigure(text) || hasFigure(asked[i].text):
			case value < nearWord && (nearWords(asked[i].text, text) || slices.Contains(asked[i].kinds, text)):
				best, value = i, nearWord
			case value < cutWord && (strings.HasPrefix(text, asked[i].text) || strings.HasPrefix(asked[i].text, text)):
				best, value = i, cutWord
			}
			if value == 1 {
				break
			}
		}
		if best < 0 {
			df := 0
			if id, ok := s.x.words.find(text); ok {
				df, _ = s.x.namesOf(id)
			}
			left += s.weight(df)
			figureLeft = figureLeft || hasFigure(text)
			continue
		}
		taken[best] = true
		matched += value * asked[best].weight
		left += (1 - value) * asked[best].weight
	}
	for i := range asked {
		if !taken[i] {
			if figureLeft && hasFigure(asked[i].text) { // 45th Street for 46th Street
				return 0
			}
			left += asked[i].weight
		}
	}
	return matched / (matched + left)
}

// regrouped are other ways to write the words of a street: two that belong together joined, and one
// that is two taken apart, where the index has such words.
func (s *search) regrouped(key streetForm) []streetForm {
	words := strings.Fields(key.text)
	if len(words) > mostWords {
		return nil
	}
	var out []streetForm
	put := func(i, n int, with ...string) {
		out = append(out, streetForm{strings.Join(slices.Concat(words[:i], with, words[i+n:]), " "), key.country})
	}
	has := func(w string) bool {
		if _, ok := s.x.words.find(w); ok {
			return true
		}
		if s.near = s.x.words.near(s.near[:0], w); len(s.near) > 0 {
			return true
		}
		return slices.ContainsFunc(fold.Misspelt(w, key.country), func(kind string) bool { _, ok := s.x.words.find(kind); return ok })
	}
	for i, w := range words {
		if i+1 < len(words) && has(w+words[i+1]) {
			put(i, 2, w+words[i+1])
		}
		const leastPart = 3
		for n := leastPart; n <= len(w)-leastPart; n++ {
			if _, ok := s.x.words.find(w[:n]); !ok {
				continue
			}
			if _, ok := s.x.words.find(w[n:]); ok {
				put(i, 1, w[:n], w[n:])
			}
		}
	}
	return out
}
