package plan

import (
	"strings"
	"testing"
)

// TestNamedOnce: a line says once which invoice it is about.
func TestNamedOnce(t *testing.T) {
	for text, want := range map[string]string{
		"invoice R1 is there already":  "a.csv:3: invoice R1 is there already",
		"it is less, invoice R1":       "a.csv:3: it is less, invoice R1",
		"invoice R10 is there already": "a.csv:3: invoice R10 is there already (invoice R1)",
		"invoice R10, as invoice R1":   "a.csv:3: invoice R10, as invoice R1",
		"it is empty":                  "a.csv:3: it is empty (invoice R1)",
	} {
		p := Problem{File: "a.csv", Line: 3, Invoice: "R1", Text: text}
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNoPlanOnce: that there is no plan is said by the report, and what to do by the error: once each.
func TestNoPlanOnce(t *testing.T) {
	_, r, err := Build(t.Context(), options(t, head+"\nR1,c,x,EUR,2026-11-30,,\n"))
	var b strings.Builder
	if printErr := r.Print(&b); printErr != nil || err == nil {
		t.Fatal(err, printErr)
	}
	all := b.String() + err.Error()
	for _, words := range []string{"There is no plan", "plan again", "--problems FILE"} {
		if n := strings.Count(strings.ToLower(all), strings.ToLower(words)); n != 1 {
			t.Errorf("%q stands there %d times:\n%s", words, n, all)
		}
	}
}
