package email

import (
	"strings"
	"testing"
)

// TestForeign: what was written for another program is refused with its place and what to write
// instead; what a template has of its own is not.
func TestForeign(t *testing.T) {
	columns := []string{"email", "First Name", "plan", "first_name", "E-Post"}
	for text, want := range map[string]string{
		"Hi\n\nDear {plan},":   "letter:3:6: {plan} would not be filled: here a column is written {{.plan}}. For plain braces write \\{plan}, or --literal",
		"Dear {First Name}":    "here a column is written {{.first_name}}",
		"{E-Post}":             `here a column is written {{index . "E-Post"}}`,
		"Dear {Frist Name}":    "did you mean {{.first_name}}? For plain braces",
		"<unsubscribe>leave":   "here it is written {{.unsubscribe_url}}, with --unsubscribe URL. If",
		"Hi {plan, you":        "{plan would not be filled: here a column is written {{.plan}}. If it is to go out as it stands: --literal",
		"Dear {Vorname}":       "there is none called Vorname; the dataset has email, First Name",
		"Dear *|FNAME|*":       "letter:1:6: *|FNAME|* would not be filled: here it is written {{.first_name}}; brood template convert letter writes all of it so. If it is to go out as it stands: --literal",
		"<p>[[plan]]</p>":      "[[plan]] would not be filled: here a column is written {{.plan}}. If it is to go out as it stands: --literal",
		"{{.plan}} {{plan}}":   "{{plan}} would not be filled: here a column is written {{.plan}}",
		"{{ First Name }}":     "here a column is written {{.first_name}}",
		"{{plan|upper}}":       "here a column is written {{.plan}}",
		"{{#if plan}}x{{/if}}": `{{#if plan}} would not be filled: here it is written {{if given .plan}}; brood template convert letter writes all of it so`,
		"{{! note }}":          "{{! note }} would not be filled", "{{> footer}}": "; brood template convert letter writes", "{{^plan}}x{{/plan}}": "{{^plan}}",
		"a {% if plan == \"x\" %}": `letter:1:3: {% if plan == "x" %} would not be filled: here it is written {{if eq (.plan | default "") "x"}}`, "{% endif %}": "{% endif %} would not be filled",
		"{{ contact.FIRST_NAME }}": "here it is written {{.first_name}}", "{{ contact.plan | default: 'x' }}": `here it is written {{.plan | default "x"}}`, "*|IF:PLAN|*": `{{if has . "plan"}}`, "*|IF:PLAN=x|*": "*|IF:PLAN=x|* would",
		"{{ .Subscriber.Email }}": "here it is written {{.email}}", "{{ UnsubscribeURL }}": "here it is written {{.unsubscribe_url}}", "{{ .Campaign.Subject }}": "{{ .Campaign.Subject }} would not be filled; brood template convert", `{{ template "content" . }}`: "would not be filled",
		`{{var:plan:"x"}}`: `here it is written {{.plan | default "x"}}`, "{{plan|*|x|y|z}}": "here a column is written {{.plan}}", "Hi -plan-,": "-plan- would not be filled: here a column is written {{.plan}}", "<?= $plan ?>": "would not be filled",
		"%PLAN%": "here it is written {{.plan}}", "[NAME]": "[NAME] would not be filled", "<<First Name>>": "here a column is written {{.first_name}}", "${plan}": "here a column is written {{.plan}}", "ü «plan»": "letter:1:3: «plan»",
		"{{- /* {{name}} */ -}}": "", "{{- .plan -}}": "", "{{ $x := .plan }}{{ $x }}": "", "{{now | date \"2006\"}}": "", "{{ .plan | default \"x\" }}": "",
		"{{if has . \"plan\"}} {{.plan | upper}} {{else}} x {{end}}{{- end -}}{{urlquery .email}}": "",
		"{{if true}}a{{end}}": "", "{{\"{plan}\"}}": "", `\{plan}`: "", "body { color: red }": "", "{{/* {plan} */}}": "", "zoë {{.plan}} {{\"ü\"}} {a,b}": "",
		"{{\"ü\"}} {plan}": "{plan} would not be filled",
	} {
		err := foreignIn("letter", text, columns)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if got := unescaped("\\{plan} {{\"\\\\{plan}\"}} \\{x: 1}", columns); got != "{plan} {{\"\\\\{plan}\"}} \\{x: 1}" {
		t.Errorf("%s", got)
	}
}

// TestLiteral: with --literal what is of another program goes out as it stands, and what is of
// brood's is filled.
func TestLiteral(t *testing.T) {
	c := config{Text: variants{"": {"t", "{{#if name}}{{ name | upper }} {{{name}}} {{- nmae -}} {{/if}} {name} {{.name}} {{\"{{name}}\"}}{{/* name */}}{{if .name}}!{{end}}"}}, Headers: []header{{"Subject", "{{name}} {{.name}}"}}}
	c.literally([]string{"name"})
	for text, want := range map[string]string{
		c.Text[""].Text:    "{{#if name}}{{ name | upper }} {{{name}}} {{- nmae -}} {{/if}} {name} Ada {{name}}!",
		c.Headers[0].Value: "{{name}} Ada",
	} {
		for _, kind := range []string{"text", "html"} {
			if got, err := fillOne(kind, "", text, `{"name":"Ada"}`); err != nil || got != want {
				t.Errorf("%s: %q, want %q; %v", text, got, want, err)
			}
		}
	}
}
