// Package fill makes the parts of a request of templates and a record. A value is escaped as the
// place asks for where it stands, so it can never become more than a value there: no other segment of a
// path, no other parameter, no other header, no other member of an object.
//
// A placeholder is written as in the job exec: {column}, {1} for the first column, {#} for the record's
// number from 1, and {} for the whole line, but not in JSON, where that is an empty object. Besides:
//
//	{secret:NAME}   the value of a secret; only a worker knows it
//	{column:json}   in JSON: the value as it is, which must be JSON: a number, say
//
// What looks like a placeholder and is none is refused, with the column that was meant; \{ is a brace.
//
// What the parts are for is not known here.
package fill

import (
	"brood/jobs"
	"brood/jobs/placeholder"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Escape is what a place asks of the values that are put there.
type Escape uint8

// The places.
const (
	Plain   Escape = iota // text that nobody takes apart
	Encoded               // a segment of a path, or a name or value of a query or form: percent-encoded
	Host                  // a part of a URL's authority: nothing but letters, digits and - . _ :
	Header                // the value of a header: no control characters
	JSON                  // within JSON: a string of its own, or a part of one
	XML                   // text or a quoted attribute of XML or HTML
	Path                  // a part of the path of a file: neither slashes nor . and ..
	URL                   // a whole URL, to be checked by who uses it
)

// kind is what a part stands for.
type kind uint8

const (
	literal kind = iota
	column
	whole  // {}
	number // {#}
	secret // {secret:NAME}
)

// part is a piece of a template.
type part struct {
	kind   kind
	text   string // the literal, or the name
	at     int    // of a column of a table: its index; -1: it is looked up
	quoted bool   // in JSON: within a string
	asJSON bool   // {column:json}
}

// Template is a text with placeholders. It does not change, and may be used by several at a time.
type Template struct {
	parts  []part
	escape Escape
}

// Grammar is what placeholders may be there.
type Grammar struct {
	Shape *jobs.Shape
	// Secrets are the names of those that there are.
	Secrets []string
}

// secretPrefix begins a placeholder of a secret.
const secretPrefix = "secret:"

// asJSON ends a placeholder of a value that is JSON.
const asJSON = ":json"

// Parse reads a template for a place.
func (g *Grammar) Parse(text string, escape Escape) (*Template, error) {
	return g.parse(text, escape, false)
}

// parse reads a template; strictly, a brace that is not closed is none of the text.
func (g *Grammar) parse(text string, escape Escape, strictly bool) (*Template, error) {
	t := &Template{escape: escape}
	var lit strings.Builder
	var state jsonState
	put := func(s string) {
		lit.WriteString(s)
		if escape == JSON {
			state.read(s)
		}
	}
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], `\{`) && (escape != JSON || !state.escaped):
			put("{")
			i += 2
			continue
		case text[i] != '{':
			put(text[i : i+1])
			i++
			continue
		}
		if err := g.double(text[i:], escape); err != nil {
			return nil, err
		}
		end := strings.IndexByte(text[i:], '}')
		if end < 0 && strictly {
			return nil, fmt.Errorf(`%.40q: the brace is not closed; a plain one is written \{`, text[i:])
		}
		if end < 0 {
			put(text[i:])
			break
		}
		inner := text[i+1 : i+end]
		p, known, err := g.placeholder(inner, escape)
		if err != nil {
			return nil, err
		}
		if !known {
			if placeholder.Suspect(text[:i], inner, g.Shape.Columns) {
				return nil, g.unfilled(inner)
			}
			put("{")
			i++
			continue
		}
		if lit.Len() > 0 {
			t.parts = append(t.parts, part{kind: literal, text: lit.String()})
			lit.Reset()
		}
		p.quoted = state.within
		if p.asJSON && p.quoted {
			return nil, fmt.Errorf("{%s}: it stands between quotes, where everything is text: take them away, or the %s", inner, asJSON)
		}
		t.parts = append(t.parts, p)
		i += end + 1
	}
	if lit.Len() > 0 {
		t.parts = append(t.parts, part{kind: literal, text: lit.String()})
	}
	return t, nil
}

// jsonState knows whether one is within a string.
type jsonState struct{ within, escaped bool }

func (s *jsonState) read(text string) {
	for _, c := range []byte(text) {
		switch {
		case s.escaped:
			s.escaped = false
		case c == '\\' && s.within:
			s.escaped = true
		case c == '"':
			s.within = !s.within
		}
	}
}

// double refuses what other programs write as {{name}}.
func (g *Grammar) double(text string, escape Escape) error {
	if !strings.HasPrefix(text, "{{") {
		return nil
	}
	end := strings.Index(text, "}}")
	if end < 0 || escape == JSON && strings.ContainsAny(text[2:end], `{":`) {
		return nil
	}
	if inner := text[2:end]; placeholder.SuspectDouble(inner, g.Shape.Columns) {
		return fmt.Errorf("%s: here a placeholder has one pair of braces: {%s}", text[:end+2], strings.TrimSpace(inner))
	}
	return nil
}

