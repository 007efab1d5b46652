// Package quickconn makes a connection cheap over which a job says little and waits for what is
// answered, again and again.
//
// What package net does for each read and write costs more than the kernel's part of it:
//
//   - Go's scheduler is told of each system call, and wakes the thread that looks after such calls,
//     in a worker that does nothing else anyway. A socket never blocks: so here the call is made
//     without telling, and where there is nothing to read yet, the runtime's poller waits.
//   - A deadline is a timer that is set anew before each read and write. Here a deadline is a number,
//     and the timer is set once for a while; when it ends and the deadline has not come, it is set again.
//
// What it promises is what net.Conn does: deadlines that are set while somebody waits count at
// once, Close wakes whoever waits, and errors are those of the connection below, word for word.
// Encryption goes on top: the connection that is given to package tls is this one.
package quickconn

import (
	"brood/jobs/quickio"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// ahead is how far in the future a timer is set at most, so how often it is set.
const ahead = time.Minute

// Conn is a connection over a socket. Several goroutines may use it.
type Conn struct {
	net.Conn
	raw     syscall.RawConn
	in, out side
}

// side is what one direction of a connection needs.
type side struct {
	io   sync.Mutex // one read, or write, at a time
	p    []byte     // of that: what is left to be done
	n    int        // of that: bytes done by the last call
	err  error      // of the last call
	call func(fd uintptr) (ready bool)

	mu    sync.Mutex
	until time.Time // the deadline; zero: there is none
	armed time.Time // when the timer ends; zero: it does not run
	set   func(time.Time) error
}

// New makes a connection cheap. One that is no socket, as those of tests, is given back as it is.
func New(c net.Conn) net.Conn {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return c
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return c
	}
	out := &Conn{Conn: c, raw: raw}
	out.in.set, out.out.set = c.SetReadDeadline, c.SetWriteDeadline
	out.in.call = func(fd uintptr) bool { return out.in.try(fd, quickio.Read) }
	out.out.call = func(fd uintptr) bool { return out.out.try(fd, quickio.Write) }
	return out
}

// SyscallConn gives the socket to who wants to look at it.
func (c *Conn) SyscallConn() (syscall.RawConn, error) { return c.raw, nil }

// try makes a call, and reports false if it is to be made again when the socket is ready.
func (s *side) try(fd uintptr, call func(fd int, p []byte) (int, error)) bool {
	for {
		n, err := call(int(fd), s.p)
		switch {
		case err == nil:
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return false
		}
		s.n, s.err = n, err
		return true
	}
}

// Read reads what there is, and waits until there is something.
func (c *Conn) Read(p []byte) (int, error) {
	c.in.io.Lock()
	defer c.in.io.Unlock()
	if len(p) == 0 {
		return c.Conn.Read(p) // it tells whether the connection is closed, or the deadline over
	}
	c.in.p = p
	err := c.in.do(c.raw.Read)
	c.in.p = nil
	switch {
	case err != nil:
		return 0, c.worded("read", err)
	case c.in.err != nil:
		return 0, c.worded("read", os.NewSyscallError("read", c.in.err))
	case c.in.n == 0:
		return 0, io.EOF
	}
	return c.in.n, nil
}

// Write writes all of p, or says how much and why not more.
func (c *Conn) Write(p []byte) (int, error) {
	c.out.io.Lock()
	defer c.out.io.Unlock()
	if len(p) == 0 {
		return c.Conn.Write(p)
	}
	defer func() { c.out.p = nil }()
	for done := 0; ; {
		c.out.p = p[done:]
		if err := c.out.do(c.raw.Write); err != nil {
			return done, c.worded("write", err)
		}
		if c.out.err != nil {
			return done, c.worded("write", os.NewSyscallError("write", c.out.err))
		}
		if done += c.out.n; done == len(p) {
			return done, nil
		}
	}
}

// do makes the call of a direction when the socket is ready, unless the deadline comes before.
func (s *side) do(with func(func(uintptr) bool) error) error {
	for {
		if err := s.arm(); err != nil {
			return err
		}
		err := with(s.call)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || s.over() {
			return err
		}
	}
}

// arm sets the timer, unless it runs and ends before the deadline.
func (s *side) arm() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until.IsZero() && s.armed.IsZero() {
		return nil
	}
	now := time.Now()
	if s.armed.After(now) && (s.until.IsZero() || !s.armed.After(s.until)) {
		return nil
	}
	return s.wind(now)
}

// wind sets the timer for the deadline, or a while. The caller holds the lock.
func (s *side) wind(now time.Time) error {
	s.armed = s.until
	if last := now.Add(ahead); s.armed.After(last) {
		s.armed = last
	}
	return s.set(s.armed)
}

// over reports whether the deadline has come, and not only the end of a while.
func (s *side) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.until.IsZero() && !time.Now().Before(s.until)
}

// limit sets the deadline. One that comes before the timer ends winds that anew, as somebody may
// wait for it.
func (s *side) limit(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until = t; t.IsZero() || !s.armed.IsZero() && !s.armed.After(t) {
		return nil
	}
	return s.wind(time.Now())
}

// SetReadDeadline is that of net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.in.limit(t) }

// SetWriteDeadline is that of net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.out.limit(t) }

// SetDeadline is that of net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.in.limit(t), c.out.limit(t))
}

// worded words an error as package net does.
func (c *Conn) worded(op string, err error) error {
	var below *net.OpError
	if errors.As(err, &below) {
		err = below.Err
	}
	return &net.OpError{Op: op, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
