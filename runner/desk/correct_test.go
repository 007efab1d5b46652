package desk

import (
	"brood/jobs"
	"brood/runner/ledger"
	"testing"

	"github.com/tidwall/gjson"
)

// TestAsMember: a member that is corrected in a table, where all is text, keeps its type if
// it can, and is as it was where its text is the same.
func TestAsMember(t *testing.T) {
	for _, c := range []struct{ was, text, want string }{
		{`1.50`, "1.50", `1.50`},
		{`1.50`, "2", `2`},
		{`1.50`, "n/a", `"n/a"`},
		{`1.50`, "true", `true`},
		{`true`, "false", `false`},
		{`"7"`, "8", `"8"`},
		{`"a\u00e9"`, "aé", `"a\u00e9"`},
		{`null`, "", `null`},
		{`null`, "x", `"x"`},
		{`[1,2]`, "[1,2]", `[1,2]`},
		{`[1,2]`, "[3]", `[3]`},
		{`{"a":1}`, "{broken", `"{broken"`},
		{`12345678901234567890`, "12345678901234567890", `12345678901234567890`},
	} {
		if got := string(asMember([]byte(c.text), gjson.Parse(c.was))); got != c.want {
			t.Errorf("%s as %q: %s, want %s", c.was, c.text, got, c.want)
		}
	}
}

func TestChoice(t *testing.T) {
	timeout := &ledger.Outcome{Status: jobs.StatusUnknown, Class: "timeout"}
	exit := &ledger.Outcome{Status: jobs.StatusFailed, Class: "exit:65"}
	failed := []jobs.Status{jobs.StatusFailed}
	for _, c := range []struct {
		choice Choice
		of     *ledger.Outcome
		want   bool
	}{
		{Choice{Statuses: failed}, exit, true},
		{Choice{Statuses: failed}, timeout, false},
		{Choice{Statuses: []jobs.Status{jobs.StatusFailed, jobs.StatusUnknown}}, timeout, true},
		{Choice{Statuses: failed, Classes: []string{"exit:65"}}, exit, true},
		{Choice{Statuses: failed, Classes: []string{"timeout", "exit:*"}}, exit, true},
		{Choice{Statuses: failed, Classes: []string{"exit"}}, exit, false},
	} {
		if got := c.choice.matches(c.of); got != c.want {
			t.Errorf("%+v of %+v: %v", c.choice, c.of, got)
		}
	}
}
