package worker

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// pipe is one of the worker's own pipes. It waits in the runtime's poller, and reads and writes
// without telling the scheduler (readNow, writeNow), as neither can block.
//
// That is what makes a worker cheap that mostly waits. An ordinary system call of a process
// whose processors are all idle wakes the runtime's monitor: a futex, and some naps of 20 µs
// until it is idle again, for every record. A reader that is woken by the poller wakes nobody.
// (runtime/proc.go: sysmonwait in reentersyscall and exitsyscallTryGetP, and not in findRunnable.)
type pipe struct {
	file *os.File
	conn syscall.RawConn
	// What a call is about: the functions are made once, as each would be an allocation.
	read, write func(fd uintptr) bool
	p           []byte
	n           int
	err         error
}

// newPipe takes over a descriptor. It is never closed: that is left to the end of the process.
func newPipe(fd int, name string) (*pipe, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), name)
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	f := &pipe{file: file, conn: conn}
	f.read = func(fd uintptr) bool { return f.try(readNow, fd) }
	f.write = func(fd uintptr) bool { return f.try(writeNow, fd) }
	return f, nil
}

// try makes a system call, and reports false if it has to be waited for.
func (f *pipe) try(call func(fd int, p []byte) (int, error), fd uintptr) bool {
	for {
		f.n, f.err = call(int(fd), f.p)
		if f.err != syscall.EINTR {
			return f.err != syscall.EAGAIN
		}
	}
}

// Read waits until there is something, and reads it.
func (f *pipe) Read(p []byte) (int, error) {
	f.p = p
	err := f.conn.Read(f.read)
	n := f.n
	f.p = nil
	switch {
	case err != nil || f.err != nil:
		return 0, errors.Join(err, f.err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// Write writes all of p.
func (f *pipe) Write(p []byte) (int, error) {
	for done := 0; done < len(p); done += f.n {
		f.p = p[done:]
		err := f.conn.Write(f.write)
		f.p = nil
		if err != nil || f.err != nil {
			return done, errors.Join(err, f.err)
		}
	}
	return len(p), nil
}

// interrupt ends a Read that waits, and all that come after it, with os.ErrDeadlineExceeded.
func (f *pipe) interrupt() { _ = f.file.SetReadDeadline(time.Unix(1, 0)) }
