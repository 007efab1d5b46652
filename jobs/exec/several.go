package exec

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A record may be several values: the lines of a group, or the values of a combination. {} is
// then one argument for each of them, with what stands around it, as GNU parallel -X has
// it; {2} is the second line. Within a word, a combination is one text.

// whole is all of a record in one value.
func whole(rec *jobs.Record) []byte {
	if rec.Shape.Join == "" || rec.Shape.Kind == jobs.Fields {
		return rec.Whole()
	}
	return bytes.Join(rec.Several(), []byte{' '})
}

// input is a record as a command reads it.
func input(rec *jobs.Record) []byte {
	if rec.Shape.Kind == jobs.Lines && rec.Shape.End == "\n" {
		return rec.Value(0) // also of values that are no lines
	}
	return rec.Whole()
}

// nth is a line of a group, counted from 1 or backwards from -1, and whether there is one.
func nth(rec *jobs.Record, n int) ([]byte, bool) {
	all := rec.Several()
	if n < 0 {
		n += len(all) + 1
	}
	if n < 1 || n > len(all) {
		return nil, false
	}
	return all[n-1], true
}

// words gives the arguments for one record to emit, which must not keep them. Scratch may be
// nil.
func (t template) words(scratch *[]byte, rec *jobs.Record, slot int, shell bool, emit func([]byte)) error {
	var own []byte
	if scratch == nil {
		scratch = &own
	}
	put := func(value []byte) (err error) {
		if *scratch, err = t.appendOne((*scratch)[:0], rec, value, slot, shell); err == nil {
			emit(*scratch)
		}
		return err
	}
	switch {
	case shell || rec.Shape.Join == "":
		return put(whole(rec))
	case t.gone(rec):
		return nil
	case !t.multiplies(rec.Shape):
		return put(whole(rec))
	}
	for _, v := range rec.Several() {
		if err := put(v); err != nil {
			return err
		}
	}
	return nil
}

// multiplies reports whether an argument is one for each value of the record.
func (t template) multiplies(shape *jobs.Shape) bool {
	for _, p := range t {
		if p.kind == partLine {
			return shape.Join != "" && (shape.Kind == jobs.Lines || len(t) == 1)
		}
	}
	return false
}

// gone reports whether an argument is nothing but lines that the group does not have. It is
// left out then.
func (t template) gone(rec *jobs.Record) bool {
	for _, p := range t {
		if p.kind != partNth {
			return false
		}
		if _, there := nth(rec, p.nth); there {
			return false
		}
	}
	return len(t) > 0
}

// appendAll appends all values of a record as words of a shell.
func (p *part) appendAll(dst []byte, rec *jobs.Record) ([]byte, error) {
	for i, v := range rec.Several() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		var err error
		if dst, err = p.append(dst, v, true); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// grouped reports whether records are groups of lines.
func (g grammar) grouped() bool { return g.shape.Kind == jobs.Lines && g.shape.Join != "" }

// named is a column by its name; the line of a group is all of its lines.
func (g grammar) named(name string) part {
	if g.grouped() {
		return part{kind: partLine}
	}
	return part{kind: partColumn, text: name}
}

// nth finds a line of a group.
func (g grammar) nth(name string) (p part, known bool, err error) {
	n, err := strconv.Atoi(name)
	if err != nil || n == 0 || strings.HasPrefix(name, "+") {
		return part{}, false, nil //nolint:nilerr // no number, so no line's
	}
	if most := g.shape.Most; most > 0 && max(n, -n) > most {
		return part{}, false, fmt.Errorf("{%d}: a record has up to %d lines. For plain braces write \\{%d}, or --literal-braces", n, most, n)
	}
	return part{kind: partNth, nth: n}, true, nil
}

// replaced looks for what stands for {} at the beginning of a text, and how long it is. What
// is plain text instead, {}, is not.
func (g grammar) replaced(text string) (n int, is bool) {
	switch {
	case g.replace == "":
		return 0, false
	case strings.HasPrefix(text, g.replace):
		return len(g.replace), true
	case strings.HasPrefix(text, "{}"):
		return 2, false
	}
	return 0, false
}

// Sizes of a command line, in bytes.
const (
	perArgument = 9         // a pointer, and the zero byte behind it
	maxArgument = 128 << 10 // one argument: MAX_ARG_STRLEN of Linux
	argMargin   = 16 << 10  // for variables of brood's, and an environment that is larger at a resume
)

// fit is how many lines go on a command line; nil: a record is not several. It is found when
// a run begins, and stays: what is a record must not depend on the environment of a resume.
func (c config) fit(args []template, shape *jobs.Shape) *jobs.Fit {
	if shape.Join == "" || shape.Kind != jobs.Lines {
		return nil
	}
	free := maxArguments() - argMargin
	for _, v := range os.Environ() {
		free -= len(v) + perArgument
	}
	f := &jobs.Fit{Quoted: c.Shell}
	if c.Shell {
		free = min(free, maxArgument-1)
	}
	for _, t := range args {
		each := !c.Shell && t.multiplies(shape)
		fixed := perArgument
		for i := range t {
			switch p := &t[i]; {
			case p.kind == partLiteral:
				fixed += len(p.text)
			case p.counted():
				fixed += 20
			default: // as if it were there for each line
				f.Times++
				f.Plus += 3 // quotes and a space, or the dot of {//}
			}
		}
		if each {
			f.Plus += fixed
		} else {
			free -= fixed
		}
	}
	f.Bytes = max(free, 1)
	return f
}
