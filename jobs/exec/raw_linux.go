package exec

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls that return at once, or soon, are made without telling the scheduler. To tell
// it wakes the runtime's sysmon, which then looks every 20 µs for a while what has become of the
// call: where a worker does little else than wait, that costs more than all of its calls.

// rawPipe makes a pipe.
func rawPipe() (r, w int, err error) {
	var fds [2]int32
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PIPE2, uintptr(unsafe.Pointer(&fds)), syscall.O_CLOEXEC, 0); errno != 0 {
		return -1, -1, errno
	}
	return int(fds[0]), int(fds[1]), nil
}

// rawClose closes a descriptor, if it is one.
func rawClose(fd int) {
	if fd >= 0 {
		_, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0)
	}
}

// rawNonblock makes the read end of a pipe non-blocking: whoever has the other end of it may
// open it for reading through /proc, and take what poll(2) has promised.
func rawNonblock(fd int) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFL, syscall.O_NONBLOCK)
}

// rawRead reads from a non-blocking descriptor.
func rawRead(fd int, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

// rawPoll is poll(2), which may take as long as timeout.
func rawPoll(fds []unix.PollFd, timeout time.Duration) (int, error) {
	ts := syscall.NsecToTimespec(int64(timeout))
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds[0])), uintptr(len(fds)), uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// reap takes what has become of a child, which has most likely ended.
func reap(pid int) (ws syscall.WaitStatus, err error) {
	var status int32
	done, _, errno := syscall.RawSyscall6(syscall.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(&status)), syscall.WNOHANG, 0, 0, 0)
	if errno == 0 && int(done) == pid {
		return syscall.WaitStatus(status), nil
	}
	for {
		if _, err = syscall.Wait4(pid, &ws, 0, nil); err != syscall.EINTR {
			return ws, err
		}
	}
}

// hearNoChild has the kernel tell nobody when a child ends: it is waited for. Go's runtime has a
// handler for SIGCHLD, as for every signal, which would be run in one thread or another for
// each command. By default the signal is dropped, and the child stays to be waited for, which
// it does not where the signal is ignored.
func hearNoChild() {
	var byDefault [4]uint64 // struct sigaction: handler, flags, restorer, mask
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGCHLD), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
}
