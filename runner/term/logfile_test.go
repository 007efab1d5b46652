package term

import (
	"brood/jobs/jobtest/needs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLogFile: lines are added with their time, what was there stays, and a file that was moved
// away is made anew, by the next line or at once.
func TestLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	term := New(Options{Out: l, Progress: ProgressAlways, Journal: true})
	term.Logf("one")
	term.Worker(2, 7, "stdout", "two")
	term.Update(Snapshot{Final: 1})
	term.Flush()
	if got := read(t, path); !regexp.MustCompile(`^before\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z brood: one\n[^ ]* brood: \[slot 2 record 7 stdout\] two\n$`).MatchString(got) {
		t.Errorf("%q", got)
	}
	for i, again := range []func(){func() {}, func() { term.Reopen() }} {
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		again()
		if _, err := os.Stat(path); (err == nil) != (i == 1) {
			t.Errorf("%d: %v", i, err)
		}
		term.Logf("three")
		term.Flush()
		if got := read(t, path); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "three\n") {
			t.Errorf("%q", got)
		}
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	if err := term.Close(); err != nil {
		t.Error(err)
	}
}

// TestLogFileNoRoom: a write that fails is no error, what is lost is counted, and the next that
// succeeds says so; where the file cannot be made the old one is used on.
func TestLogFileNoRoom(t *testing.T) {
	dir := t.TempDir()
	path, full := filepath.Join(dir, "log"), "/dev/full"
	if _, err := os.Stat(full); err != nil {
		needs.Missing(t, "no device is full here")
	}
	if err := os.Symlink(full, path); err != nil {
		t.Fatal(err)
	}
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	term := New(Options{Out: l})
	term.Logf("one\ntwo")
	term.Flush()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	term.Logf("three")
	term.Flush()
	if got := read(t, path); !strings.Contains(got, "… 2 lines lost: write "+path+": no space left on device\n") || !strings.HasSuffix(got, "three\n") {
		t.Errorf("%q", got)
	}
	if err := os.Rename(dir, dir+".moved"); err != nil {
		t.Fatal(err)
	}
	term.Logf("four")
	term.Flush()
	if got := read(t, filepath.Join(dir+".moved", "log")); !strings.HasSuffix(got, "four\n") {
		t.Errorf("%q", got)
	}
	_ = term.Close()
	if _, err := OpenLog(path); err == nil {
		t.Error("there is no such directory")
	}
	_ = os.RemoveAll(dir + ".moved")
}

// TestLogFileTorn: a line that was cut off does not run into the next.
func TestLogFileTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	l.torn = true
	_, _ = l.Write([]byte("a\n"))
	_, _ = l.Write([]byte("b\n"))
	if got := read(t, path); got != "\na\nb\n" {
		t.Errorf("%q", got)
	}
	_ = l.Close()
}

// TestPriorities: each line has one in the journal, also the second of two that were said
// together, and no worker can say another.
func TestPriorities(t *testing.T) {
	var b strings.Builder
	term := New(Options{Out: &b, Progress: ProgressNever, Journal: true})
	term.Logf("one\n<0>two")
	term.Worker(1, -1, "stdout", "<0>three")
	term.Worker(1, -1, "stderr", "four")
	term.Plain("brood: five\n  six\n")
	term.Flush()
	if got, want := b.String(), "<5>brood: one\n<5><0>two\n<6>brood: [slot 1 stdout] <0>three\n<4>brood: [slot 1 stderr] four\n<3>brood: five\n<3>  six\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
