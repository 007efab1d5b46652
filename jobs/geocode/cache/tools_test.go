package cache

import (
	"brood/jobs"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// options are flags of a tool.
type options struct {
	state string
	set   map[string]any
}

func (o options) String(n string) string      { s, _ := o.set[n].(string); return s }
func (o options) Bool(n string) bool          { b, _ := o.set[n].(bool); return b }
func (options) Int(string) int                { return 0 }
func (options) Float64(string) float64        { return 0 }
func (options) Duration(string) time.Duration { return 0 }
func (options) StringSlice(string) []string   { return nil }
func (o options) IsSet(n string) bool         { return o.set[n] != nil }
func (options) Command() []string             { return nil }
func (options) Text() bool                    { return false }
func (o options) StateDir() string            { return o.state }

// TestTools says what is there and removes it, as a user does.
func TestTools(t *testing.T) {
	state := t.TempDir()
	tools := make(map[string]jobs.Tool)
	for _, tool := range Tools() {
		tools[tool.Name] = tool
	}
	do := func(verb string, set map[string]any, words ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if err := tools[verb].Run(options{state, set}, words, &out, &errs); err != nil {
			return "error: " + err.Error()
		}
		return out.String() + errs.String()
	}
	if got := do("show", nil); got != "no answers are kept\n" {
		t.Error(got)
	}
	c, _ := open(t, Path(state))
	now := time.Now()
	for i := range 10 {
		put(t, c, Key{Provider: "photon", BaseURL: "http://p.test", Query: fmt.Sprintf("%d Main\x1b[31m St", i)},
			&Answer{Outcome: Nothing, Raw: []byte(`{"features":[]}`), At: now.Add(-time.Duration(i) * 24 * time.Hour)})
	}
	put(t, c, Key{Provider: "nominatim", Query: "x"}, &Answer{Outcome: Found, At: now, Expires: now.Add(time.Hour)})
	got := do("show", nil)
	if !strings.HasPrefix(got, "PROVIDER ") || !strings.Contains(got, "\nphoton     10       10         0        150 B") {
		t.Error(got)
	}
	var tally tallyJSON
	if err := json.Unmarshal([]byte(do("show", map[string]any{"json": true, "provider": "photon"})), &tally); err != nil || tally.Answers != 10 || tally.BaseURL != "http://p.test" {
		t.Error(tally, err)
	}
	if got := do("show", nil, "MAIN", "3 "); strings.Count(got, "\n") != 2 || !strings.Contains(got, "3 Main\uFFFD[31m St") {
		t.Errorf("%q", got)
	}
	var q questionJSON
	if err := json.Unmarshal([]byte(do("show", map[string]any{"json": true}, "3 main")), &q); err != nil || q.Answer != `{"features":[]}` || q.Expires != nil {
		t.Error(q, err)
	}
	for _, step := range []struct {
		set  map[string]any
		want string
	}{
		{nil, "error: say what to remove"},
		{map[string]any{"all": true, "expired": true}, "error: --all is everything"},
		{map[string]any{"older-than": "5 days"}, "error: --older-than 5 days"},
		{map[string]any{"older-than": "-5d"}, "error: --older-than -5d"},
		{map[string]any{"older-than": "9999999999w"}, "error: --older-than"},
		{map[string]any{"older-than": "132h", "json": true}, `{"removed":4,"freed_bytes":0}`},
		{map[string]any{"expired": true}, "removed 0 answers"},
		{map[string]any{"provider": "photon"}, "removed 6 answers"},
		{map[string]any{"all": true}, "removed 1 answers"},
	} {
		if got := do("prune", step.set); !strings.HasPrefix(got, step.want) {
			t.Errorf("%v: %s, want %s", step.set, got, step.want)
		}
	}
}
