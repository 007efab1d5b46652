// Package lists knows the lists that other tools export: where the address and the names stand,
// and by which columns they say who may not be written to.
//
// A tool is known by its header alone, see tools.go. What a column of a tool means is heeded of
// that tool only: status is one thing in listmonk and another in a shop. Beside them there are
// columns that mean the same wherever they stand, such as unsubscribed and opt_out, see general.go.
package lists

import (
	"brood/jobs"
	"slices"
	"strings"
)

// The classes of records that are left out.
const (
	// ClassUnsubscribed: whoever it is does not want to be written to, or must not be.
	ClassUnsubscribed jobs.Class = "unsubscribed"
	// ClassCleaned: the tool has given the address up, as mail came back.
	ClassCleaned jobs.Class = "cleaned"
)

// Mark is a column that says who is left out.
type Mark struct {
	Column string     `json:"column"` // as the list calls it
	Class  jobs.Class `json:"class"`
	// Is are the values with which a record is left out, in plain words: see plainValue.
	Is []string `json:"is,omitempty"`
	// Unless are the values with which it is not, beside none at all; of a mark without Is.
	Unless []string `json:"unless,omitempty"`
}

// Holds reports whether a record is left out that has this value.
func (m *Mark) Holds(value []byte) bool {
	v := plainValue(string(value))
	if len(m.Is) > 0 {
		return slices.Contains(m.Is, v)
	}
	return v != "" && !slices.Contains(m.Unless, v)
}

// words says when a record is left out.
func (m *Mark) words() string {
	const most = 3 // values that are shown
	switch {
	case slices.Equal(m.Is, isNo):
		return m.Column + " says no"
	case len(m.Is) > most:
		return m.Column + " is " + m.Is[0] + " or the like"
	case len(m.Is) > 0:
		return m.Column + " is " + strings.Join(m.Is, ", ")
	}
	if slices.Equal(m.Unless, never) {
		return m.Column + " has a date"
	}
	return m.Column + " is set"
}

// List is what is known of a list.
type List struct {
	// Tool is who exports such lists, for people; empty: nobody knows.
	Tool string `json:"tool,omitempty"`
	// Addresses are the columns of the address; the first that is not empty counts.
	Addresses []string `json:"addresses,omitempty"`
	// Names are the columns of the names, by what they are: name, first_name, last_name.
	Names map[string]string `json:"names,omitempty"`
	// Others are columns that mean something else in this list than their name says elsewhere,
	// in plain names: Mailchimp's CC is a country.
	Others []string `json:"others,omitempty"`
	Marks  []Mark   `json:"marks,omitempty"`
	// Sparse says that records may have other columns than the first, and general marks in them.
	Sparse bool `json:"sparse,omitempty"`
}

// Recognize looks at the columns of a list.
func Recognize(columns []string) List {
	at := make(map[string]string, len(columns)) // by plain name
	for _, c := range slices.Backward(columns) {
		at[Plain(c)] = c
	}
	var out List
	add := func(m Mark) {
		c, there := at[m.Column]
		if there && !slices.ContainsFunc(out.Marks, func(o Mark) bool { return o.Column == c }) {
			m.Column = c
			out.Marks = append(out.Marks, m)
		}
	}
	if i := slices.IndexFunc(tools(), func(t tool) bool { return t.signs(at) }); i >= 0 {
		t := tools()[i]
		out.Tool = t.name
		for _, a := range t.addresses {
			if c, there := at[a]; there {
				out.Addresses = append(out.Addresses, c)
			}
		}
		out.Others, out.Names = t.others, make(map[string]string)
		for what, name := range t.names {
			if c, there := at[name]; there {
				out.Names[what] = c
			}
		}
		for _, m := range t.marks {
			add(m)
		}
	}
	for _, m := range General() {
		add(m)
	}
	return out
}

// Says words what was recognized, in lines for the user; none if there is nothing to say.
func (l *List) Says() []string {
	var out []string
	if l.Tool != "" {
		said := "the list looks like an export of " + l.Tool
		var where []string
		if len(l.Addresses) > 0 {
			where = append(where, "the address in "+strings.Join(l.Addresses, ", or else "))
		}
		var names []string
		for _, what := range []string{"name", "first_name", "last_name"} {
			if c := l.Names[what]; c != "" {
				names = append(names, c)
			}
		}
		if len(names) > 0 {
			where = append(where, "names in "+strings.Join(names, ", "))
		}
		if len(where) > 0 {
			said += ": " + strings.Join(where, ", ")
		}
		out = append(out, said)
	}
	if len(l.Marks) > 0 {
		var when []string
		for i := range l.Marks {
			when = append(when, l.Marks[i].words())
		}
		out = append(out, "nobody is written to of whom "+strings.Join(when, "; or ")+" (--include-unsubscribed does)")
	}
	return out
}

// Plain is the name of a column as tools differ in it: Email-Address is email_address.
func Plain(column string) string {
	s := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(column, "\ufeff")))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '\u00a0' }), "_")
}

// plainValue is a value in small letters, with a space between words: NEVER_SUBSCRIBED is never
// subscribed. What JSON has for nothing is nothing.
func plainValue(v string) string {
	v = strings.Join(strings.FieldsFunc(strings.ToLower(v), func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '\t' }), " ")
	if v == "[]" || v == "{}" || v == "null" {
		return ""
	}
	return v
}
