package fold

import "unicode/utf8"

// nearLetters is the length below which one letter makes another word: Rom is not Rome, and
// Bonn is not Born.
const nearLetters = 5

// Near reports whether two folded texts are the same, or one slip apart: a letter too many, one
// too few, another letter, or two neighbours swapped. A text of fewer than five letters is near to
// nothing but itself.
func Near(a, b string) bool {
	if a == b {
		return true
	}
	if d := len(a) - len(b); d > utf8.UTFMax || d < -utf8.UTFMax {
		return false
	}
	if !atLeast(a, nearLetters) || !atLeast(b, nearLetters) {
		return false
	}
	a, b = differing(a, b)
	switch m, n := utf8.RuneCountInString(a), utf8.RuneCountInString(b); {
	case m+n == 1, m == 1 && n == 1:
		return true
	case m == 2 && n == 2:
		first, k := utf8.DecodeRuneInString(a)
		last, l := utf8.DecodeLastRuneInString(b)
		return first == last && a[k:] == b[:len(b)-l]
	}
	return false
}

// atLeast reports whether s has n letters.
func atLeast(s string, n int) bool {
	return len(s) >= n && (len(s) >= n*utf8.UTFMax || utf8.RuneCountInString(s) >= n)
}

// differing returns a and b without the letters that both begin with, and then without those that
// both end with.
func differing(a, b string) (restA, restB string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for i > 0 && (i < len(a) && !utf8.RuneStart(a[i]) || i < len(b) && !utf8.RuneStart(b[i])) {
		i--
	}
	a, b = a[i:], b[i:]
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	for n > 0 && (!utf8.RuneStart(a[len(a)-n]) || !utf8.RuneStart(b[len(b)-n])) {
		n--
	}
	return a[:len(a)-n], b[:len(b)-n]
}
