// Package house reads the numbers of houses: 12, 12a, 12 bis, 12-14, 12/3, 37-12, 221B, 12 1/2,
// N12W345. It makes those equal that are written differently and mean the same house, puts
// them in order along a street, and writes them down again. It knows nothing of streets.
package house

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Number is a house number.
type Number struct {
	// Main is the number that gives the house its place in the street; 0: there is none.
	Main uint32
	// Suffix is what follows it, in small letters without spaces: "a", "bis", "1/2"; with "-" before
	// the second number of two (12-14), "/" before one behind a stroke (12/3), and "^" before the
	// whole where the number does not begin with a figure.
	Suffix string
}

// The numbers that are refused, and what stands for none.
var (
	ErrWords   = errors.New("there are words in the house number")
	ErrUnknown = errors.New("this is no house number")
)

const (
	// longest is how many bytes a number may have, and longestWord a word in it: "bis", "ter",
	// "quater", "rear" and "lot" are parts of numbers, "Street" is none.
	longest     = 24
	longestWord = 3
	// largest is what a main number is at most: ten thousands are of blocks in North America.
	largest = 9_999_999
)

// longWords may be parts of a number although they are long.
var longWords = [...]string{"quater", "quinquies", "rear", "front", "half"}

// nothing stands where a house has no number, or nobody knows it.
var nothing = [...]string{"", "0", "00", "000", "0000", "s/n", "sn", "s.n.", "snc", "n/a", "na", "-", "null", "none", "bb"}

// Parse reads a number; the zero Number, without an error, where it says that there is none. Its
// errors wrap ErrWords, if it looks like a street, or ErrUnknown.
func Parse(s string) (Number, error) {
	if n, ok := plain(s); ok {
		return n, nil
	}
	if !utf8.ValidString(s) {
		return Number{}, ErrUnknown
	}
	s = strings.ToLower(strings.TrimSpace(s))
	for _, word := range nothing {
		if s == word {
			return Number{}, nil
		}
	}
	s = strings.TrimLeft(s, "#№°")
	for _, sign := range [...]string{"no.", "nr.", "nº", "n°", "no ", "nr ", "č.p.", "dom "} {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			s = rest
			break
		}
	}
	s = strings.TrimSpace(withoutUnit(s))
	if hasLongWord(s) {
		return Number{}, ErrWords
	}
	if len(s) > longest {
		return Number{}, ErrUnknown
	}
	return parse(s)
}

// withoutUnit leaves out what is within the house: 12 Apt 3, 12 #5.
func withoutUnit(s string) string {
	if i := strings.IndexByte(s, '#'); i > 0 {
		s = s[:i]
	}
	for at := 0; ; {
		i := strings.IndexByte(s[at:], ' ')
		if i < 0 {
			return s
		}
		at += i + 1
		word := strings.TrimLeft(s[at:], " ")
		word = word[:len(word)-len(strings.TrimLeftFunc(word, unicode.IsLetter))]
		switch word {
		case "apt", "apartment", "unit", "suite", "ste", "flat", "whg", "wohnung", "appt", "app", "floor", "fl", "og", "stock", "room", "rm":
			return s[:at]
		}
	}
}

// plain reads a number of nothing but figures, quickly.
func plain(s string) (Number, bool) {
	if s == "" || len(s) > 7 {
		return Number{}, false
	}
	n := uint32(0)
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return Number{}, false
		}
		n = n*10 + uint32(c)
	}
	return Number{Main: n}, true
}

// hasLongWord reports whether there is a word that is none of a number, or are several.
func hasLongWord(s string) bool {
	words := 0 // of more than a letter
	for len(s) > 0 {
		i := strings.IndexFunc(s, unicode.IsLetter)
		if i < 0 {
			return false
		}
		s = s[i:]
		n := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
		if n < 0 {
			n = len(s)
		}
		word := s[:n]
		letters := utf8.RuneCountInString(word)
		if letters > 1 {
			words++
		}
		if words > 1 || letters > longestWord && !isLong(word) {
			return true
		}
		s = s[n:]
	}
	return false
}

