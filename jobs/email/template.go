package email

import (
	"brood/jobs"
	"brood/jobs/placeholder"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	htmltemplate "html/template"
	"io"
	"net/textproto"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
)

// filler fills a template with the variables of a record.
type filler interface {
	Execute(w io.Writer, data any) error
}

// textTemplate parses a template of plain text, or of a header.
func textTemplate(name, text string, shape *jobs.Shape) (filler, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(functions()).Parse(text)
	if err != nil {
		return nil, explain(err)
	}
	for _, d := range t.Templates() {
		if err := prepare(name, d.Tree, shape); err != nil {
			return nil, err
		}
	}
	return guarded{filler: t, source: text}, nil
}

// htmlTemplate parses a template of HTML, in which values are escaped.
func htmlTemplate(name, text string, shape *jobs.Shape) (filler, error) {
	hidden, comments := hideComments(text)
	for _, c := range comments.text {
		if strings.Contains(c, "{{") {
			return nil, fmt.Errorf("template %s: an action in a conditional comment (<!--[if …) is not filled: take it out of there", name)
		}
	}
	t, err := htmltemplate.New(name).Option("missingkey=error").Funcs(functions()).Parse(hidden)
	if err != nil {
		return nil, explain(err)
	}
	for _, d := range t.Templates() {
		if err := prepare(name, d.Tree, shape); err != nil {
			return nil, err
		}
	}
	return guarded{filler: t, source: text, comments: comments}, nil
}

// explain adds what may be meant by a mistake that many make.
func explain(err error) error {
	if m := noFunction().FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%w (a column is written {{.%s}}, and one with a space in its name {{.first_name}})", err, m[1])
	}
	return err
}

var noFunction = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`function "(\w+)" not defined`)
})

