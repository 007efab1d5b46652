package convert

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template/parse"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden converts templates as the documentation of each mailer has them.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.in")
	if err != nil || len(inputs) < 12 {
		t.Fatal(inputs, err)
	}
	for _, in := range inputs {
		text, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(in), ".in")
		o := Options{}
		if base == "listmonk" {
			content, err := os.ReadFile("testdata/listmonk-content.in")
			if err != nil {
				t.Fatal(err)
			}
			o.Content = &Source{"listmonk-content.in", string(content)}
		}
		r := Convert(Source{filepath.Base(in), string(text)}, o)
		if want, _, _ := strings.Cut(base, "-"); string(r.Dialect) != want {
			t.Errorf("%s is taken for %s", in, r.Dialect)
		}
		notes := ""
		for _, n := range r.Notes {
			notes += fmt.Sprintf("%s (left: %v)\n", n, n.Left)
		}
		got := r.Text + "-- notes --\n" + notes
		golden := strings.TrimSuffix(in, ".in") + ".want"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != got {
			t.Errorf("%s: %v; it became\n%s", in, err, got)
		}
		if r.Left() == 0 {
			tree := parse.New(base)
			tree.Mode = parse.SkipFuncCheck
			if _, err := tree.Parse(r.Text, "", "", make(map[string]*parse.Tree)); err != nil {
				t.Errorf("%s: what came out is no template: %v", in, err)
			}
		}
	}
}

// TestNotes: what cannot be said is left as it was and noted with its place; other columns
// than those of the dataset are.
func TestNotes(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns []string
		want    string
		notes   []string
	}{
		{"Hi {{ name }} {{ x | nosuch }}", nil, "Hi {{.name}} {{ x | nosuch }}", []string{"t:1:15: {{ x | nosuch }}: the filter nosuch is not known here"}},
		{"ü\n ä {{ nmae }}", []string{"email", "name"}, "ü\n ä {{ nmae }}", []string{"t:2:4: {{ nmae }}: there is no such column; the dataset has email, name"}},
		{"*|FNAME|* *|PLAN|*", []string{"Email Address", "First Name"}, "{{.first_name}} *|PLAN|*", []string{"t:1:11: *|PLAN|*: there is no such column"}},
		{"{{ first_name }}", []string{"First Name"}, "{{.first_name}}", nil},
		{"{{ data['Preis (EUR)'] }}", nil, "{{index .data \"Preis (EUR)\"}}", nil},
		{"{% if a %}{% for %}x{% endfor %}", nil, "{{if .a | default \"\"}}{% for %}x{% endfor %}", []string{"a loop is for x in y", "so is what it belongs to", "t:1:1: {% if a %}: it has no end"}},
		{"{{ a", nil, "{{ a", []string{"t:1:1: {{: it is not closed"}},
		{"{% endif %}{% else %}", nil, "{% endif %}{% else %}", []string{"there is nothing that it could end", "nothing that it could be the other side of"}},
		{"{{ " + strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100) + " }}", nil, "{{ " + strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100) + " }}", []string{"nested too deep"}},
		{"{% if x %}{% set y = 1 %}{% endif %}", nil, "{{if .x | default \"\"}}{% set y = 1 %}{{end}}", []string{"a variable that is set within if"}},
		{"{% set y = 1 %}{% if x %}{% set y = 2 %}{% endif %}{{ y }}", nil, "{{$y := 1}}{{if .x | default \"\"}}{{$y = 2}}{{end}}{{$y}}", nil},
		{"{% for k, v in d.items() %}{{ k }}={{ v }}{% else %}none{% endfor %}", nil, "{{range $k, $v := .d}}{{$k}}={{$v}}{{else}}none{{end}}", nil},
		{"<p>{{ name|safe }}</p>", nil, "<p>{{ name|safe }}</p>", []string{"a value is never markup here"}},
		{"{{ name|safe }} {{ 'it\\'s' }} {{ -5 + n }} {{ a % 2 }}", nil, "{{.name}} {{\"it's\"}} {{add -5 .n}} {{ a % 2 }}", []string{"% is not known here"}},
		{"{{ '%d%% of %s'|format(n, name) }} {{ '{:.1f}% {}'.format(n, x) }}", nil, `{{printf "%s%% of %s" (.n | round 0) .name}} {{printf "%s%% %s" (.n | round 1) .x}}`, nil},
		{"{% if not a or b == none and c is not none %}x{% endif %}", nil, "{{if or (not (.a | default \"\")) (and (not (has . \"b\")) (has . \"c\"))}}x{{end}}", nil},
	} {
		d := Auto
		if strings.Contains(c.text, "{") && !strings.Contains(c.text, "*|") {
			d = Mailmerge
		}
		r := Convert(Source{"t", c.text}, Options{Dialect: d, Columns: c.columns})
		if r.Text != c.want || len(r.Notes) < len(c.notes) || len(c.notes) == 0 && len(r.Notes) > 0 {
			t.Errorf("%s became\n%s, want\n%s; %v", c.text, r.Text, c.want, r.Notes)
		}
		for _, n := range c.notes {
			found := false
			for _, have := range r.Notes {
				found = found || strings.Contains(have.String(), n) && have.Left
			}
			if !found {
				t.Errorf("%s: %v, want %s", c.text, r.Notes, n)
			}
		}
	}
}

