package carry

import (
	"brood/jobs"
	"brood/jobs/placeholder"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Template is the name of a file with placeholders, as the command of package exec has them: {} {.}
// {/} {//} {/.} {#}, and of columns {name} {2} {-1} {name.} {1/}.
type Template struct {
	text  string
	parts []part
}

// kind is what a part of a template stands for.
type kind uint8

const (
	literal kind = iota
	whole        // {}
	column
	nth // a line of a group
	number
)

type part struct {
	kind kind
	take string // what of the value is taken: one of takings
	text string // the literal, or the column's name
	nth  int    // from 1, or -1 from the end
}

// takings are what is taken of a value, as of the name of a file; the longest first.
var takings = [...]string{"//", "/.", "/", "."}

// Parse reads a template for records of a shape.
func Parse(text string, shape *jobs.Shape) (*Template, error) {
	t := &Template{text: text}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			t.parts = append(t.parts, part{kind: literal, text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], `\{`):
			lit.WriteByte('{')
			i++
		case text[i] != '{':
			lit.WriteByte(text[i])
		default:
			inner, _, closed := strings.Cut(text[i+1:], "}")
			if !closed {
				return nil, fmt.Errorf("%s: the brace is not closed; a plain one is written \\{", text)
			}
			p, err := parsePart(inner, shape)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", text, err)
			}
			flush()
			t.parts = append(t.parts, p)
			i += len(inner) + 1
		}
	}
	flush()
	if len(t.parts) == 0 || strings.IndexByte(text, 0) >= 0 {
		return nil, fmt.Errorf("%q names no file", text)
	}
	return t, nil
}

// parsePart reads what is between braces.
func parsePart(inner string, shape *jobs.Shape) (part, error) {
	if inner == "#" {
		return part{kind: number}, nil
	}
	for _, take := range append([]string{""}, takings[:]...) {
		name, ok := strings.CutSuffix(inner, take)
		if !ok {
			continue
		}
		if name == "" {
			return part{kind: whole, take: take}, nil
		}
		if shape.Index(name) >= 0 && !grouped(shape) {
			return part{kind: column, take: take, text: name}, nil
		}
		if grouped(shape) && name == jobs.LineColumn {
			return part{kind: whole, take: take}, nil
		}
		n, err := strconv.Atoi(name)
		switch {
		case err != nil || n == 0:
		case grouped(shape):
			return part{kind: nth, take: take, nth: n}, nil
		case shape.Kind != jobs.Objects && max(n, -n) <= len(shape.Columns):
			if n < 0 {
				n += len(shape.Columns) + 1
			}
			return part{kind: column, take: take, text: shape.Columns[n-1]}, nil
		}
	}
	hint := "."
	if near := placeholder.Nearest(inner, shape.Columns); near != "" {
		hint = fmt.Sprintf("; did you mean {%s}?", near)
	}
	return part{}, fmt.Errorf("{%s}: the dataset has no such column%s It has %s. A plain brace is written \\{", inner, hint, placeholder.Listed(shape.Columns))
}

// grouped reports whether records are groups of lines.
func grouped(s *jobs.Shape) bool { return s.Kind == jobs.Lines && s.Join != "" }

var errLeaves = errors.New("a value with .. in it could lead anywhere, and is no name of a file here")

// Names are the names for a record: one, or for a record of several values with {} one for each.
func (t *Template) Names(rec *jobs.Record) ([]string, error) {
	values := [][]byte{rec.Whole()}
	if rec.Shape.Join != "" && slices.ContainsFunc(t.parts, func(p part) bool { return p.kind == whole }) {
		values = rec.Several()
	}
	out := make([]string, 0, len(values))
	for _, v := range values {
		name, err := t.fill(rec, string(v))
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

func (t *Template) fill(rec *jobs.Record, all string) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		v := all
		switch p.kind {
		case literal:
			b.WriteString(p.text)
			continue
		case number:
			b.WriteString(strconv.FormatUint(uint64(rec.Seq)+1, 10))
			continue
		case column:
			found, _ := rec.Lookup(p.text)
			v = string(found)
		case nth:
			v = ""
			if lines, n := rec.Several(), p.nth; n < 0 && n+len(lines) >= 0 {
				v = string(lines[n+len(lines)])
			} else if n > 0 && n <= len(lines) {
				v = string(lines[n-1])
			}
		case whole:
		}
		switch {
		case v == "":
			return "", &FileError{Name: t.text, Err: errors.New("a value that should be in its name is empty")}
		case strings.IndexByte(v, 0) >= 0:
			return "", &FileError{Name: t.text, Err: errors.New("a value holds a zero byte, which no name of a file can")}
		case leaves(v):
			return "", &FileError{Name: v, Err: errLeaves}
		}
		b.WriteString(take(v, p.take))
	}
	return b.String(), nil
}

// leaves reports whether a path has an element that leads out of the directory before it.
func leaves(name string) bool { return slices.Contains(strings.Split(name, "/"), "..") }

// take is what is taken of a value.
func take(v, what string) string {
	base := v[strings.LastIndexByte(v, '/')+1:]
	switch what {
	case "//":
		return path.Dir(v)
	case "/":
		return base
	case "/.":
		return withoutExt(base)
	case ".":
		return withoutExt(v)
	default:
		return v
	}
}

func withoutExt(v string) string {
	i := strings.LastIndexByte(v, '.')
	if i < 0 || i < strings.LastIndexByte(v, '/') {
		return v
	}
	return v[:i]
}

// File is a file of a record, as it is called here and on the other machine.
type File struct{ Here, There string }

// fileOf is what a name means. Of a/./b the b is the name there.
func fileOf(name string) (File, error) {
	there := name
	if _, rest, cut := strings.Cut(name, "/./"); cut {
		there = strings.TrimLeft(rest, "/")
	}
	switch {
	case leaves(there):
		return File{}, &FileError{Name: name, Err: errors.New("it would lie outside of the working directory on the other machine; of a/./b only b is its name there")}
	case strings.Trim(there, "/.") == "":
		return File{}, &FileError{Name: name, Err: errors.New("it names no file")}
	}
	return File{path.Clean(name), path.Clean(there)}, nil
}

// Plan is what is carried for each record.
type Plan struct {
	transfer, back []*Template
	Cleanup        bool
}

// NewPlan reads what the user has said: the templates of --transfer and --return.
func NewPlan(transfer, back []string, cleanup bool, shape *jobs.Shape) (*Plan, error) {
	p := &Plan{Cleanup: cleanup}
	for _, text := range transfer {
		t, err := Parse(text, shape)
		if err != nil {
			return nil, fmt.Errorf("--transfer %w", err)
		}
		p.transfer = append(p.transfer, t)
	}
	for _, text := range back {
		t, err := Parse(text, shape)
		if err != nil {
			return nil, fmt.Errorf("--return %w", err)
		}
		p.back = append(p.back, t)
	}
	return p, nil
}

// Files are the files of a record: what it needs, and what comes of it.
func (p *Plan) Files(rec *jobs.Record) (transfer, back []File, err error) {
	if transfer, err = filesOf(p.transfer, rec); err == nil {
		back, err = filesOf(p.back, rec)
	}
	return transfer, back, err
}

func filesOf(templates []*Template, rec *jobs.Record) (out []File, err error) {
	for _, t := range templates {
		names, err := t.Names(rec)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			f, err := fileOf(n)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		}
	}
	return out, nil
}
