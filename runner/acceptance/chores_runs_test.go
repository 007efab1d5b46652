package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestChoreOldRuns: thousands of runs are listed, and those that are old are removed, as the
// page on chores says; whoever only looks leaves nothing in their directories. How long it
// took is told.
func TestChoreOldRuns(t *testing.T) {
	t.Parallel()
	runs := 5000
	if os.Getenv("BROOD_CHAOS") == "" {
		runs = 1500 // to make them takes longer than all that is done with them
	}
	if raceEnabled {
		runs = 300 // that are fewer than are old
	}
	c := readChores(t)["5000-old-runs"]
	dir := choreDir(t, map[string]string{"list.txt": "a\nb\nc\n"})
	if said, code := playChore(t, dir, "brood run exec --run first -o first.csv list.txt -- sh -c 'test $0 != b'"); code != 1 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	state := filepath.Join(dir, ".local", "state", "brood", "runs")
	const old = 1000 // of them are 60 days old
	begun := time.Now()
	for i := range runs - 1 {
		age := time.Duration(i+1) * time.Minute
		if i >= runs-old {
			age += 60 * 24 * time.Hour
		}
		copyRun(t, state, "first", fmt.Sprintf("r%04d", i), age)
	}
	t.Logf("made %d runs in %s", runs, time.Since(begun).Round(time.Millisecond))

	list, clean, _ := strings.Cut(c.script(t, "brood"), "\n")
	begun = time.Now()
	said, code := playChore(t, dir, list)
	t.Logf("%s: %s, with the start of a shell", list, time.Since(begun).Round(time.Millisecond))
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if code != 0 || len(lines) != runs+1 || !strings.HasPrefix(lines[1], "first ") || !strings.HasPrefix(lines[2], "r0000 ") {
		t.Errorf("exit status %d, %d lines\n%s", code, len(lines), strings.Join(lines[:min(4, len(lines))], "\n"))
	}
	for _, name := range []string{"ledger.db-shm", "ledger.db-wal"} {
		if left, err := filepath.Glob(filepath.Join(state, "*", name)); err != nil || len(left) > 0 {
			t.Errorf("%d files %s are left, %v", len(left), name, err)
		}
	}
	begun = time.Now()
	said, code = playChore(t, dir, clean)
	t.Logf("%s: %s", strings.TrimSpace(clean), time.Since(begun).Round(time.Millisecond))
	if code != 0 {
		t.Errorf("exit status %d\n%s", code, said)
	}
	want := runs - (old - 1) // of the copies so many are old
	if raceEnabled {
		want = 100 // all are old but the first, and so many are kept
	}
	if left, err := os.ReadDir(state); err != nil || len(left) != want {
		t.Errorf("%d runs are left, want %d, %v\n%s", len(left), want, err, said)
	}
}

// copyRun makes another run of one that is done, so old.
func copyRun(t *testing.T, runs, from, to string, age time.Duration) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(runs, to), 0o700); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(runs, from))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(runs, from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() == "summary.json" {
			continue
		}
		if err := os.WriteFile(filepath.Join(runs, to, e.Name()), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(runs, from, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var summary map[string]any
	if err := json.Unmarshal(text, &summary); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age).UTC().Format("2006-01-02T15:04:05.000Z")
	summary["name"], summary["started_at"], summary["finished_at"], summary["session_at"] = to, at, at, at
	for member, name := range map[string]string{"ledger": "ledger.db", "seal": "ledger.seal"} {
		st, err := os.Lstat(filepath.Join(runs, to, name))
		if err != nil {
			t.Fatal(err)
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok {
			t.Fatal("no inode")
		}
		summary[member] = map[string]any{"dev": sys.Dev, "ino": sys.Ino, "size": st.Size(), "time": st.ModTime().UnixNano()}
	}
	if text, err = json.Marshal(summary); err == nil {
		err = os.WriteFile(filepath.Join(runs, to, "summary.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
