// Package proc starts, signals and reaps child processes. It knows nothing of
// records.
//
// It promises that every child is reaped with wait4, with its exit status,
// signal and resource use kept; that a child's whole process group goes with
// it; and that no process started by a child outlives [Family.Close], even one
// that has left its group. On Linux it is the subreaper of all its descendants,
// which makes the last promise possible; elsewhere those that leave their group
// are not found.
//
// No descriptor of the parent reaches a child except those in [Spec.Files], not
// even one that the parent itself has inherited.
package proc

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Spec says what to start.
type Spec struct {
	Path string
	Args []string // with the program's name
	Env  []string
	Dir  string
	// Stdin is its standard input; nil: /dev/null. It stays the caller's.
	Stdin *os.File
	// Files become descriptors 3, 4, … of the child. They stay the caller's.
	Files []*os.File
	// Aside says that it is no worker, but a program that this process needs besides, such as
	// ssh: Live does not count it, SignalAll lets it be, and what confines workers does not
	// confine it.
	Aside bool
	// User drops the privileges of the child to those of a user; nil: they stay.
	User *syscall.Credential
}

// Exit is how a child ended.
type Exit struct {
	Status  syscall.WaitStatus
	User    time.Duration // CPU time of the child and the children it waited for
	System  time.Duration
	MaxRSS  int64 // bytes; 0 where nobody can tell, see Child.NotePeak
	Orphans int   // processes of its group that had to be reaped after it
	// OutOfMemory says that the kernel has killed it as it exceeded the limit of
	// its cgroup.
	OutOfMemory bool
}

// String says it in words: "exit status 3", "signal: killed".
func (e Exit) String() string {
	switch {
	case e.Status.Exited():
		return fmt.Sprintf("exit status %d", e.Status.ExitStatus())
	case e.Status.Signaled():
		return fmt.Sprintf("signal: %s", e.Status.Signal())
	default:
		return fmt.Sprintf("wait status %#x", uint32(e.Status))
	}
}

// Child is a process that was started and not yet waited for.
type Child struct {
	PID int
	// Stdout and Stderr are the parent's ends of the pipes the child writes
	// to. The caller closes them.
	Stdout, Stderr *os.File

	family *Family
	aside  bool
	handle waitHandle
	cgroup *cgroup // nil: it has none of its own
	// inherited is what this process had had when it made the child, in bytes of
	// memory, and peak what the child has had.
	inherited int64
	peak      atomic.Int64
}

// Start starts a child in a process group of its own.
func (f *Family) Start(s Spec) (*Child, error) {
	outR, outW, err := pipe()
	if err != nil {
		return nil, err
	}
	errR, errW, err := pipe()
	if err != nil {
		closeAll(outR, outW)
		return nil, err
	}
	defer closeAll(outW, errW)
	stdin := s.Stdin
	if stdin == nil {
		if stdin, err = os.Open(os.DevNull); err != nil {
			closeAll(outR, errR)
			return nil, err
		}
		defer closeAll(stdin)
	}
	fds := []uintptr{stdin.Fd(), outW.Fd(), errW.Fd()}
	for _, file := range s.Files {
		fds = append(fds, file.Fd())
	}
	var group *cgroup
	if !s.Aside {
		group, err = f.cgroups.make()
	}
	if err != nil {
		closeAll(outR, errR)
		return nil, err
	}
	attr := &syscall.SysProcAttr{Setpgid: true, Credential: s.User}
	group.use(attr)
	f.starting.RLock()
	defer f.starting.RUnlock()
	pid, err := syscall.ForkExec(s.Path, s.Args, &syscall.ProcAttr{Dir: s.Dir, Env: s.Env, Files: fds, Sys: attr})
	group.started(pid)
	if err != nil {
		closeAll(outR, errR)
		group.end()
		return nil, fmt.Errorf("start %s: %w", s.Path, err)
	}
	c := &Child{PID: pid, Stdout: outR, Stderr: errR, family: f, aside: s.Aside, handle: openHandle(pid), cgroup: group, inherited: peakOf("self")}
	f.mu.Lock()
	f.live[pid] = c
	f.mu.Unlock()
	return c, nil
}

