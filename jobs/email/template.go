package email

import (
	"brood/jobs"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"net/textproto"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// filler fills a template with the variables of a record.
type filler interface {
	Execute(w io.Writer, data any) error
}

// textTemplate parses a template of plain text, or of a header.
func textTemplate(name, text string, shape *jobs.Shape) (filler, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, err
	}
	return t, checkColumns(name, t.Root, shape)
}

// htmlTemplate parses a template of HTML, in which values are escaped.
func htmlTemplate(name, text string, shape *jobs.Shape) (filler, error) {
	t, err := htmltemplate.New(name).Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, err
	}
	return t, checkColumns(name, t.Tree.Root, shape)
}

// checkColumns refuses a variable that no record has, before anything is sent.
func checkColumns(name string, node parse.Node, shape *jobs.Shape) error {
	if shape == nil || shape.Kind == jobs.Objects || shape.Index(attributesColumn) >= 0 {
		return nil // only the record tells what it has
	}
	for _, field := range fields(node) {
		if !slices.Contains(shape.Columns, field) {
			return fmt.Errorf("template %s: there is no column %q; the dataset has %s", name, field, strings.Join(shape.Columns, ", "))
		}
	}
	return nil
}

// fields are the variables below a node that are looked up in the record itself.
func fields(node parse.Node) []string {
	var out []string
	branch := func(b *parse.BranchNode, own bool) {
		out = append(out, fields(b.Pipe)...)
		if own { // with and range change what a dot is
			out = append(out, fields(b.List)...)
			if b.ElseList != nil {
				out = append(out, fields(b.ElseList)...)
			}
		}
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, c := range n.Nodes {
			out = append(out, fields(c)...)
		}
	case *parse.ActionNode:
		return fields(n.Pipe)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			out = append(out, fields(c)...)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			out = append(out, fields(a)...)
		}
	case *parse.FieldNode:
		return n.Ident[:1]
	case *parse.IfNode:
		branch(&n.BranchNode, true)
	case *parse.WithNode:
		branch(&n.BranchNode, false)
	case *parse.RangeNode:
		branch(&n.BranchNode, false)
	}
	return out
}

// fill fills a template. That a variable is missing is an error that names it.
func fill(t filler, vars variables) (string, error) {
	var out strings.Builder
	err := t.Execute(&out, vars)
	var exec template.ExecError
	if errors.As(err, &exec) {
		if _, name, ok := strings.Cut(exec.Error(), "map has no entry for key "); ok {
			return "", fmt.Errorf("the template needs %s, which is empty or missing", strings.Trim(name, `"`))
		}
	}
	if err == nil {
		if err = isText(out.String()); err != nil {
			err = fmt.Errorf("what the template makes %w", err)
		}
	}
	return out.String(), err
}

// splitTemplate takes the headers off a template file: lines up to the first
// empty one.
func splitTemplate(name, text string) (headers []header, body string, err error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	line := 0
	for {
		line++
		first, rest, more := strings.Cut(text, "\n")
		if strings.TrimSpace(first) == "" {
			return headers, rest, nil
		}
		if !more {
			return nil, "", fmt.Errorf("%s:%d: the headers do not end with an empty line, behind which the text begins", name, line)
		}
		if h, ok := strings.CutPrefix(first, " "); ok && len(headers) > 0 {
			headers[len(headers)-1].Value += " " + strings.TrimSpace(h)
		} else {
			h, err := parseHeader(first)
			if err != nil {
				return nil, "", fmt.Errorf("%s:%d: %w", name, line, err)
			}
			headers = append(headers, h)
		}
		text = rest
	}
}

// header is one header of the messages; its value is a template.
type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func parseHeader(s string) (header, error) {
	name, value, ok := strings.Cut(s, ":")
	if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return header{}, fmt.Errorf("%q is not a header such as Subject: Hello", s)
	}
	return header{textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value)}, nil
}
