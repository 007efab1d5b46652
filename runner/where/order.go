package where

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// number is a value as a number: digits with a sign, a point and an exponent, as in -1.5e3.
type number struct {
	whole int64 // if exact
	exact bool
	float float64
}

// toNumber reads a number; spaces around it do not count.
func toNumber(b []byte) (number, bool) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || bytes.ContainsFunc(b, func(r rune) bool {
		return (r < '0' || r > '9') && r != '.' && r != '-' && r != '+' && r != 'e' && r != 'E'
	}) {
		return number{}, false // 0x10, Inf and 1_000 are numbers to Go only
	}
	s := string(b)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return number{whole: i, exact: true, float: float64(i)}, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return number{float: f}, err == nil && !math.IsInf(f, 0)
}

// compare is -1, 0 or 1.
func (n number) compare(m number) int {
	if n.exact && m.exact {
		return cmp.Compare(n.whole, m.whole)
	}
	return cmp.Compare(n.float, m.float)
}

// errNumbers says that two texts are numbers, whose order as text is another one.
var errNumbers = errors.New("both are numbers in text: compare them as such, as in float(a) > float(b)")

// textOrder puts two texts in order, octet by octet. It is an error if these are numbers, or have
// numbers of different length in the same place, as 9:30 and 16:00 have: as text 9 comes behind 16.
func textOrder(a, b []byte) (int, error) {
	_, isA := toNumber(a)
	_, isB := toNumber(b)
	if isA && isB {
		return 0, errNumbers
	}
	for i := 0; i < len(a) && i < len(b); {
		m, n := digits(a[i:]), digits(b[i:])
		if m != n && m > 0 && n > 0 {
			return 0, fmt.Errorf("%q and %q cannot be put in order as text: their numbers are of different length", a, b)
		}
		if m == 0 {
			m = 1
		}
		if c := bytes.Compare(a[i:min(i+m, len(a))], b[i:min(i+m, len(b))]); c != 0 {
			return c, nil
		}
		i += m
	}
	return cmp.Compare(len(a), len(b)), nil
}

// digits is how many digits a text begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}
