// Package quickio reads and writes descriptors that do not block without telling Go's scheduler.
//
// That is what makes a process cheap that mostly waits. An ordinary system call of one whose
// processors are all idle wakes the runtime's monitor: a futex, and some naps of 20 µs until it is
// idle again, for every record. A reader that is woken by the runtime's poller wakes nobody.
// (runtime/proc.go: sysmonwait in reentersyscall and exitsyscallTryGetP, and not in findRunnable.)
// A call that blocks would stop all of the process's goroutines with it, and the collector of
// garbage: so the descriptor must be one that does not.
package quickio

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// File is one end of a pipe. It waits in the runtime's poller. One goroutine may read it and
// another write it.
type File struct {
	file    *os.File
	conn    syscall.RawConn
	in, out side
}

// side is what a call is about. Its function is made once, as each would be an allocation.
type side struct {
	call func(fd uintptr) bool
	p    []byte
	n    int
	err  error
}

// New takes over a descriptor.
func New(fd int, name string) (*File, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return Of(os.NewFile(uintptr(fd), name))
}

// Of reads and writes an open file, which must be in the runtime's poller: a pipe of package os, say.
func Of(file *os.File) (*File, error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	f := &File{file: file, conn: conn}
	f.in.call = func(fd uintptr) bool { return f.in.try(Read, fd) }
	f.out.call = func(fd uintptr) bool { return f.out.try(Write, fd) }
	return f, nil
}

// try makes a system call, and reports false if it has to be waited for.
func (s *side) try(call func(fd int, p []byte) (int, error), fd uintptr) bool {
	for {
		if s.n, s.err = call(int(fd), s.p); s.err == nil {
			return true
		}
		if !errors.Is(s.err, syscall.EINTR) {
			return !errors.Is(s.err, syscall.EAGAIN)
		}
	}
}

// Read waits until there is something, and reads it.
func (f *File) Read(p []byte) (int, error) {
	s := &f.in
	s.p, s.n, s.err = p, 0, nil
	err := f.conn.Read(s.call)
	s.p = nil
	switch {
	case err != nil:
		return 0, f.worded(err)
	case s.err != nil:
		return 0, os.NewSyscallError("read", s.err)
	case s.n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return s.n, nil
}

// Write writes all of p.
func (f *File) Write(p []byte) (int, error) {
	s := &f.out
	for done := 0; done < len(p); done += s.n {
		s.p, s.n, s.err = p[done:], 0, nil
		err := f.conn.Write(s.call)
		s.p = nil
		if err != nil {
			return done, f.worded(err)
		}
		if s.err != nil {
			return done, os.NewSyscallError("write", s.err)
		}
	}
	return len(p), nil
}

// File is the open file.
func (f *File) File() *os.File { return f.file }

// Interrupt ends a Read that waits, and all that come after it, with os.ErrDeadlineExceeded.
func (f *File) Interrupt() { _ = f.file.SetReadDeadline(time.Unix(1, 0)) }

// Close closes it; whoever waits gets os.ErrClosed.
func (f *File) Close() error { return f.file.Close() }

// worded is an error of the poller as package os has it.
func (f *File) worded(err error) error {
	if err != nil && err.Error() == "use of closed file" { // poll.ErrFileClosing, which is internal
		return os.ErrClosed
	}
	return err
}
