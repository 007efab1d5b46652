package places

import (
	"brood/jobs/fold"
	"bytes"
	"sort"
	"unicode/utf8"
)

// dictionary is a list in order, and its order when it is read backwards: so what differs from a word
// by one slip is found, as either the first half of it is right or the second.
type dictionary struct {
	list
	back u32s
}

// find is where an entry stands, or would.
func (l *list) find(s string) (int, bool) {
	i := sort.Search(l.len(), func(i int) bool { return string(l.get(i)) >= s })
	return i, i < l.len() && string(l.get(i)) == s
}

// backwards is the entry at a place of the other order.
func (d *dictionary) backwards(i int) (int, []byte) {
	n := int(d.back.at(i))
	return n, d.get(n)
}

// mostNear bounds how many entries are looked at that begin, or end, alike.
const mostNear = 20_000

// near appends the entries that are one slip from s, and not s itself. Nothing with a figure in
// it is: 45th Street is not 46th Street.
func (d *dictionary) near(dst []int, s string) []int {
	if hasFigure(s) {
		return dst
	}
	n := utf8.RuneCountInString(s)
	if n < 4 { // one that is a letter short of five
		return dst
	}
	// A slip is at one letter or at two that were swapped: if it is not within the first p letters
	// they are right, and otherwise those behind p+1.
	p := (n - 1) / 2
	head, tail := s, s
	for i := range p + 1 {
		if i == p {
			head = s[:len(s)-len(tail)]
		}
		_, size := utf8.DecodeRuneInString(tail)
		tail = tail[size:]
	}
	before := len(dst)
	for i, _ := d.find(head); i < d.len() && i >= 0; i++ {
		w := d.get(i)
		if len(w) < len(head) || string(w[:len(head)]) != head || len(dst)-before > mostNear {
			break
		}
		dst = appendNear(dst, before, i, w, s)
	}
	from := sort.Search(d.back.len(), func(i int) bool {
		_, w := d.backwards(i)
		return compareBack(w, []byte(tail)) >= 0
	})
	for i := from; i < d.back.len(); i++ {
		at, w := d.backwards(i)
		if !bytes.HasSuffix(w, []byte(tail)) {
			break
		}
		dst = appendNear(dst, before, at, w, s)
	}
	return dst
}

// nearWords is fold.Near, and takes a word of four letters too for one of five.
func nearWords(a, b string) bool {
	if fold.Near(a, b) {
		return true
	}
	m, n := utf8.RuneCountInString(a), utf8.RuneCountInString(b)
	return m+n == 9 && (m == 4 || n == 4) && fold.Near("x"+a, "x"+b)
}

func appendNear(dst []int, before, at int, w []byte, s string) []int {
	if d := len(w) - len(s); d > utf8.UTFMax || d < -utf8.UTFMax || string(w) == s || hasFigure(string(w)) || !nearWords(string(w), s) {
		return dst
	}
	for _, has := range dst[before:] {
		if has == at {
			return dst
		}
	}
	return append(dst, at)
}

// compareBack compares as if both were read backwards.
func compareBack(a, b []byte) int {
	for i := 1; i <= len(a) && i <= len(b); i++ {
		x, y := a[len(a)-i], b[len(b)-i]
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return len(a) - len(b)
}

func hasFigure(s string) bool {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			return true
		}
	}
	return false
}
