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
		"Hi\n\nDear {plan},":   "letter:3: {plan} would not be filled: here a column is written {{.plan}}. For plain braces write \\{plan}, or --literal-braces",
		"Dear {First Name}":    "here a column is written {{.first_name}}",
		"{E-Post}":             `here a column is written {{index . "E-Post"}}`,
		"Dear {Frist Name}":    "did you mean {{.first_name}}?",
		"Dear {Vorname}":       "there is none called Vorname; the dataset has email, First Name",
		"Dear *|FNAME|*":       "*|FNAME|* would not be filled",
		"<p>[[plan]]</p>":      "[[plan]] would not be filled: here a column is written {{.plan}}. If it is to go out as it stands: --literal-braces",
		"{{.plan}} {{plan}}":   "{{plan}} would not be filled: here a column is written {{.plan}}",
		"{{ First Name }}":     "here a column is written {{.first_name}}",
		"{{plan|upper}}":       "here a column is written {{.plan}}",
		"{{#if plan}}x{{/if}}": "", // that is Go's to refuse
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
