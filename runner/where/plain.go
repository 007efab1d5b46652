package where

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"regexp"
	"slices"
)

// node is a condition made of comparisons.
type node interface{ holds(r *Record) (bool, error) }

type (
	both    struct{ left, right node }
	either  struct{ left, right node }
	negated struct{ of node }
)

func (n both) holds(r *Record) (bool, error) {
	yes, err := n.left.holds(r)
	if !yes || err != nil {
		return false, err
	}
	return n.right.holds(r)
}

func (n either) holds(r *Record) (bool, error) {
	yes, err := n.left.holds(r)
	if yes || err != nil {
		return yes, err
	}
	return n.right.holds(r)
}

func (n negated) holds(r *Record) (bool, error) {
	yes, err := n.of.holds(r)
	return !yes && err == nil, err
}

// among: the value is one of these.
type among struct {
	column
	values [][]byte
}

func (n *among) holds(r *Record) (bool, error) {
	v := n.value(r)
	return slices.ContainsFunc(n.values, func(w []byte) bool { return bytes.Equal(v, w) }), nil
}

// nothing: the value is empty, or white space, or what JSON has for that.
type nothing struct{ column }

func (n *nothing) holds(r *Record) (bool, error) {
	v := bytes.TrimSpace(n.value(r))
	return len(v) == 0 || r.Shape.Kind == jobs.Objects && (string(v) == "{}" || string(v) == "[]"), nil
}

// matching: a regular expression matches somewhere in the value.
type matching struct {
	column
	pattern *regexp.Regexp
}

func (n *matching) holds(r *Record) (bool, error) { return n.pattern.Match(n.value(r)), nil }

// ordered: the value comes before another, or behind it.
type ordered struct {
	column
	op     op
	number number // if isNumber
	text   []byte
	// isNumber says that numbers are compared.
	isNumber bool
}

func (n *ordered) holds(r *Record) (bool, error) {
	v := n.value(r)
	var c int
	if n.isNumber {
		is, ok := toNumber(v)
		if !ok && len(bytes.TrimSpace(v)) == 0 {
			return false, fmt.Errorf("%s is empty, and no number; say what is to be then: %s not empty and …", n.name, n.name)
		}
		if !ok {
			return false, fmt.Errorf("%s is %q, which is no number", n.name, cut(v))
		}
		c = is.compare(n.number)
	} else {
		var err error
		if c, err = textOrder(v, n.text); err != nil {
			return false, fmt.Errorf("%s: %w", n.name, err)
		}
	}
	switch n.op {
	case opLess:
		return c < 0, nil
	case opAtMost:
		return c <= 0, nil
	case opGreater:
		return c > 0, nil
	default:
		return c >= 0, nil
	}
}

// cut is a value that an error can show.
func cut(v []byte) []byte {
	if len(v) > 60 {
		return append(bytes.Clone(v[:60]), "…"...)
	}
	return v
}
