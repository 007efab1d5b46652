package exec

import (
	"brood/jobs"
	"strings"
	"testing"
)

// TestTag: every line begins with the tag, whatever the command prints and whatever stands
// in the record.
func TestTag(t *testing.T) {
	text := func(s *jobs.Setup) { s.Text = true }
	for _, c := range []struct {
		tag, column, prints, want string
	}{
		{"", "", "a\nb", "a\nb"},
		{"{}", "", "a\nb", "Ann,O s\tlo\ta\nAnn,O s\tlo\tb\n"},
		{"", "home town", "a\n", "O s\tlo\ta\n"},
		{"", "name", "\n\n", "Ann\t\nAnn\t\n"},
		{"{name}: {%}", "", "x", "Ann: 3\tx\n"},
		{"{name}", "", "", ""},
	} {
		cfg := config{Command: []string{"printf", "%s", c.prints}, Tag: c.tag, TagColumn: c.column}
		rec := person("Ann", "O s\tlo")
		if res := do(t, start(t, cfg, text), rec); string(res.Text) != c.want || res.Verdict != jobs.VerdictOK {
			t.Errorf("%+v: %q, %s", c, res.Text, res.Error)
		}
	}
	// Line ends of a value are none of the output.
	res := do(t, start(t, config{Command: []string{"echo", "x"}, TagColumn: "name"}, text), person("A\nn\rn", ""))
	if string(res.Text) != "A n n\tx\n" {
		t.Errorf("%q", res.Text)
	}
	// A failed command has printed, and so has one that was killed.
	for _, script := range []string{"echo x; exit 3", "echo x; kill -9 $$"} {
		c := shell(script)
		c.Tag = "T"
		if res := do(t, start(t, c, text), person("Ann", "Oslo")); string(res.Text) != "T\tx\n" || res.Verdict == jobs.VerdictOK {
			t.Errorf("%s: %q, %s", script, res.Text, res.Verdict)
		}
	}
}

// TestTagBounded: tags do not make more of the output than a record may have.
func TestTagBounded(t *testing.T) {
	c := config{Command: []string{"printf", "\n\n\n\n"}, Tag: strings.Repeat("x", 100)}
	res := do(t, start(t, c, func(s *jobs.Setup) { s.Text, s.MaxOutput = true, 300 }), person("Ann", "Oslo"))
	if res.Verdict != jobs.VerdictFailed || res.Class != jobs.ClassOutput || len(res.Text) > 0 {
		t.Errorf("%s, %s, %d bytes", res.Verdict, res.Class, len(res.Text))
	}
}
