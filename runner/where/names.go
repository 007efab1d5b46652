package where

import (
	"brood/jobs"
	"brood/jobs/placeholder"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names are what a condition may name.
type names struct {
	shape *jobs.Shape
	own   []string // of ownNames
	later []string // those that are known only afterwards
	notes []string
}

// column is something with a value in each record.
type column struct {
	name string
	own  bool
	at   int // of the columns of a table; -1: by name
}

// value is what a record has there, as text.
func (c *column) value(r *Record) []byte {
	if c.own {
		switch c.name {
		case nameSeq:
			return strconv.AppendUint(nil, uint64(r.Seq), 10)
		case nameAttempts:
			return strconv.AppendInt(nil, int64(r.Attempts), 10)
		case nameStatus:
			return []byte(r.Status.String())
		case nameClass:
			return []byte(r.Class)
		default:
			return []byte(r.Error)
		}
	}
	if c.at >= 0 {
		return r.Value(c.at)
	}
	v, _ := r.Lookup(c.name)
	return v
}

// find is the column of a name.
func (n *names) find(name string) (column, bool) {
	if slices.Contains(n.own, name) {
		return column{name: name, own: true, at: -1}, true
	}
	at := n.shape.Index(name)
	if n.shape.Kind == jobs.Objects {
		return column{name: name, at: -1}, at >= 0
	}
	return column{name: name, at: at}, at >= 0
}

// has reports whether there is a column of a name.
func (n *names) has(name string) bool { _, ok := n.find(name); return ok }

// all are the names there are.
func (n *names) all() []string { return slices.Concat(n.shape.Columns, n.own) }

// unknown says that there is no column of a name; nil: JSON objects may have any member, and only
// a note is left where it may be misspelt.
func (n *names) unknown(name string) error {
	near := placeholder.Nearest(name, n.all())
	switch {
	case slices.Contains(n.later, name):
		return fmt.Errorf("%s is known when a record has ended, and not before: choose by it with brood retry --where", name)
	case n.shape.Kind == jobs.Objects && near != "":
		if note := fmt.Sprintf("the first record has no member %s, but %s", name, near); !slices.Contains(n.notes, note) {
			n.notes = append(n.notes, note)
		}
		return nil
	case n.shape.Kind == jobs.Objects:
		return nil
	case near != "":
		return fmt.Errorf("there is no column %s; did you mean %s?", name, near)
	}
	return fmt.Errorf("there is no column %s; the columns are %s, and %s", name, placeholder.Listed(n.shape.Columns), strings.Join(n.own, ", "))
}

// longest is the longest name of a column that a text begins with, and that ends there.
func (n *names) longest(text string) string {
	best := ""
	for _, c := range n.all() {
		if len(c) > len(best) && strings.HasPrefix(text, c) {
			last, _ := utf8.DecodeLastRuneInString(c)
			if next, _ := utf8.DecodeRuneInString(text[len(c):]); len(text) == len(c) || !isWord(next) || !isWord(last) {
				best = c
			}
		}
	}
	return best
}

// isWord reports whether a character is one of a name.
func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}
