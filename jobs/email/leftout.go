package email

import (
	"brood/jobs"
	exports "brood/jobs/email/lists"
	"fmt"
)

// Who is left out because the list itself says so.

// recognize looks at what is known of a list, unless that is not to count.
func recognize(shape *jobs.Shape, o jobs.Options) exports.List {
	list := exports.Recognize(shape.Columns)
	if shape.Kind == jobs.Objects {
		list.Addresses, list.Names = nil, nil // only the record tells what it has
		list.Sparse = true
	}
	if o.Bool("include-unsubscribed") {
		list.Marks, list.Sparse = nil, false
	}
	return list
}

// leftOut is by which mark a record is left out, and why; nil: it is not. One of several rows
// is if any of them is.
func (c *composer) leftOut(rec *jobs.Record) (m *exports.Mark, why string) {
	for row := range rec.Rows() {
		if m, why = c.rowLeftOut(row); m != nil {
			break
		}
	}
	return m, why
}

func (c *composer) rowLeftOut(rec *jobs.Record) (m *exports.Mark, why string) {
	for i := range c.List.Marks {
		mark := &c.List.Marks[i]
		if v, _ := rec.Lookup(mark.Column); mark.Holds(v) {
			return mark, notWritten(mark, mark.Column, v)
		}
	}
	if !c.List.Sparse || rec.Shape.Kind != jobs.Objects {
		return nil, ""
	}
	general := exports.ByName()
	rec.Each(func(name string, v []byte) {
		if g := general[exports.Plain(name)]; g != nil && m == nil && g.Holds(v) {
			m, why = g, notWritten(g, name, v)
		}
	})
	return m, why
}

// notWritten words why somebody is not written to.
func notWritten(m *exports.Mark, column string, value []byte) string {
	what := "must not be written to"
	if m.Class == exports.ClassCleaned {
		what = "was given up"
	}
	return fmt.Sprintf("it %s: %s is %q in the list", what, column, value)
}
