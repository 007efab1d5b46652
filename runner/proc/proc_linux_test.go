package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestExit: how a child ended is known, in words and in numbers.
func TestExit(t *testing.T) {
	f := newFamily(t)
	for name, want := range map[string]string{"exit-3": "exit status 3", "killed": "signal: killed"} {
		c := start(t, f, name)
		e := wait(t, c)
		if e.String() != want || e.Orphans != 0 || e.OutOfMemory || f.Live() != 0 || !gone(c.PID) {
			t.Errorf("%s: %s, %+v; %d live", name, e, e, f.Live())
		}
		if e.User+e.System <= 0 || e.User+e.System > time.Minute {
			t.Errorf("%s used %s and %s", name, e.User, e.System)
		}
		if _, err := c.Wait(); err == nil {
			t.Errorf("%s was reaped twice", name)
		}
		c.Signal(syscall.SIGKILL) // to nobody
	}
}

// TestStart: a child gets what its Spec says and nothing else: no descriptor, no
// input, no variable.
func TestStart(t *testing.T) {
	f := newFamily(t)
	// One that this process was started with, as a shell may do it.
	given, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("for you"); err != nil {
		t.Fatal(err)
	}
	closeAll(w)
	defer closeAll(given)
	dir := t.TempDir()
	c := start(t, f, "show", func(s *Spec) {
		s.Args, s.Dir, s.Env = []string{"brood", "a b", ""}, dir, []string{helperMark + "=show", atOnce}
		s.Files = []*os.File{given, given}
	})
	out, err := io.ReadAll(c.out)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"stdin 0 <nil>", "dir " + dir, "args a b|", "env 2",
		"fd 0", "fd 1", "fd 2", "fd 3", "fd 4", "given for you <nil>", "group true", "",
	}
	if got := strings.Split(string(out), "\n"); !slices.Equal(got, want) {
		t.Errorf("the child has\n%s\nwant\n%s", out, strings.Join(want, "\n"))
	}
	if said, err := io.ReadAll(c.Stderr); string(said) != "on standard error\n" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
	if e := wait(t, c); !e.Status.Exited() || e.Status.ExitStatus() != 0 {
		t.Error(e)
	}
	if _, err := given.Stat(); err != nil {
		t.Errorf("the caller's file: %v", err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// TestStartFails: what cannot be started leaves nothing open and nobody to wait for.
func TestStartFails(t *testing.T) {
	f := newFamily(t)
	noProgram := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(noProgram, []byte("x"), 0o700); err != nil {
		t.Fatal(err)
	}
	wait(t, start(t, f, "exit-3")) // the runtime opens files of its own for the first one
	before := openFiles(t)
	for path, want := range map[string]error{"/none/at/all": syscall.ENOENT, noProgram: syscall.ENOEXEC, "/": syscall.EACCES} {
		c, err := f.Start(Spec{Path: path, Args: []string{"x"}})
		if !errors.Is(err, want) || c != nil || f.Live() != 0 {
			t.Errorf("%s: %v, want %v; %d live", path, err, want, f.Live())
		}
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d open files, before there were %d", after, before)
	}
}

// TestGroup: what a child leaves in its process group is killed and reaped with it.
func TestGroup(t *testing.T) {
	f := newFamily(t)
	c := start(t, f, "leave-one")
	left := c.pid(t)
	if e := wait(t, c); e.String() != "exit status 0" || e.Orphans > 1 {
		t.Errorf("%s, %d orphans", e, e.Orphans)
	}
	// It has been killed. That it is dead may take a moment; then a sweep would reap it.
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !gone(left); <-tick.C {
		if _, err := wait4(left, nil, syscall.WNOHANG, nil); err != nil && !gone(left) || time.Now().After(deadline) {
			t.Fatalf("what it left behind is still there: %v", err)
		}
	}
}

// TestSweep: a process that has left the group of the child that started it is
// found when that has gone, and nobody else is.
func TestSweep(t *testing.T) {
	// This process has had it before it was brood.
	other := exec.Command("/bin/sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	f := newFamily(t)
	lives := start(t, f, "keep-orphan")
	orphan := lives.pid(t)
	lives.line(t)
	c := start(t, f, "leave-stranger")
	stranger := c.pid(t)
	if e := wait(t, c); e.Orphans != 0 || gone(stranger) {
		t.Errorf("%d orphans, the one that had left its group has gone: %v", e.Orphans, gone(stranger))
	}
	if n := f.Sweep(); n != 1 || !gone(stranger) {
		t.Errorf("%d were swept, the stranger has gone: %v", n, gone(stranger))
	}
	if n := f.Sweep(); n != 0 {
		t.Errorf("%d more were swept", n)
	}
	if gone(lives.PID) || gone(orphan) || gone(other.Process.Pid) {
		t.Errorf("swept away: a live child %v, what it has started %v, an inherited child %v", gone(lives.PID), gone(orphan), gone(other.Process.Pid))
	}
	lives.Signal(syscall.SIGKILL)
	if n := wait(t, lives).Orphans + f.Sweep(); n != 1 || !gone(orphan) {
		t.Errorf("%d reaped with the other child, its own has gone: %v", n, gone(orphan))
	}
	if err := errors.Join(other.Process.Kill(), f.Close()); err != nil {
		t.Error(err)
	}
	_ = other.Wait()
}

// TestClose: a child that nobody has waited for is a mistake that is told.
func TestClose(t *testing.T) {
	f := newFamily(t)
	c := start(t, f, "ignore-term")
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), "1 child") {
		t.Errorf("%v", err)
	}
	f.SignalAll(syscall.SIGKILL)
	if e := wait(t, c); e.String() != "signal: killed" {
		t.Error(e)
	}
}

// TestSignals: a signal goes to the whole group, or to the leader alone.
func TestSignals(t *testing.T) {
	f := newFamily(t)
	c := start(t, f, "signals")
	for c.line(t) != "ready" {
	}
	c.SignalLeader(syscall.SIGTERM)
	if got := c.line(t); got != "leader terminated" {
		t.Errorf("%q", got)
	}
	c.Signal(syscall.SIGHUP)
	got := []string{c.line(t), c.line(t)}
	slices.Sort(got)
	if !slices.Equal(got, []string{"leader hangup", "other hangup"}) {
		t.Errorf("%q", got)
	}
	f.SignalAll(syscall.SIGKILL)
	if e := wait(t, c); e.String() != "signal: killed" {
		t.Error(e)
	}
}

// TestStop: a child that does not leave is asked, then killed; one that has left
// gets no signal, and when there is no time for that it is killed at once.
func TestStop(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	sleep := func(s *Spec) { s.Path, s.Args = "/bin/sleep", []string{"sleep", "60"} }
	for name, c := range map[string]struct {
		ctx    context.Context
		grace  time.Duration
		helper string
		change func(*Spec)
		want   string
	}{
		"asked":     {t.Context(), time.Millisecond, "", sleep, "signal: terminated"},
		"obstinate": {t.Context(), time.Millisecond, "ignore-term", func(*Spec) {}, "signal: killed"},
		"no time":   {ended, time.Hour, "", sleep, "signal: killed"},
		"has left":  {t.Context(), time.Hour, "exit-3", func(*Spec) {}, "exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			ch := start(t, newFamily(t), c.helper, c.change)
			if c.helper == "ignore-term" {
				ch.line(t)
			}
			done := make(chan struct{})
			stopped := make(chan struct{})
			go func() {
				ch.Stop(c.ctx, c.grace, done)
				close(stopped)
			}()
			e := wait(t, ch)
			close(done)
			<-stopped
			if e.String() != c.want {
				t.Errorf("%s, want %s", e, c.want)
			}
		})
	}
}

