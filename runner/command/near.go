package command

import (
	"brood/jobs/placeholder"
	"cmp"
	"slices"
	"strings"
)

const (
	maxNear = 3 // suggestions are no list
	maxSlip = 2 // letters that were mistyped
)

// near returns those of some words that one was probably meant to be, best first: it is the
// beginning of them, or they of it, or they differ in a letter or two.
func near(word string, among []string) []string {
	type candidate struct {
		word string
		slip int
	}
	var found []candidate
	for _, w := range among {
		slip := placeholder.Distance([]rune(word), []rune(w))
		switch {
		case len(word) >= 2 && strings.HasPrefix(w, word), len(w) >= 4 && strings.HasPrefix(word, w):
			slip = 1
		case slip > maxSlip || 2*slip >= min(len(word), len(w)):
			continue
		}
		found = append(found, candidate{w, slip})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.slip, b.slip) })
	var out []string
	for _, f := range found[:min(maxNear, len(found))] {
		if f.slip > found[0].slip {
			break
		}
		out = append(out, f.word)
	}
	return out
}

// orList writes words as a choice: a, b or c.
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
