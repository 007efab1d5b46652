package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

func becomeSubreaper() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// closeInheritedOnExec marks everything above the standard streams.
func closeInheritedOnExec() error {
	const firstFD, lastFD = 3, ^uint(0) >> 32
	err := unix.CloseRange(firstFD, lastFD, unix.CLOSE_RANGE_CLOEXEC)
	if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	// Before Linux 5.11.
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd >= firstFD {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

func pipeCloexec(fds *[2]int) error { return syscall.Pipe2(fds[:], syscall.O_CLOEXEC) }

// SelfExe is the path to start this executable again by. It stays right while
// the binary is replaced on disk.
func SelfExe() (string, error) { return "/proc/self/exe", nil }

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss * 1024 }

// waitHandle waits for a child's end in the runtime's poller, by its pidfd, so
// that a thousand children do not take a thousand threads.
type waitHandle struct{ pidfd *os.File }

// openHandle never fails: without a pidfd (before Linux 5.3) wait blocks a
// thread.
func openHandle(pid int) waitHandle {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return waitHandle{}
	}
	return waitHandle{os.NewFile(uintptr(fd), "pidfd")}
}

// wait returns when the child has ended. It does not reap it.
func (h waitHandle) wait(pid int) error {
	if h.pidfd == nil {
		return waitNoReap(pid, 0)
	}
	defer func() { _ = h.pidfd.Close() }()
	raw, err := h.pidfd.SyscallConn()
	if err != nil {
		return waitNoReap(pid, 0)
	}
	var waitErr error
	err = raw.Read(func(uintptr) bool {
		waitErr = waitNoReap(pid, unix.WNOHANG)
		return !errors.Is(waitErr, errStillRunning)
	})
	if err != nil { // the poller does not take pidfds
		return waitNoReap(pid, 0)
	}
	return waitErr
}

var errStillRunning = errors.New("still running")

func waitNoReap(pid, options int) error {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|options, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case info.Signo == 0 && options&unix.WNOHANG != 0:
			return errStillRunning
		}
		return nil
	}
}

// childless reports whether this process has no children, dead ones included.
func childless() bool {
	for {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
		if !errors.Is(err, unix.EINTR) {
			return errors.Is(err, unix.ECHILD)
		}
	}
}

// childrenOf returns the processes whose parent is pid.
func childrenOf(pid int) []int {
	var out []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended; its children are another's now
		}
		for _, word := range bytes.Fields(b) {
			if n, err := strconv.Atoi(string(word)); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// pipeSize is what the pipes of a worker are made to hold, where allowed.
const pipeSize = 256 << 10

// GrowPipe makes a pipe hold more, if this user may; it works as it is.
func GrowPipe(f *os.File) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize)
	})
}
