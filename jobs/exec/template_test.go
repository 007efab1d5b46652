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
	rec := &jobs.Record{Seq: 41, Raw: []byte("/x/y.z/f.tar.gz"), Values: [][]byte{[]byte("Ann"), []byte("Oslo")}, Shape: people()}
	for _, c := range []struct{ in, want string }{
		{"{name}", "Ann"},
		{"{home town}!", "Oslo!"},
		{"{2}{1}", "OsloAnn"},
		{"{}", "/x/y.z/f.tar.gz"},
		{"{.}", "/x/y.z/f.tar"},
		{"{/}", "f.tar.gz"},
		{"{//}", "/x/y.z"},
		{"{/.}", "f.tar"},
		{"{#}/{%}", "41/3"},
		{`\{name}`, "{name}"},
		{"{print $1}", "{print $1}"},
		{`{"a": "{name}"}`, `{"a": "Ann"}`},
		{"{", "{"},
		{"a{name", "a{name"},
		{"{{name}}", "{Ann}"},
		{"${1}", "$Ann"},
	} {
		tpl, err := parseTemplate(c.in, people())
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		got, err := tpl.appendTo(nil, rec, 3, false)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %q (%v), want %q", c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{"{nam}", "{3}", "x{town}y"} {
		if tpl, err := parseTemplate(bad, people()); err == nil {
			t.Errorf("%s was accepted as %v", bad, tpl)
		}
	}
}

// FuzzTemplate: no argument makes the parser panic, what it takes for plain
// text comes out as it went in, and a quoted value is one word to a shell.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"{name}", "{}", `\{name}`, "{//}{/.}", "{print $1}", "a'b", "{{}}"} {
		f.Add(s, "it's \"x\" $y `z`\n")
	}
	f.Fuzz(func(t *testing.T, arg, value string) {
		tpl, err := parseTemplate(arg, people())
		if err != nil {
			return
		}
		if tpl.literal() && !strings.Contains(arg, `\{`) {
			got, err := tpl.appendTo(nil, &jobs.Record{Shape: people()}, 1, false)
			if err != nil || string(got) != arg {
				t.Fatalf("%q became %q (%v)", arg, got, err)
			}
		}
		rec := &jobs.Record{Raw: []byte(value), Values: [][]byte{[]byte(value), []byte(value)}, Shape: people()}
		if _, err := tpl.appendTo(nil, rec, 1, true); err != nil && !strings.Contains(value, "\x00") {
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
