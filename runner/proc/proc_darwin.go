package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func becomeSubreaper() error { return nil }

// closeInheritedOnExec marks everything above the standard streams.
func closeInheritedOnExec() error {
	for fd := 3; fd < 256; fd++ {
		unix.CloseOnExec(fd)
	}
	return nil
}

func pipeCloexec(fds *[2]int) error {
	if err := syscall.Pipe(fds[:]); err != nil {
		return err
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return nil
}

// SelfExe is the path to start this executable again by.
func SelfExe() (string, error) { return os.Executable() }

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss }

// waitHandle waits for a child's end with a kqueue of its own.
type waitHandle struct{ queue int }

func openHandle(pid int) waitHandle {
	q, err := unix.Kqueue()
	if err != nil {
		return waitHandle{-1}
	}
	unix.CloseOnExec(q)
	ev := unix.Kevent_t{Fflags: unix.NOTE_EXIT}
	unix.SetKevent(&ev, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	// An error means that the child has ended already: wait finds that out.
	_, err = unix.Kevent(q, []unix.Kevent_t{ev}, nil, nil)
	if err != nil {
		_ = unix.Close(q)
		return waitHandle{-1}
	}
	return waitHandle{q}
}

// wait returns when the child has ended. It does not reap it.
func (h waitHandle) wait(pid int) error {
	if h.queue < 0 {
		return nil // it has ended, or the reaping wait4 will do the waiting
	}
	defer func() { _ = unix.Close(h.queue) }()
	for {
		_, err := unix.Kevent(h.queue, nil, make([]unix.Kevent_t, 1), nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("kevent: %w", err)
		}
		return nil
	}
}

// childless is true for childrenOf.
func childless() bool { return true }

// childrenOf finds nobody: there is no subreaper here, so strangers go to
// launchd instead of coming to us.
func childrenOf(int) []int { return nil }

// GrowPipe does nothing: Darwin grows pipes by itself.
func GrowPipe(*os.File) {}
