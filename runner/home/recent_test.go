package home

import (
	"brood/runner/ledger"
	"os"
	"slices"
	"testing"
	"time"
)

// TestByAge: newest session first, whatever was looked after since; who holds a run is seen;
// what has not begun is left out.
func TestByAge(t *testing.T) {
	state := private(t)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	make1 := func(name string, begun time.Time) *Dir {
		d, err := Open(t.Context(), state, name, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(d.File(ledger.FileName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.WaitForWorkers(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if st, err := os.Stat(d.File(workersLockName)); err != nil || time.Since(st.ModTime()) > time.Hour {
			t.Fatalf("%v, %v", st, err)
		}
		if err := os.Chtimes(d.File(workersLockName), begun, begun); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for i, name := range []string{"old", "new", "middle"} {
		if err := make1(name, day.Add([]time.Duration{0, 2, 1}[i]*time.Hour)).Close(); err != nil {
			t.Fatal(err)
		}
	}
	open(t, state, "never")
	held := open(t, state, "old") // to look after it
	all, err := ByAge(state)
	if err != nil {
		t.Fatal(err)
	}
	want := []Recent{{"new", day.Add(2 * time.Hour), false}, {"middle", day.Add(time.Hour), false}, {"old", day, true}}
	if !slices.EqualFunc(all, want, func(a, b Recent) bool {
		return a.Name == b.Name && a.Begun.Equal(b.Begun) && a.Running == b.Running
	}) {
		t.Errorf("%v", all)
	}
	// The next session of the oldest makes it the newest.
	if err := held.WaitForWorkers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if all, err = ByAge(state); err != nil || all[0].Name != "old" {
		t.Errorf("%v, %v", all, err)
	}
	// Without the workers' lock the run's own counts.
	if err := os.Remove(At(state, "middle").File(workersLockName)); err != nil {
		t.Fatal(err)
	}
	if all, err = ByAge(state); err != nil || all[1].Name != "middle" {
		t.Errorf("%v, %v", all, err)
	}
	if all, err := ByAge(t.TempDir()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}
