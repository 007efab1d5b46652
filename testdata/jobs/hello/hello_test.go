package main

import (
	"brood/jobs"
	"brood/jobs/jobtest"
	"brood/runner/program"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDefinition(t *testing.T) {
	if err := program.Check(Definition()); err != nil {
		t.Error(err)
	}
}

func TestVerdicts(t *testing.T) {
	book := filepath.Join(t.TempDir(), "guests")
	j, err := jobtest.Open(Definition(), jobtest.Given{Columns: []string{"id", "name"}, Flags: map[string]any{"book": book}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]jobs.Verdict{"Ann": jobs.VerdictOK, "": jobs.VerdictFailed, "nobody": jobs.VerdictSkipped, "later": jobs.VerdictRetry, "slowly": jobs.VerdictThrottle, "stop": jobs.VerdictAbort} {
		a, err := j.Do("7", name)
		if err != nil || a.Verdict != want {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
	}
	if a, err := j.Try(3, 3, "7", "later"); err != nil || a.Verdict != jobs.VerdictOK || a.Values["greeting"] != "Hello later!" || a.Values["letters"] != "5" {
		t.Errorf("%+v, %v", a, err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(book); err != nil || strings.Count(string(b), "\n") != 2 {
		t.Errorf("%q, %v", b, err)
	}
}

func TestRefused(t *testing.T) {
	for want, g := range map[string]jobtest.Given{
		"no {name} in it":        {Columns: []string{"name"}, Flags: map[string]any{"greeting": "Hello"}},
		`no column "name", only`: {Columns: []string{"id", "mail"}},
	} {
		if _, err := jobtest.Plan(Definition(), g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
