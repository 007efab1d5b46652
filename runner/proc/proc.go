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
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
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

// Family is all children of this process. There is one for each process.
type Family struct {
	// starting is held for reading while a child is started and not yet known,
	// and for writing while strangers are looked for, so that no new child is
	// taken for one.
	starting sync.RWMutex

	// inherited are the children this process had before it was this program:
	// a shell may have started some and then called exec. They are let be.
	inherited map[int]bool
	cgroups   *cgroups // nil: children stay in ours

	mu   sync.Mutex
	live map[int]*Child
}

// NewFamily makes this process the reaper of all its descendants.
func NewFamily() (*Family, error) {
	if err := becomeSubreaper(); err != nil {
		return nil, fmt.Errorf("become subreaper: %w", err)
	}
	if err := closeInheritedOnExec(); err != nil {
		return nil, fmt.Errorf("mark inherited descriptors close-on-exec: %w", err)
	}
	f := &Family{live: make(map[int]*Child), inherited: make(map[int]bool)}
	for _, pid := range ownChildren() {
		f.inherited[pid] = true
	}
	return f, nil
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

func pipe() (r, w *os.File, err error) { return Pipe(true) }

// Pipe returns a pipe, both ends close-on-exec. The parent's end is
// non-blocking, so that deadlines work on it; the child's end is not, as a
// child may be any program.
func Pipe(parentReads bool) (r, w *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	err = pipeCloexec(&fds)
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	ours := fds[1]
	if parentReads {
		ours = fds[0]
	}
	if err := syscall.SetNonblock(ours, true); err != nil {
		_ = syscall.Close(fds[0])
		_ = syscall.Close(fds[1])
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "|0"), os.NewFile(uintptr(fds[1]), "|1"), nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
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

// Live returns how many children have been started and not yet waited for, without those aside.
func (f *Family) Live() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.live {
		if !c.aside {
			n++
		}
	}
	return n
}

// SignalAll sends a signal to the groups of all children but those aside.
func (f *Family) SignalAll(sig syscall.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for pid, c := range f.live {
		if !c.aside {
			_ = syscall.Kill(-pid, sig)
		}
	}
}

// Sweep kills and reaps strangers: processes that became our children because
// the one that started them has gone, and that had left its group. It returns
// how many there were.
func (f *Family) Sweep() int {
	f.starting.Lock()
	defer f.starting.Unlock()
	n := 0
	for range 100 { // killing a stranger may bring up its own children
		found := f.strangers()
		if len(found) == 0 {
			return n
		}
		for _, pid := range found {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			if got, err := wait4(pid, nil, 0, nil); err == nil && got == pid {
				n++
			}
		}
	}
	return n
}

func (f *Family) strangers() []int {
	var out []int
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, pid := range ownChildren() {
		// What a live worker's group has left behind goes with that group.
		if pgid, err := unix.Getpgid(pid); err == nil && pgid != pid && f.live[pgid] != nil {
			continue
		}
		if f.live[pid] == nil && !f.inherited[pid] {
			out = append(out, pid)
		}
	}
	return out
}

// ownChildren returns the children of this process. To find out which they are, a file of each
// of its threads is read; that there are none, one call says.
func ownChildren() []int {
	if childless() {
		return nil
	}
	return childrenOf(os.Getpid())
}

// Close sweeps for the last time. All children must have been waited for.
func (f *Family) Close() error {
	f.Sweep()
	f.cgroups.close()
	f.mu.Lock()
	n := len(f.live)
	f.mu.Unlock()
	if n > 0 {
		return fmt.Errorf("%d child processes were never waited for", n)
	}
	return nil
}

// KeepFree fails if this process cannot have so many more descriptors at the moment.
func KeepFree(n int) (err error) {
	fds := make([]int, 0, n)
	for range n {
		fd, dupErr := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
		if dupErr != nil {
			if !errors.Is(dupErr, unix.EBADF) { // there is no standard output
				err = os.NewSyscallError("keep descriptors free", dupErr)
			}
			break
		}
		fds = append(fds, fd)
	}
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
	return err
}

// RaiseFileLimit raises the soft limit of open files to the hard one: each
// worker takes five.
func RaiseFileLimit() {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) == nil && l.Cur < l.Max {
		l.Cur = l.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &l)
	}
}