// conditional are the comments that some mail programs read, and html/template would
// leave out.
var conditional = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)<!--\[if.*?-->|<!--<!\[endif\]-->`)
})

// comments are those that were hidden, and what stands for them: letters and digits that no
// record can know of, as they are others in each process.
type comments struct {
	mark string
	text []string
}

func hideComments(text string) (hidden string, c comments) {
	c.mark = "Brood" + rand.Text()
	return conditional().ReplaceAllStringFunc(text, func(comment string) string {
		c.text = append(c.text, comment)
		return c.markOf(len(c.text) - 1)
	}), c
}

func (c *comments) markOf(i int) string { return fmt.Sprintf("%sN%dX", c.mark, i) }

// guarded is a template of which nothing comes that neither it nor the record says.
type guarded struct {
	filler
	source   string
	comments comments
}

// marks are what text/template and html/template write in the place of what is
// missing, or not safe. Hints are what a text must have in it, one of them, to be worth a look
// with the expression, which takes far longer.
var marks = []struct {
	hints []string
	mark  func() *regexp.Regexp
	why   string
}{
	{[]string{"<no value>", "<nil>", "&lt;no value&gt;", "&lt;nil&gt;"}, expression(`<no value>|<nil>|&lt;no value&gt;|&lt;nil&gt;`), "a value is missing"},
	{[]string{"%!"}, expression(`%![a-zA-Z]?\(`), "printf does not get what it is told to write"},
	{[]string{"ZgotmplZ"}, expression(`ZgotmplZ`), "a value is not safe where it stands, such as a URL that does not begin with https:, http: or mailto:"},
}

// expression is compiled when it is needed first.
func expression(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

func (g guarded) Execute(w io.Writer, data any) error {
	text, err := g.text(data)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	return err
}

// text is what Execute writes.
func (g guarded) text(data any) (string, error) {
	const values = 256 // room for what a record brings
	var out strings.Builder
	out.Grow(len(g.source) + values)
	if err := g.filler.Execute(&out, data); err != nil {
		return "", err
	}
	text := out.String()
	if err := holes(text, g.source, data); err != nil {
		return "", err
	}
	for i, c := range g.comments.text {
		text = strings.ReplaceAll(text, g.comments.markOf(i), c)
	}
	return text, nil
}

// holes refuses a text with one of the marks in it, unless it comes from the template itself or
// from the record.
func holes(text, source string, data any) error {
	for _, m := range marks {
		if !slices.ContainsFunc(m.hints, func(h string) bool { return strings.Contains(text, h) }) {
			continue
		}
		found := m.mark().FindString(text)
		if found != "" && !strings.Contains(source, found) && !isIn(data, html.UnescapeString(found)) {
			return fmt.Errorf("the template makes %q: %s", found, m.why)
		}
	}
	return nil
}

// isIn reports whether a text is in a value of a record.
func isIn(data any, text string) bool {
	switch v := data.(type) {
	case string:
		return strings.Contains(v, text)
	case variables:
		return isIn(map[string]any(v), text)
	case map[string]any:
		for _, e := range v {
			if isIn(e, text) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return isIn(e, text) })
	}
	return false
}

// prepare refuses what could not be filled for any record, and lets be missing what may be.
func prepare(name string, tree *parse.Tree, shape *jobs.Shape) error {
	if tree == nil || tree.Root == nil {
		return nil // a template that only defines others
	}
	if err := checkCalls(name, tree.Root); err != nil {
		return err
	}
	all, ofRows := fields(tree.Root), rowFields(tree.Root)
	allowMissing(tree, tree.Root)
	allowElse(tree, tree.Root, shape)
	if err := checkRows(name, all, ofRows, rowFields(tree.Root), shape); err != nil {
		return err
	}
	return checkColumns(name, all, fields(tree.Root), shape)
}

// walk calls f for a node and all below it.
func walk(node parse.Node, f func(parse.Node)) {
	if node == nil || reflect.ValueOf(node).IsNil() {
		return
	}
	f(node)
	branch := func(b *parse.BranchNode) {
		walk(b.Pipe, f)
		walk(b.List, f)
		walk(b.ElseList, f)
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, c := range n.Nodes {
			walk(c, f)
		}
	case *parse.ActionNode:
		walk(n.Pipe, f)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			walk(c, f)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			walk(a, f)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	}
}

// checkColumns refuses a variable that no record has, before anything is sent. Of all that are
// looked up some are needed; one that may be missing is refused if it looks like a misspelt one.
func checkColumns(name string, all, needed []string, shape *jobs.Shape) error {
	if shape == nil || shape.Kind == jobs.Objects || shape.Index(attributesColumn) >= 0 {
		return nil // only the record tells what it has
	}
	for _, field := range all {
		if slices.Contains(shape.Columns, field) {
			continue
		}
		if field == unsubscribeColumn && slices.Contains(needed, field) {
			return fmt.Errorf("template %s: there is no column %q, which says where one leaves the list: give it with --unsubscribe URL", name, field)
		}
		near := placeholder.Nearest(field, shape.Columns)
		if near == "" && !slices.Contains(needed, field) {
			continue
		}
		meant := ""
		if near != "" {
			meant = fmt.Sprintf(" (did you mean %s?)", written(near))
		}
		return fmt.Errorf("template %s: there is no column %q%s; the dataset has %s", name, field, meant, strings.Join(shape.Columns, ", "))
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

// failedCall is how text/template words that a function of ours has refused its values: the call,
// cut off by it, and why.
var failedCall = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)executing ".*?" at <(.*?)>: error calling \w+: (.*)`)
})

// fill fills a template. That a variable is missing is an error that names it.
func fill(t filler, vars variables) (string, error) {
	text, err := textOf(t, vars)
	var exec template.ExecError
	if errors.As(err, &exec) {
		if _, why, ok := strings.Cut(exec.Error(), "error calling index: "); ok {
			return "", errors.New(why)
		}
		if m := failedCall().FindStringSubmatch(exec.Error()); m != nil {
			return "", fmt.Errorf("the template has {{%s}}: %s", m[1], m[2])
		}
		if _, name, ok := strings.Cut(exec.Error(), "map has no entry for key "); ok {
			return "", fmt.Errorf("the template needs %s, which is empty or missing", strings.Trim(name, `"`))
		}
	}
	if err == nil {
		if err = isText(text); err != nil {
			err = fmt.Errorf("what the template makes %w", err)
		}
	}
	return text, err
}

// textOf is what a template writes.
func textOf(t filler, vars variables) (string, error) {
	if g, ok := t.(guarded); ok {
		return g.text(vars)
	}
	var out strings.Builder
	err := t.Execute(&out, vars)
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
		if h, ok := cutFold(first); ok && len(headers) > 0 {
			headers[len(headers)-1].Value += " " + h
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

// cutFold is what a line has to say that goes on with the header before it: RFC 5322, section
// 2.2.3.
func cutFold(line string) (string, bool) {
	return strings.TrimSpace(line), strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
}

// below is the text of a template below its headers, so that errors name the lines of
// the file, of which some were cut.
func below(all, body string, cut int) string {
	return "{{/*" + strings.Repeat("\n", cut+strings.Count(all, "\n")-strings.Count(body, "\n")) + "*/}}" + body
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