// placeholder reads what stands between braces.
func (g *Grammar) placeholder(inner string, escape Escape) (p part, known bool, err error) {
	if at := g.Shape.Index(inner); at >= 0 {
		return g.column(inner, at), true, nil
	}
	if name, ok := strings.CutPrefix(inner, secretPrefix); ok {
		if !slices.Contains(g.Secrets, name) {
			return p, false, fmt.Errorf("{%s}: there is no such secret: --secret %s takes it from the environment, --secret %s=FILE from a file", inner, name, name)
		}
		return part{kind: secret, text: name}, true, nil
	}
	if name, ok := strings.CutSuffix(inner, asJSON); ok {
		if p, known, err = g.placeholder(name, escape); known && p.kind == column {
			if escape != JSON {
				return p, false, fmt.Errorf("{%s}: %s is for values in JSON", inner, asJSON)
			}
			p.asJSON = true
			return p, true, nil
		}
		return part{}, false, err
	}
	switch {
	case inner == "" && escape == JSON:
		return p, false, nil
	case inner == "":
		return part{kind: whole}, true, nil
	case inner == "#":
		return part{kind: number}, true, nil
	}
	if n, err := strconv.Atoi(inner); err == nil && n > 0 && inner[0] != '+' && g.Shape.Kind == jobs.Fields && escape != JSON {
		if n > len(g.Shape.Columns) {
			return p, false, fmt.Errorf("{%d}: the dataset has %d columns: %s", n, len(g.Shape.Columns), placeholder.Listed(g.Shape.Columns))
		}
		return g.column(g.Shape.Columns[n-1], n-1), true, nil
	}
	// Objects may have members that the first one has not.
	if g.Shape.Kind == jobs.Objects && isMember(inner) && placeholder.Nearest(inner, g.Shape.Columns) == "" {
		return part{kind: column, text: inner, at: -1}, true, nil
	}
	return p, false, nil
}

func (g *Grammar) column(name string, at int) part {
	if g.Shape.Kind == jobs.Objects {
		at = -1
	}
	return part{kind: column, text: name, at: at}
}

// isMember reports whether a text is a plain name.
func isMember(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c <= 127 && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// unfilled says what is wrong with a placeholder that is none.
func (g *Grammar) unfilled(inner string) error {
	columns := g.Shape.Columns
	reason := "the dataset has no such column; it has " + placeholder.Listed(columns)
	switch near := placeholder.Nearest(strings.TrimSpace(inner), columns); {
	case near != "":
		reason = fmt.Sprintf("the dataset has no such column; did you mean {%s}? It has %s", near, placeholder.Listed(columns))
	case slices.Contains(columns, strings.TrimSpace(inner)):
		reason = fmt.Sprintf("a placeholder has no spaces around the column: {%s}", strings.TrimSpace(inner))
	case g.Shape.Kind == jobs.Lines:
		reason = "the dataset is plain lines, with no columns but {line}; if it is a table say so with --format csv"
	}
	return fmt.Errorf(`{%s}: %s. For plain braces write \{%s}`, inner, reason, inner)
}

// Literal reports whether there is no placeholder in it, and gives the text.
func (t *Template) Literal() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].kind == literal:
		return t.parts[0].text, true
	}
	return "", false
}

// OfRecord reports whether a value of the record is in it.
func (t *Template) OfRecord() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.kind != literal && p.kind != secret })
}

// UsesRaw reports whether the record as it stands is in it.
func (t *Template) UsesRaw() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.kind == whole })
}

// Secrets are the names of the secrets in it.
func (t *Template) Secrets() (names []string) {
	for _, p := range t.parts {
		if p.kind == secret {
			names = append(names, p.text)
		}
	}
	return names
}

// ErrEmpty is wrapped where a template of only values has come to nothing, and nothing would mean
// something else: a segment of a path.
var ErrEmpty = errors.New("is empty")

// Append appends the template filled with a record's values.
func (t *Template) Append(dst []byte, rec *jobs.Record, secrets func(name string) string) ([]byte, error) {
	for i := range t.parts {
		p := &t.parts[i]
		if p.kind == literal {
			dst = append(dst, p.text...)
			continue
		}
		v, err := p.value(rec, secrets)
		if err != nil {
			return dst, err
		}
		if dst, err = t.appendValue(dst, p, v, rec); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// value is what stands for a placeholder.
func (p *part) value(rec *jobs.Record, secrets func(string) string) ([]byte, error) {
	switch p.kind {
	case number:
		return strconv.AppendUint(nil, uint64(rec.Seq)+1, 10), nil
	case whole:
		return rec.Whole(), nil
	case secret:
		return []byte(secrets(p.text)), nil
	default:
	}
	if p.at >= 0 {
		return rec.Value(p.at), nil
	}
	v, there := rec.Lookup(p.text)
	if !there {
		return nil, fmt.Errorf("the record has no %s", p.text)
	}
	return v, nil
}

// Name is a placeholder as it is written.
func (p *part) name() string {
	switch p.kind {
	case whole:
		return "{}"
	case number:
		return "{#}"
	case secret:
		return "{" + secretPrefix + p.text + "}"
	default:
		return "{" + p.text + "}"
	}
}