func isLong(word string) bool {
	for _, w := range longWords {
		if w == word {
			return true
		}
	}
	return false
}

func parse(s string) (Number, error) {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	first, rest := figures(s)
	if first == "" {
		s = squeezed(s)
		at := strings.IndexFunc(s, isFigure)
		if at < 0 {
			if strings.IndexFunc(s, unicode.IsLetter) >= 0 && len(s) > 1 { // a name, and a short one
				return Number{}, ErrWords
			}
			return Number{}, ErrUnknown
		}
		first, _ = figures(s[at:])
		n, err := value(first)
		if err != nil || n == 0 {
			return Number{}, ErrUnknown
		}
		return Number{Main: n, Suffix: "^" + s}, nil
	}
	n, err := value(first)
	if err != nil {
		return Number{}, err
	}
	suffix := squeezed(rest)
	if second, ok := afterDash(suffix); ok {
		suffix = second
	}
	if n == 0 {
		if suffix == "" {
			return Number{}, nil
		}
		return Number{}, ErrUnknown
	}
	return Number{Main: n, Suffix: suffix}, nil
}

func isFigure(r rune) bool { return r >= '0' && r <= '9' }

// figures takes the figures off that s begins with.
func figures(s string) (first, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

func value(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > largest {
		return 0, ErrUnknown
	}
	return uint32(n), nil
}

// squeezed is a suffix without what is written in many ways: spaces, dots, which dash it is.
func squeezed(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '½':
			b.WriteString("1/2")
		case r == '/' || r == '\\':
			b.WriteByte('/')
		case r == '-' || r == '–' || r == '—' || r == '+' || r == ',' || r == ';' || r == '&':
			b.WriteByte('-')
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			b.WriteRune(r)
		}
	}
	return strings.TrimRight(b.String(), "-")
}

// afterDash is the suffix of a number whose second one was, say, 02 or 14: without noughts.
func afterDash(suffix string) (string, bool) {
	if suffix == "" || suffix[0] != '-' {
		return "", false
	}
	second, rest := figures(suffix[1:])
	if trimmed := strings.TrimLeft(second, "0"); trimmed != "" {
		second = trimmed
	}
	return "-" + second + rest, true
}

// Second is the other number of two with a dash between them, and 0 if there is none.
func (n Number) Second() uint32 {
	if n.Suffix == "" || n.Suffix[0] != '-' {
		return 0
	}
	first, _ := figures(n.Suffix[1:])
	v, err := value(first)
	if err != nil {
		return 0
	}
	return v
}

// widest is how far the two numbers of one building are from each other at most. What is
// wider, or falls, is of Queens, where the first number is that of the street it crosses.
const widest = 40

// Spans reports whether the house has all numbers of its kind, even or odd, from one to another,
// and m is among them.
func (n Number) Spans(m uint32) bool {
	last := n.Second()
	if last <= n.Main || last-n.Main > widest {
		return m == n.Main
	}
	step := uint32(1)
	if (last-n.Main)%2 == 0 {
		step = 2
	}
	return m >= n.Main && m <= last && (m-n.Main)%step == 0
}

// String writes the number as it is usually written: 12a, 12 bis, 12-14, 12/3, 37-02.
func (n Number) String() string {
	if n.Main == 0 {
		return ""
	}
	if rest, ok := strings.CutPrefix(n.Suffix, "^"); ok {
		return strings.ToUpper(rest)
	}
	main := strconv.FormatUint(uint64(n.Main), 10)
	switch s := n.Second(); {
	case s > 0 && s < 10 && n.Main >= 10:
		return main + "-0" + n.Suffix[1:]
	case n.Suffix == "" || s > 0 || n.Suffix[0] == '/':
		return main + n.Suffix
	case len(n.Suffix) > 1, isFigure(rune(n.Suffix[0])):
		return main + " " + n.Suffix
	}
	return main + n.Suffix
}

// Compare puts numbers in the order in which they stand along a street.
func Compare(a, b Number) int {
	if c := cmp.Compare(a.Main, b.Main); c != 0 {
		return c
	}
	if x, y := a.Second(), b.Second(); x != y {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a.Suffix, b.Suffix)
}
