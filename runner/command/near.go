package command

import (
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
		slip := distance(word, w)
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

// distance is how many letters have to be put in, left out, changed or swapped with the one
// beside them to make one word of the other.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// orList writes words as a choice: a, b or c.
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
