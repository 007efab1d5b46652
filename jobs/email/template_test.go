package email

import (
	"brood/jobs"
	"strings"
	"testing"
)

// TestTemplates: nothing comes of a template that neither it nor the record says,
// and a hole is an error that names what is missing.
func TestTemplates(t *testing.T) {
	const row = `{"email":"a@b.example","name":"<Ada>","Last Name":"L","empty":"","n":7,"list":["x","y"],"url":"tel:+431","sub":{"plan":"gold","none":null},"offer":"50%","nil":"<nil>","odd":"100% <no value>"}`
	shape := &jobs.Shape{Kind: jobs.Objects}
	rec := &jobs.Record{Raw: []byte(row), Shape: shape}
	cols := &composer{columns: columnsOf(shape, "")}
	vars, _, err := cols.variablesOf(rec)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ kind, text, want, err string }{
		{"text", "Dear {{.name}}", "Dear <Ada>", ""},
		{"html", "Dear {{.name}}", "Dear &lt;Ada&gt;", ""},
		{"text", "{{.nosuch}}", "", "the template needs nosuch, which is empty or missing"},
		{"text", "{{.empty}}", "", "the template needs empty"},
		{"text", "{{.sub.plan}} {{index . \"sub\" \"plan\"}} {{index .list 1}}", "gold gold y", ""},
		{"text", "{{.sub.none}}", "", "the template needs none"},
		{"text", "{{index . \"nosuch\"}}", "", "the template needs nosuch"},
		{"html", "{{index .sub \"none\"}}", "", "the template needs none"},
		{"text", "{{index .list 2}}", "", "the template needs 2"},
		{"text", "{{print (index . \"nosuch\")}}", "", "the template needs nosuch"},
		{"text", "{{with .nosuch}}x{{end}}", "", "the template needs nosuch"},
		{"text", "{{with get . \"nosuch\" \"\"}}x{{end}}!", "!", ""},
		{"text", "{{range .list}}{{.}},{{end}}", "x,y,", ""},
		{"text", "{{range .nosuch}}{{.}},{{end}}", "", "the template needs nosuch"},
		{"text", "{{.name | printf \"%d\"}}", "", "printf does not get what it is told"},
		{"text", "{{printf \"%s\" .n}}", "7", ""},
		{"text", "50%! {{.odd}} <no value>", "50%! 100% <no value> <no value>", ""},
		{"text", "Save {{.offer}}!", "Save 50%!", ""},
		{"text", "{{range .list}}{{.}}: up to 50%!\n{{end}}", "x: up to 50%!\ny: up to 50%!\n", ""},
		{"html", "{{.nil}} {{.nil}}", "&lt;nil&gt; &lt;nil&gt;", ""},
		{"html", "<a href=\"{{.url}}\">", "", "a value is not safe where it stands"},
		{"html", "<!--[if mso]><table><![endif]--><p>{{.name}}</p><!--[if !mso]><!--><i><!--<![endif]-->", "<!--[if mso]><table><![endif]--><p>&lt;Ada&gt;</p><!--[if !mso]><!--><i><!--<![endif]-->", ""},
		{"html", "<!--[if mso]>{{.name}}<![endif]-->", "", "an action in a conditional comment"},
		{"text", "{{name}}", "", "a column is written {{.name}}"},
		{"text", "{{get . \"name\"}}", "", "get takes 3 values, not 2; as in {{get . \"name\" \"friend\"}}"},
		{"text", "{{if true}}{{.name | get}}{{end}}", "", "get takes 3 values, not 1"},
		{"text", "{{.name | upper}} {{capital \"x\"}}", "<ADA> X", ""},
		{"markdown", "{{range .list}}\n- **{{.}}**\n{{end}}", "<!DOCTYPE html>\n<html>\n<body>\n\n<ul>\n<li><strong>x</strong></li>\n</ul>\n\n<ul>\n<li><strong>y</strong></li>\n</ul>\n\n</body>\n</html>\n", ""},
		{"markdown", "Hello\n{{if has . \"nosuch\"}}\n# No\n{{else}}\n*Yes* `{{.name}}` [x](https://a.example/?{{.name}})\n{{end}}\n", "<!DOCTYPE html>\n<html>\n<body>\n<p>Hello</p>\n\n<p><em>Yes</em> <code>&lt;Ada&gt;</code> <a href=\"https://a.example/?%3cAda%3e\">x</a></p>\n\n</body>\n</html>\n", ""},
	} {
		text := c.text
		if c.kind == "markdown" {
			if text, err = markdownToHTML(c.text); err != nil {
				t.Fatal(err)
			}
		}
		parse := htmlTemplate
		if c.kind == "text" {
			parse = textTemplate
		}
		got := ""
		f, err := parse("t", text, cols.known)
		if err == nil {
			got, err = fill(f, vars)
		}
		if (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) || (err == nil && got != c.want) {
			t.Errorf("%s: %q makes %q, %v; want %q, %q", c.kind, c.text, got, err, c.want, c.err)
		}
	}
}

// TestPlainNames: a column is found whatever its capitals, unless another one has
// that very name.
func TestPlainNames(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"\ufeffE-Mail", "First Name", "name", "Name", " City "}}
	rec := &jobs.Record{Shape: shape, Values: [][]byte{[]byte("a@b.example"), []byte("Ada"), []byte("small"), []byte("large"), []byte("Wien")}}
	cols := &composer{columns: columnsOf(shape, "")}
	vars, _, err := cols.variablesOf(rec)
	if err != nil {
		t.Fatal(err)
	}
	f, err := textTemplate("t", "{{.first_name}} {{.name}} {{.Name}} {{.city}}", cols.known)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fill(f, vars); got != "Ada small large Wien" {
		t.Errorf("%q, %v", got, err)
	}
	if to, err := recipient(vars, cols.addresses); err != nil || to.String() != `"small" <a@b.example>` {
		t.Errorf("%v, %v", to, err)
	}
}
