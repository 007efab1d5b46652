package nacha

import (
	"brood/jobs/billing/latin"
	"fmt"
	"strings"
)

const width = 94

// record is one line of a file, made field by field. What is too wide for its field is an error, found when the record is ended: a
// number is never cut.
type record struct {
	b   []byte
	err error
}

// text writes letters to the left, as capitals, and cuts what is too long.
func (r *record) text(s string, n int) *record {
	spelt, _ := latin.Spell(s, latin.ACH)
	return r.exact(cut(strings.ToUpper(spelt), n), n)
}

// exact writes characters as they are, to the left.
func (r *record) exact(s string, n int) *record {
	if len(s) > n && r.err == nil {
		r.err = fmt.Errorf("%q has more than %d characters", s, n)
	}
	r.b = append(r.b, fmt.Sprintf("%-*s", n, s)...)
	return r
}

// digits writes a number to the right, with zeros before it.
func (r *record) digits(v int64, n int) *record {
	s := fmt.Sprintf("%0*d", n, v)
	if len(s) > n && r.err == nil {
		r.err = fmt.Errorf("%d has more than %d digits", v, n)
	}
	r.b = append(r.b, s...)
	return r
}

// line is the record with its end.
func (r *record) line() ([]byte, error) {
	if r.err == nil && len(r.b) != width {
		r.err = fmt.Errorf("a record of %d characters instead of %d", len(r.b), width)
	}
	return append(r.b, '\n'), r.err
}