// FuzzConvert: a template that is converted to its end can be read by brood; what is left is left
// as it stood, and the places of notes are in the text.
func FuzzConvert(f *testing.F) {
	inputs, _ := filepath.Glob("testdata/*.in")
	for i, in := range inputs {
		text, err := os.ReadFile(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), uint8(i))
		f.Add(string(text), uint8(len(Dialects)))
		for line := range strings.Lines(string(text)) {
			f.Add(line, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, d uint8) {
		o := Options{}
		if int(d) < len(Dialects) {
			o.Dialect = Dialects[d]
		}
		r := Convert(Source{"t", text}, o)
		lines := strings.Count(text, "\n") + 1
		for _, n := range r.Notes {
			if n.Line < 1 || n.Line > lines || n.Column < 1 || n.Why == "" {
				t.Fatalf("%q: %+v", text, n)
			}
		}
		if r.Left() > 0 || r.Dialect == Simple || r.Dialect == Listmonk {
			return
		}
		tree := parse.New("t")
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(r.Text, "", "", make(map[string]*parse.Tree)); err != nil {
			t.Fatalf("%s: %q became %q: %v", r.Dialect, text, r.Text, err)
		}
	})
}

// TestSet: what is the same for all is written in, as HTML where it stands in some; what is no
// column and has no value stays.
func TestSet(t *testing.T) {
	set := map[string]string{"LIST:COMPANY": "A & B {{x}}", "CAMPAIGN.SUBJECT": "News"}
	for text, want := range map[string]string{
		"<p>*|LIST:COMPANY|*</p>":           `<p>A &amp; B {{"{{"}}x}}</p>`,
		"*|list:company|*":                  `A & B {{"{{"}}x}}`,
		"*|LIST:ADDRESS|*":                  "*|LIST:ADDRESS|*",
		"{{ .Campaign.Subject }} {{ L.T }}": "News {{ L.T }}",
		"<title>*|MC:SUBJECT|*</title><p>a": "<title></title><p>a",
		"<title>x</title><p>*|MC:SUBJECT|*": "<title>x</title><p>*|MC:SUBJECT|*",
		"Dear {{First Name}} {{Custom 1}}":  "Dear {{.first_name}} {{.custom_1}}",
	} {
		if r := Convert(Source{Name: "x", Text: text}, Options{Set: set}); r.Text != want {
			t.Errorf("%q: %q, want %q", text, r.Text, want)
		}
	}
}
