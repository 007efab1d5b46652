package doctor

import (
	"brood/runner/home"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func look(t *testing.T, q Question) map[string]Finding {
	t.Helper()
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	q.Version = "test"
	if q.Lookup == nil {
		q.Lookup = os.LookupEnv
	}
	out := make(map[string]Finding)
	for _, f := range Examine(context.Background(), &q) {
		if f.Says == "" || f.Check == "" || f.Part == "" {
			t.Errorf("it says nothing: %+v", f)
		}
		if (f.Level == Warn || f.Level == Fail) != (f.Do != "") && f.Says[:6] != "cannot" {
			t.Errorf("what is not well has something to do, and nothing else: %+v", f)
		}
		name := string(f.Part) + " " + f.Check
		if _, twice := out[name]; twice {
			t.Errorf("%s is told twice", name)
		}
		out[name] = f
	}
	return out
}

// TestState: a directory that is as it should be is well, and nothing stays in it.
func TestState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	found := look(t, Question{State: dir})
	for _, check := range []string{"directory", "locks", "maps", "renames"} {
		if f := found["state "+check]; f.Level != OK {
			t.Errorf("%+v", f)
		}
	}
	if f := found["state syncs"]; f.Level == Fail || !strings.Contains(f.Says, "takes") {
		t.Errorf("%+v", f)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	missing := look(t, Question{State: filepath.Join(dir, "a", "b")})
	if f := missing["state directory"]; f.Level != OK || !strings.Contains(f.Says, "will be made") {
		t.Errorf("%+v", f)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestStateRefused: what brood would refuse is told before.
func TestStateRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	open, shown := filepath.Join(dir, "open"), filepath.Join(dir, "shown")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(open, 0o700), os.Chmod(open, 0o777), os.Mkdir(shown, 0o755), os.Chmod(shown, 0o755)); err != nil {
		t.Fatal(err)
	}
	for state, want := range map[string]Level{file: Fail, "": Fail, open: Fail, shown: Warn} {
		if f := look(t, Question{State: state})["state directory"]; f.Level != want {
			t.Errorf("%s: %+v", state, f)
		}
	}
	// It agrees with what a run does.
	if _, err := home.Open(context.Background(), open, "x", 0); err == nil {
		t.Error("a run takes what the doctor refuses")
	}
}

// TestClock: a time before this brood was made is none.
func TestClock(t *testing.T) {
	made := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time]Level{made.AddDate(-1, 0, 0): Fail, made: OK, made.AddDate(1, 0, 0): OK} {
		if f := look(t, Question{State: t.TempDir(), Now: now, Built: made})["clock time"]; f.Level != want {
			t.Errorf("%s: %+v", now, f)
		}
	}
}

// TestEnvironment: of variables names are told, and never values; one that does not matter is not told at all.
func TestEnvironment(t *testing.T) {
	lookup := func(name string) (string, bool) {
		v, ok := map[string]string{"BROOD_SMTP_PASSWORD": "hunter2", "HTTPS_PROXY": "http://me:hunter2@proxy", "LESS": "hunter2", "PATH": "/hunter2/bin:/bin", "LANG": "hunter2.UTF-8", "TERM": "hunter2"}[name]
		return v, ok
	}
	found := look(t, Question{State: t.TempDir(), Lookup: lookup})
	if f := found["environment variables"]; f.Says != "set: BROOD_SMTP_PASSWORD HTTPS_PROXY" {
		t.Errorf("%+v", f)
	}
	if f := found["environment HOME"]; f.Level != Warn {
		t.Errorf("%+v", f)
	}
	for name, f := range found {
		if strings.Contains(f.Says+f.Do, "hunter2") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestWorst: one that fails counts more than any that warn.
func TestWorst(t *testing.T) {
	of := func(levels ...Level) (all []Finding) {
		for _, l := range levels {
			all = append(all, Finding{Level: l})
		}
		return all
	}
	if Worst(nil) != OK || Worst(of(Note, OK)) != OK || Worst(of(Warn, OK)) != Warn || Worst(of(Fail, Warn)) != Fail {
		t.Error(Worst(of(Fail, Warn)))
	}
}
