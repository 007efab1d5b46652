package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

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
