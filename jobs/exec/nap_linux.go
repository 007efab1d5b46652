package exec

import (
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nap is how a worker waits for a command that takes its time: in the runtime's poller, which
// gives the processor away and wakes no thread. For that an epoll(7) of its own stands in the
// poller, and the three descriptors of the command are put into it; they leave it as they are
// closed.
type nap struct {
	fd   int
	file *os.File
	conn syscall.RawConn
	none bool // there is no such thing to be had
}

// begin gets ready for the descriptors of a command. It returns false if they cannot be waited
// for in this way.
func (n *nap) begin(fds *[3]unix.PollFd) bool {
	if n.conn == nil && !n.none {
		n.none = !n.open()
	}
	if n.none {
		return false
	}
	for i := range fds {
		e := unix.EpollEvent{Events: unix.EPOLLIN}
		if fds[i].Fd < 0 || rawWatch(n.fd, int(fds[i].Fd), &e) != nil {
			return false
		}
	}
	return true
}

func (n *nap) open() bool {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	_ = unix.SetNonblock(fd, true) // or NewFile does not give it to the poller
	f := os.NewFile(uintptr(fd), "commands")
	conn, err := f.SyscallConn()
	if err != nil || f.SetReadDeadline(time.Time{}) != nil { // the poller does not take it
		_ = f.Close()
		return false
	}
	n.fd, n.file, n.conn = fd, f, conn
	return true
}

// wait is poll(2) for a command that was begun.
func (n *nap) wait(fds *[3]unix.PollFd) error {
	runtime.Gosched() // one that prints all the time would leave others no turn
	var failed error
	err := n.conn.Read(func(uintptr) bool {
		var ready int
		ready, failed = rawPoll(fds[:], 0)
		return ready > 0 || failed != nil
	})
	if failed != nil {
		return failed
	}
	return err
}

func (n *nap) close() error {
	if n.file == nil {
		return nil
	}
	return n.file.Close()
}

// rawWatch puts a descriptor into an epoll.
func rawWatch(epoll, fd int, e *unix.EpollEvent) error {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_CTL, uintptr(epoll), unix.EPOLL_CTL_ADD, uintptr(fd), uintptr(unsafe.Pointer(e)), 0, 0); errno != 0 {
		return errno
	}
	return nil
}
