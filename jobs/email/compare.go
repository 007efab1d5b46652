package email

import (
	"fmt"
	"strings"
)

// Values of records are texts, and "9" comes behind "16" among texts. So gt, lt, ge and le compare
// numbers where both are numbers, dates where both are dates, and texts where neither is; a number
// beside what is none is an error of that record, as no answer would be right. For eq and ne a
// text is itself ("016" is not "16"), except beside a number of the template: eq .age 16.

// order compares two values: -1, 0 or 1.
func order(a, b any) (int, error) {
	x, errX := numberOf(a)
	y, errY := numberOf(b)
	if errX == nil && errY == nil {
		return x.Cmp(y), nil
	}
	if s, err := dateOf(a); err == nil {
		if t, err := dateOf(b); err == nil {
			return s.Compare(t), nil
		}
	}
	for _, side := range []struct {
		is  bool
		err error
	}{{errX == nil, errY}, {errY == nil, errX}} {
		if side.is {
			return 0, fmt.Errorf("a number is compared with what is none: %w", side.err)
		}
	}
	s, isText := a.(string)
	t, both := b.(string)
	if !isText || !both {
		return 0, fmt.Errorf("%v and %v have no order", a, b)
	}
	return strings.Compare(s, t), nil
}

// ordered makes a comparison of what order gives.
func ordered(yes func(int) bool) func(a, b any) (bool, error) {
	return func(a, b any) (bool, error) {
		o, err := order(a, b)
		return err == nil && yes(o), err
	}
}

// equal reports whether a value is one of others.
func equal(a any, others ...any) bool {
	for _, b := range others {
		if same(a, b) {
			return true
		}
	}
	return false
}

func same(a, b any) bool {
	if typedNumber(a) || typedNumber(b) {
		x, errX := numberOf(a)
		y, errY := numberOf(b)
		return errX == nil && errY == nil && x.Cmp(y) == 0
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// typedNumber reports whether a value is a number that a template has, and no text.
func typedNumber(v any) bool {
	switch v.(type) {
	case int, int64, float64:
		return true
	}
	return false
}
