package proc

import (
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

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
