package exec

import (
	"brood/jobs"
	"os/exec"
	"strings"
	"testing"
)

func people() *jobs.Shape {
	return &jobs.Shape{Kind: jobs.Fields, Columns: []string{"name", "home town"}}
}

func TestTemplate(t *testing.T) {
	rec := &jobs.Record{Seq: 41, Raw: []byte("/x/y.z/f.tar.gz"), Values: [][]byte{[]byte("/h.x/Ann.b.c"), []byte("Oslo")}, Shape: people()}
	for _, c := range []struct{ in, want string }{
		{"{name}", "/h.x/Ann.b.c"},
		{"{home town}!", "Oslo!"},
		{"{2}-{1}", "Oslo-/h.x/Ann.b.c"},
		{"{-1}-{-2}", "Oslo-/h.x/Ann.b.c"},
		{"{}", "/x/y.z/f.tar.gz"},
		{"{.}", "/x/y.z/f.tar"},
		{"{/}", "f.tar.gz"},
		{"{//}", "/x/y.z"},
		{"{/.}", "f.tar"},
		{"{name.} {name/} {name//} {name/.}", "/h.x/Ann.b Ann.b.c /h.x Ann.b"},
		{"{1.} {1/} {1//} {1/.} {-2/.}", "/h.x/Ann.b Ann.b.c /h.x Ann.b Ann.b"},
		{"{home town/}", "Oslo"},
		{"{#}/{%}", "42/3"},
		{`\{name}`, "{name}"},
		{`\{\{name}}`, "{{name}}"},
		{"{print $1}", "{print $1}"},
		{`{"a": "{2}"}`, `{"a": "Oslo"}`},
		{`{"a":{"b":{2}}}`, `{"a":{"b":Oslo}}`},
		{"{", "{"},
		{"a{name", "a{name"},
		{"{{}}", "{/x/y.z/f.tar.gz}"},
		{"{{.State.Pid}}", "{{.State.Pid}}"},
		{"${2} ${x} %{http_code}", "$Oslo ${x} %{http_code}"},
	} {
		tpl, err := grammar{shape: people()}.parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		got, err := tpl.fill(rec, 3, false)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %q (%v), want %q", c.in, got, err, c.want)
		}
	}
}

// TestUnfilled: what looks like a placeholder and is none is refused, saying what was meant or
// what there is, unless it was asked for.
func TestUnfilled(t *testing.T) {
	lines := &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}}
	objects := &jobs.Shape{Kind: jobs.Objects, Columns: []string{"name", "user"}}
	for _, c := range []struct {
		shape   *jobs.Shape
		in, say string
	}{
		{people(), "{nmae}", "did you mean {name}?"},
		{people(), "x{Home Twon}y", "did you mean {home town}?"},
		{people(), "{nmae/.}", "did you mean {name}?"},
		{people(), "{Mail}", "no such column; it has name, home town"},
		{people(), "{ name }", "no spaces around the column: {name}"},
		{people(), "{name.upper}", "no such column"},
		{people(), "{3}", "the dataset has 2 columns"},
		{people(), "{-3}", "the dataset has 2 columns"},
		{people(), "{3.}", "the dataset has 2 columns"},
		{people(), "{0}", "no placeholder of brood's"},
		{people(), "{..}", "no placeholder of brood's"},
		{people(), "{+/}", "no placeholder of brood's"},
		{people(), "{= $_ =}", "no placeholder of brood's"},
		{people(), "{##}", "is not known before the last one is read"},
		{people(), "{{name}}", "one pair of braces, as in {name}"},
		{people(), "{{ Nmae }}", "one pair of braces, as in {name}"},
		{lines, "{Mail}", "if it is a table say so with --format csv"},
		{lines, "{2}", "the dataset has 1 column: line"},
		{objects, "{nmae}", "did you mean {name}?"},
		{objects, "{user.mail}", "values within a member have no placeholder"},
		{objects, "{1}", "no placeholder of brood's"},
		{objects, "{First Name}", "there is no such member; the first record has name, user"},
	} {
		if _, err := (grammar{shape: c.shape}).parse(c.in); err == nil || !strings.Contains(err.Error(), c.say) || !strings.Contains(c.in, "##") && !strings.Contains(err.Error(), "--literal-braces") {
			t.Errorf("%s: %v, want %s", c.in, err, c.say)
		}
		for _, g := range []grammar{{shape: c.shape, literal: true}} {
			if tpl, err := g.parse(c.in); err != nil || len(tpl) == 0 {
				t.Errorf("%s with --literal-braces: %v", c.in, err)
			}
		}
	}
}

