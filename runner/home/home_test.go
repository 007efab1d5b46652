package home

import (
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/spec"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// private is a state directory that only this user may write in.
func private(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, state, name string) *Dir {
	t.Helper()
	d, err := Open(t.Context(), state, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestState(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	for _, c := range []struct{ given, brood, xdg, want string }{
		{"/given", "/brood", "/xdg", "/given"},
		{"", "/brood", "/xdg", "/brood"},
		{"", "", "/xdg", "/xdg/brood"},
		{"", "", "", "/home/ann/.local/state/brood"},
	} {
		t.Setenv("BROOD_STATE", c.brood)
		t.Setenv("XDG_STATE_HOME", c.xdg)
		if got, err := State(c.given); err != nil || got != c.want {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "nightly-2026.11_1": true, strings.Repeat("x", 64): true, DefaultName("exec", time.Now()): true,
		"": false, ".": false, "..": false, "a/b": false, "a b": false, "ä": false, "a\n": false, strings.Repeat("x", 65): false, "../x": false, ".x": false, "-x": false, "_x": false,
	} {
		if err := CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// counting is a context that tells when it is waited for.
type counting struct {
	context.Context
	waits chan<- struct{}
}

func (c counting) Done() <-chan struct{} {
	select {
	case c.waits <- struct{}{}:
	default:
	}
	return c.Context.Done()
}

// One at a time: a second one is told who the first is, waits if it is to, and gets the
// lock as soon as the first has let go.
func TestOneAtATime(t *testing.T) {
	state := private(t)
	d := open(t, state, "x")
	if !Alive(state, "x") {
		t.Error("nobody is said to hold it")
	}
	_, err := Open(t.Context(), state, "x", 0)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.What != "run" || locked.Name != "x" || !strings.Contains(err.Error(), "process ") {
		t.Fatalf("%v", err)
	}
	if _, err := Open(t.Context(), state, "x", Wait(lockPoll)); !errors.As(err, &locked) {
		t.Errorf("after a moment: %v", err)
	}
	type result struct {
		d   *Dir
		err error
	}
	got := make(chan result)
	waits := make(chan struct{}, 3)
	go func() {
		d, err := Open(counting{t.Context(), waits}, state, "x", WaitForever)
		got <- result{d, err}
	}()
	for range 3 { // it has found the lock held, and waited, and looked again
		select {
		case <-waits:
		case r := <-got:
			t.Fatalf("it has not waited: %v", r.err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	r := <-got
	if r.err != nil {
		t.Fatal(r.err)
	}
	if err := r.d.Close(); err != nil {
		t.Fatal(err)
	}
	if Alive(state, "x") || Alive(state, "nobody") {
		t.Error("somebody is said to hold it")
	}
	open(t, state, "other") // another name is another lock
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	state := private(t)
	open(t, state, "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, state, "x", WaitForever); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A directory that others may write in, or a link, is refused: they could put another ledger
// there.
func TestUnsafeDirectories(t *testing.T) {
	state := private(t)
	if err := os.MkdirAll(filepath.Join(state, "runs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(private(t), RunPath(state, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), state, "link", 0); !errors.Is(err, proc.ErrUnsafe) {
		t.Errorf("a link: %v", err)
	}
	if err := os.Mkdir(RunPath(state, "open"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(RunPath(state, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), state, "open", 0); err == nil {
		t.Error("a directory that all may write in")
	}
	if err := os.Remove(filepath.Join(state, "runs", "link")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var writeErr *spec.WriteError
	if _, err := Open(t.Context(), file, "x", 0); !errors.As(err, &writeErr) {
		t.Errorf("below a file: %v", err)
	}
}

// Workers of an earlier session are waited for, and who waits is told once.
func TestWaitForWorkers(t *testing.T) {
	state := private(t)
	d := open(t, state, "x")
	worker, err := proc.OpenLock(d.File(workersLockName))
	if err != nil {
		t.Fatal(err)
	}
	if err := proc.TryLock(worker); err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{}, 99)
	done := make(chan error)
	go func() { done <- d.WaitForWorkers(t.Context(), func() { told <- struct{}{} }) }()
	<-told
	if err := worker.Close(); err != nil { // it has finished
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(told) > 0 || d.WorkersLock() == nil {
		t.Errorf("told again %d times; lock %v", len(told), d.WorkersLock())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := At(state, "x").WaitForWorkers(ctx, func() {}); err == nil {
		t.Error("it waits for workers no more, and has not got their lock")
	}
}

func TestRemoveAndDiscard(t *testing.T) {
	state := private(t)
	d := open(t, state, "x")
	if begun, err := d.Begun(); begun || err != nil || d.NeverBegun() != nil {
		t.Error("it has begun", err)
	}
	for _, name := range []string{ledger.FileName, ledger.FileName + "-wal", stdinName, stdinName + ".part", groupsName, groupsName + ".part"} {
		if err := os.WriteFile(d.File(name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if begun, err := d.Begun(); !begun || err != nil {
		t.Error("it has not begun", err)
	}
	if err := d.Discard(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(d.Path)
	if err != nil || len(entries) != 1 || entries[0].Name() != lockName {
		t.Errorf("left are %v, %v", entries, err)
	}
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if names, err := Names(state); err != nil || len(names) != 0 {
		t.Errorf("%q, %v", names, err)
	}
	open(t, state, "x") // the name is free
}

func TestNames(t *testing.T) {
	state := private(t)
	if names, err := Names(filepath.Join(state, "none")); err != nil || names != nil {
		t.Errorf("%q, %v", names, err)
	}
	open(t, state, "b")
	open(t, state, "a")
	for _, dir := range []string{".removed-1-x", "not a name"} {
		if err := os.Mkdir(RunPath(state, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(RunPath(state, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if names, err := Names(state); err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%q, %v", names, err)
	}
}

func TestTakeLock(t *testing.T) {
	state := private(t)
	f, err := TakeLock(t.Context(), state, "nightly", "make report", 0)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := TakeLock(t.Context(), state, "nightly", "x", 0); !errors.As(err, &locked) || locked.What != "lock" || !strings.Contains(err.Error(), "(make report)") {
		t.Errorf("%v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f, err = TakeLock(t.Context(), state, "nightly", "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	// What stands in the file is for people: whatever it is, the lock is what counts.
	for _, text := range []string{"", "{}", "not JSON", `{"pid":0}`} {
		if err := os.WriteFile(f.Name(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := TakeLock(t.Context(), state, "nightly", "x", 0); !errors.As(err, &locked) || locked.Holder != "" {
			t.Errorf("%q: %v", text, err)
		}
	}
	_ = f.Close()
}

// A run that another machine may be working on is refused; here, and since the start of the
// machine, the lock is what counts.
func TestCheckOwner(t *testing.T) {
	ctx := t.Context()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, host, boot string
		ok               bool
	}{
		{"this machine", host, ledger.BootID(), true},
		{"this machine, before its last start", host, "another", true},
		{"this machine under another name", "elsewhere", ledger.BootID(), true},
		{"another machine", "elsewhere", "another", false},
	} {
		l, err := ledger.Create(ctx, filepath.Join(t.TempDir(), ledger.FileName), ledger.Run{Name: "x", Job: "echo", Effect: "none", Config: []byte("{}"), StartedAt: time.Now(), Output: "-", OutputFormat: "text"})
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckOwner(ctx, l.Reader(), "x"); err != nil {
			t.Errorf("nobody owns it: %v", err)
		}
		if _, err := l.BeginSession(ctx, ledger.Session{StartedAt: time.Now(), Host: c.host, BootID: c.boot, PID: 4711, Slots: 1}, nil); err != nil {
			t.Fatal(err)
		}
		err = CheckOwner(ctx, l.Reader(), "x")
		var owned *OwnedError
		if (err == nil) != c.ok || (err != nil && (!errors.As(err, &owned) || !strings.Contains(err.Error(), "process 4711 on elsewhere"))) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPaths(t *testing.T) {
	d := At("/state", "x")
	for _, c := range []struct{ got, want string }{
		{d.Path, "/state/runs/x"},
		{d.State(), "/state"},
		{d.StdinPath(), "/state/runs/x/stdin.data"},
		{d.NotesPath(3, 0), "/state/runs/x/pages/3"},
		{d.NotesPath(3, 2), "/state/runs/x/pages/3.2"},
		{LedgerPath("/state", "x"), "/state/runs/x/ledger.db"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}

// TestBegun: a run of which anything is left but its ledger has begun, and is damaged.
func TestBegun(t *testing.T) {
	for _, name := range []string{ledger.SealName, PagesName, workersLockName} {
		d := At(private(t), "x")
		if err := os.MkdirAll(d.File(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if begun, err := d.Begun(); !begun || !errors.Is(err, ledger.ErrDamaged) {
			t.Errorf("with %s left: %v, %v", name, begun, err)
		}
		if err := d.NeverBegun(); !errors.Is(err, ledger.ErrDamaged) {
			t.Errorf("with %s left: %v", name, err)
		}
	}
}

// TestLockRemoved: a run is held though somebody has removed its lock file.
func TestLockRemoved(t *testing.T) {
	state := private(t)
	d := open(t, state, "x")
	if err := os.Remove(d.File(lockName)); err != nil {
		t.Fatal(err)
	}
	if !Alive(state, "x") {
		t.Error("it is not alive")
	}
	var locked *LockedError
	if _, err := Open(t.Context(), state, "x", 0); !errors.As(err, &locked) {
		t.Errorf("%v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if Alive(state, "x") {
		t.Error("it is alive")
	}
}

// TestLockOutput: one run writes to a file at a time, by whatever name.
func TestLockOutput(t *testing.T) {
	state := private(t)
	out := filepath.Join(t.TempDir(), "out")
	if err := errors.Join(os.WriteFile(out, nil, 0o600), os.Link(out, out+".2")); err != nil {
		t.Fatal(err)
	}
	info := func(path string) os.FileInfo {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	x, y := open(t, state, "x"), open(t, state, "y")
	if err := x.LockOutput(out, info(out)); err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if err := y.LockOutput(out+".2", info(out+".2")); !errors.As(err, &locked) || locked.What != "output" {
		t.Errorf("%v", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := y.LockOutput(out, info(out)); err != nil {
		t.Error(err)
	}
	if err := y.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(state, "outputs")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
