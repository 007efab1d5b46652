package placeholder

import (
	"slices"
	"strings"
	"unicode"
)

// Nearest returns the column that was most likely meant by a name that is none, or "". What
// stands behind a column in a placeholder, as in {Nam/.}, does not count.
func Nearest(name string, columns []string) string {
	if len(name) > longest {
		return ""
	}
	bare := strings.TrimRight(name, "./")
	best, bestDistance := "", 1<<30
	for _, c := range columns {
		if len(c) > longest || c == name || !sameMarks(bare, c) {
			continue
		}
		from, to := plain(bare), plain(c)
		d := Distance(from, to)
		if d > tolerated(min(len(from), len(to))) || numbered(from, to) {
			continue
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// tolerated is how many letters may be wrong in a name of n.
func tolerated(n int) int {
	switch {
	case n < 3:
		return 0
	case n < 5:
		return 1
	case n < 9:
		return 2
	}
	return 3
}

// plain is a name as people mix it up: in small letters, with one kind of gap.
func plain(s string) []rune {
	var out []rune
	for _, c := range strings.ToLower(strings.TrimSpace(s)) {
		switch {
		case c == '_' || c == '-' || c == '.' || unicode.IsSpace(c):
			// E-Mail, e_mail and email are one.
		default:
			out = append(out, c)
		}
	}
	return out
}

// sameMarks reports whether a name has no other marks than a column: {"a":1} is no misspelt
// column a1.
func sameMarks(name, column string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool {
		plain := unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) || strings.ContainsRune("_-. ", c)
		return !plain && !strings.ContainsRune(column, c)
	})
}

// numbered reports whether two names are another in their digits only: street1 and street2
// are two columns, and not one misspelt.
func numbered(a, b []rune) bool {
	if slices.Equal(a, b) {
		return false
	}
	strip := func(s []rune) []rune {
		return slices.DeleteFunc(slices.Clone(s), unicode.IsDigit)
	}
	return slices.Equal(strip(a), strip(b))
}

// Distance is how many letters must be put in, taken out, replaced or swapped with their
// neighbour to make b of a.
func Distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Listed are columns as an error names them: not more than a line can hold.
func Listed(columns []string) string {
	const most = 20
	if len(columns) <= most {
		return strings.Join(columns, ", ")
	}
	return strings.Join(columns[:most], ", ") + ", …"
}