// Signal sends a signal to the child's process group. It may be called until
// Wait has returned.
func (c *Child) Signal(sig syscall.Signal) {
	// The leader is not reaped while it is in the table, so its number, and
	// with it the group's, cannot have gone to anyone else.
	c.family.mu.Lock()
	defer c.family.mu.Unlock()
	if c.family.live[c.PID] == c {
		_ = syscall.Kill(-c.PID, sig)
	}
}

// SignalLeader sends a signal to the child alone, and not to its group. It may
// be called until Wait has returned.
func (c *Child) SignalLeader(sig syscall.Signal) {
	c.family.mu.Lock()
	defer c.family.mu.Unlock()
	if c.family.live[c.PID] == c {
		_ = syscall.Kill(c.PID, sig)
	}
}

// NotePeak notes how much memory the child has had until now, while it is there to
// be asked. What wait4 tells of a child that has gone counts the memory of this
// process too, of which it was a copy before it became another program; so it means
// something only where it is more than that.
func (c *Child) NotePeak() { c.peak.Store(max(c.peak.Load(), peakOf(strconv.Itoa(c.PID)))) }

// Wait waits for the child to end, kills what is left of its process group,
// and reaps them all. It must be called once for each child.
func (c *Child) Wait() (Exit, error) {
	// First wait without reaping: the group's number stays taken until the
	// rest of it has been killed.
	if err := c.handle.wait(c.PID); err != nil {
		return Exit{}, fmt.Errorf("wait for process %d: %w", c.PID, err)
	}
	c.Signal(syscall.SIGKILL)

	var e Exit
	var usage syscall.Rusage
	if err := c.reap(&e.Status, &usage); err != nil {
		return Exit{}, fmt.Errorf("reap process %d: %w", c.PID, err)
	}
	e.User = time.Duration(usage.Utime.Nano())
	e.System = time.Duration(usage.Stime.Nano())
	e.MaxRSS = c.peak.Load()
	// The kernel counts on each processor and adds up roughly, so a little more than
	// what this process had is still what this process had.
	if most := maxRSS(&usage); most > c.inherited+c.inherited/16 {
		e.MaxRSS = max(e.MaxRSS, most)
	}
	e.Orphans = reapGroup(c.PID)
	e.OutOfMemory = c.cgroup.end()
	return e, nil
}

// reap takes the child out of the process table and out of the family's, in one
// step for everybody else: nobody may signal a number that is free again, or
// take a dead child for a stranger.
func (c *Child) reap(st *syscall.WaitStatus, usage *syscall.Rusage) error {
	c.family.mu.Lock()
	defer c.family.mu.Unlock()
	_, err := wait4(c.PID, st, 0, usage)
	delete(c.family.live, c.PID)
	return err
}

// reapGroup collects what is left of a killed group. It stops at the first
// process that is not our child (yet): those come up in the sweeps.
func reapGroup(pgid int) int {
	n := 0
	for {
		pid, err := wait4(-pgid, nil, syscall.WNOHANG, nil)
		if err != nil || pid <= 0 {
			return n
		}
		n++
	}
}

func wait4(pid int, st *syscall.WaitStatus, options int, ru *syscall.Rusage) (int, error) {
	for {
		got, err := syscall.Wait4(pid, st, options, ru)
		if err != syscall.EINTR {
			return got, err
		}
	}
}

// Stop ends a child that has been told to leave by other means: it waits for
// grace, then asks its group with TERM, waits again, then kills it. The caller
// is the one who waits for it; done is closed when that has happened.
func (c *Child) Stop(ctx context.Context, grace time.Duration, done <-chan struct{}) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t := time.NewTimer(grace)
		select {
		case <-done:
			t.Stop()
			return
		case <-ctx.Done():
			t.Stop()
			c.Signal(syscall.SIGKILL)
			return
		case <-t.C:
		}
		c.Signal(sig)
	}
}
