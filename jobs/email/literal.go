package email

import (
	"maps"
	"slices"
	"strings"
)

// literally lets what is in double braces and of another program go out as it stands, as --literal
// says: {{name}} would be an error of a template otherwise. {{.name}} is still filled.
func (c *config) literally(columns []string) {
	for _, v := range []variants{c.Template, c.Text, c.HTML, c.Markdown, c.Calendar} {
		for _, lang := range slices.Sorted(maps.Keys(v)) {
			s := v[lang]
			s.Text = literalActions(s.Text, columns)
			v[lang] = s
		}
	}
	for i, h := range c.Headers {
		c.Headers[i].Value = literalActions(h.Value, columns)
	}
	for i, name := range c.AttachNamed {
		c.AttachNamed[i] = literalActions(name, columns)
	}
}

// literalActions escapes the braces of actions that are of another language.
func literalActions(text string, columns []string) string {
	const escaped = `{{"{{"}}`
	var out strings.Builder
	done := 0
	for _, m := range action().FindAllStringIndex(text, -1) {
		if foreignAction(strings.TrimSpace(text[m[0]+2:m[1]-2]), columns) {
			out.WriteString(text[done:m[0]] + escaped)
			done = m[0] + 2
		}
	}
	out.WriteString(text[done:])
	return out.String()
}