// TestExactNameFirst: a column whose name is that of another placeholder is the column.
func TestExactNameFirst(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"a", "a.", "1/", "#", "..", "{x", "2"}}
	rec := &jobs.Record{Shape: shape}
	for _, c := range shape.Columns {
		rec.Values = append(rec.Values, []byte("<"+c+">"))
	}
	for in, want := range map[string]string{"{a.}": "<a.>", "{1/}": "<1/>", "{#}": "<#>", "{..}": "<..>", "{2}": "<2>", "{a}{-7}": "<a><a>"} {
		tpl, err := grammar{shape: shape}.parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tpl.fill(rec, 1, false); err != nil || string(got) != want {
			t.Errorf("%s: %q (%v), want %q", in, got, err, want)
		}
	}
}

// TestOldSyntax: a run that an older brood has begun reads its command as that did.
func TestOldSyntax(t *testing.T) {
	r := start(t, config{Command: []string{"printf", "%s", "{#} {1.} {..} {{name}} {-1} {First Nmae}"}})
	if res := do(t, r, person("Ann", "Oslo")); string(res.Values[0]) != "7 {1.} {..} {Ann} {-1} {First Nmae}" {
		t.Errorf("%q", res.Values)
	}
}

// FuzzTemplate: no argument makes the parser panic, what it takes for plain
// text comes out as it went in, and a quoted value is one word to a shell.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"{name}", "{}", `\{name}`, "{//}{/.}", "{print $1}", "a'b", "{{}}", "{1/.}", "{-1//}", "{{.x}}", "{= x =}", "${name}", "{nmae}"} {
		f.Add(s, "it's \"x\" $y `z`\n")
	}
	f.Fuzz(func(t *testing.T, arg, value string) {
		tpl, err := grammar{shape: people()}.parse(arg)
		if tolerant, err := (grammar{shape: people(), literal: true}).parse(arg); err != nil || len(tolerant) == 0 && arg != "" {
			t.Fatalf("%q with --literal-braces: %v", arg, err)
		}
		if err != nil {
			return
		}
		if tpl.literal() && !strings.Contains(arg, `\{`) {
			got, err := tpl.fill(&jobs.Record{Shape: people()}, 1, false)
			if err != nil || string(got) != arg {
				t.Fatalf("%q became %q (%v)", arg, got, err)
			}
		}
		rec := &jobs.Record{Raw: []byte(value), Values: [][]byte{[]byte(value), []byte(value)}, Shape: people()}
		if _, err := tpl.fill(rec, 1, true); err != nil && !strings.Contains(value, "\x00") {
			t.Fatal(err)
		}
	})
}

// TestQuotingAgainstShell asks a real shell what it makes of quoted values.
func TestQuotingAgainstShell(t *testing.T) {
	for _, v := range []string{"", "a b", "it's", `"$HOME" $(id) ` + "`id`", "a\nb", `\`, "'", "''", "-n", "é☃", "*"} {
		out, err := exec.Command("sh", "-c", "printf %s "+string(appendQuoted(nil, []byte(v)))).Output()
		if err != nil || string(out) != v {
			t.Errorf("%q came out of the shell as %q (%v)", v, out, err)
		}
	}
}