func TestExitString(t *testing.T) {
	for status, want := range map[syscall.WaitStatus]string{
		0: "exit status 0", 75 << 8: "exit status 75", 9: "signal: killed", 11 | 0x80: "signal: segmentation fault", 0x137f: "wait status 0x137f",
	} {
		if got := (Exit{Status: status}).String(); got != want {
			t.Errorf("%#x is %q, want %q", uint32(status), got, want)
		}
	}
}

// TestPipe: neither end reaches a program that is started, and only the parent's
// does not block.
func TestPipe(t *testing.T) {
	for _, parentReads := range []bool{true, false} {
		r, w, err := Pipe(parentReads)
		if err != nil {
			t.Fatal(err)
		}
		defer closeAll(r, w)
		for f, ours := range map[*os.File]bool{r: parentReads, w: !parentReads} {
			fd := descriptor(t, f)
			if !closesOnExec(t, fd) {
				t.Errorf("%s is inherited", f.Name())
			}
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			if nonblock := flags&unix.O_NONBLOCK != 0; err != nil || nonblock != ours {
				t.Errorf("parent reads %v: %s does not block: %v, %v", parentReads, f.Name(), nonblock, err)
			}
		}
		if parentReads {
			if err := r.SetReadDeadline(time.Now()); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a read whose time is over: %v", err)
			}
		}
	}
}

// descriptor is a file's number, without making it block as Fd would.
func descriptor(t *testing.T, f *os.File) (fd int) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err == nil {
		err = raw.Control(func(n uintptr) { fd = int(n) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func closesOnExec(t *testing.T, fd int) bool {
	t.Helper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil {
		t.Fatal(err)
	}
	return flags&unix.FD_CLOEXEC != 0
}

// TestInherited: a descriptor that this process has from its parent goes no further.
func TestInherited(t *testing.T) {
	fd, err := unix.Dup(1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if closesOnExec(t, fd) {
		t.Fatal("it would not have been inherited")
	}
	newFamily(t)
	if !closesOnExec(t, fd) || closesOnExec(t, 1) || closesOnExec(t, 2) {
		t.Error(fmt.Sprint(closesOnExec(t, fd), closesOnExec(t, 1), closesOnExec(t, 2)))
	}
}

// TestAside: a program that this process needs besides has the standard input that it is given, is
// no worker and is let be, and is no stranger either.
func TestAside(t *testing.T) {
	f := newFamily(t)
	r, w, err := Pipe(false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Start(Spec{Path: "/bin/cat", Args: []string{"cat"}, Stdin: r, Aside: true})
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	if n := f.Live(); n != 0 {
		t.Errorf("%d workers live", n)
	}
	f.SignalAll(syscall.SIGKILL)
	f.Sweep()
	if err := f.Close(); err == nil {
		t.Error("nobody has waited for it, and nobody says so")
	}
	if _, err := w.WriteString("still here"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if said, err := io.ReadAll(c.Stdout); string(said) != "still here" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
	if e, err := c.Wait(); err != nil || e.String() != "exit status 0" {
		t.Error(e, err)
	}
}
