package command

import (
	"brood/runner/home"
	"strings"
	"testing"
)

// TestPickRun: what is meant where no run is named.
func TestPickRun(t *testing.T) {
	runs := func(words string) (all []home.Recent) { // newest first; those with a star are running
		for _, w := range strings.Fields(words) {
			name, running := strings.CutSuffix(w, "*")
			all = append(all, home.Recent{Name: name, Running: running})
		}
		return all
	}
	for _, c := range []struct {
		all       string
		p         purpose
		name, why string
		wrong     string
	}{
		{all: "", p: toLook, wrong: "there are no runs in /state"},
		{all: "", p: toSteer, wrong: "there are no runs in /state"},
		{all: "c b a", p: toLook, name: "c", why: "the newest"},
		{all: "c b* a", p: toLook, name: "b", why: "which is running"},
		{all: "c b* a*", p: toLook, name: "b", why: "the newest of 2 that are running"},
		{all: "c b a", p: toSteer, wrong: "no run is running; the newest was c"},
		{all: "c b* a", p: toSteer, name: "b", why: "which is running"},
		{all: "c b* a*", p: toSteer, wrong: "2 runs are running"},
		{all: "c b* a", p: toWork, name: "c", why: "the newest"},
		{all: "c* b a", p: toWork, name: "c", why: "the newest"},
	} {
		name, why, err := pickRun(runs(c.all), c.p, "/state")
		if name != c.name || why != c.why || (err == nil) != (c.wrong == "") || (err != nil && err.Error() != c.wrong) {
			t.Errorf("%q to %s: %q, %q, %v", c.all, c.p, name, why, err)
		}
	}
	_, _, err := pickRun(runs("b* c a*"), toSteer, "")
	if _, hint := classify(err); hint != "Give the name of one of them: b, a" {
		t.Errorf("%q", hint)
	}
}

// TestListNames: a message does not name a thousand runs.
func TestListNames(t *testing.T) {
	if got := listNames([]string{"a", "b"}); got != "a, b" {
		t.Error(got)
	}
	if got := listNames(strings.Split("a b c d e f g h i j k l", " ")); got != "a, b, c, d, e, f, g, h, i, j and 2 more" {
		t.Error(got)
	}
}
