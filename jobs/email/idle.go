package email

import (
	"brood/jobs/email/reply"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A connection that has nothing to do is closed before the server does that, as it occupies
// a place there; and one that the server has given up meanwhile is not taken for an answer to
// the next message.

// idle closes a connection over which nothing was said for a while.
type idle struct {
	timer   *time.Timer    // nil before the first message
	armed   bool           // it will look; that is not changed for each message, as that costs a wake-up
	since   time.Time      // by the clock on the wall, which goes on while a machine sleeps
	leaving sync.WaitGroup // connections that are being closed
}

// lookAfter is how long a connection was idle that is looked at before it is used again.
const lookAfter = 50 * time.Millisecond

// rest begins the time for which a connection may be idle. The caller holds the lock.
func (s *sender) rest() {
	if s.conn == nil {
		return
	}
	s.idle.since = time.Now().Round(0)
	if s.Idle > 0 && !s.idle.armed {
		s.idle.look(s.Idle, s.leaveIdle)
	}
}

// look does something after a time.
func (d *idle) look(after time.Duration, f func()) {
	d.armed = true
	if d.timer == nil {
		d.timer = time.AfterFunc(after, f)
	} else {
		d.timer.Reset(after)
	}
}

// leaveIdle says good bye to a connection that has been idle for long enough; if it has not,
// it looks again when it may have been. That the next message need not wait for the answer, it
// gets a connection of its own.
func (s *sender) leaveIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle.armed = false
	if s.conn == nil {
		return
	}
	if left := s.Idle - time.Since(s.idle.since); left > 0 {
		s.idle.look(min(left, s.Idle), s.leaveIdle)
		return
	}
	s.leave(s.partFrom())
}

// leave says good bye over a connection that nobody uses any more, while others go on.
func (s *sender) leave(c *client) { s.idle.leaving.Go(c.quit) }

// wake gives a connection up that has been idle for too long, or that the server has given
// up. The caller holds the lock.
func (s *sender) wake() {
	if s.conn == nil {
		return
	}
	was := time.Duration(0)
	if !s.idle.since.IsZero() {
		was = time.Since(s.idle.since)
	}
	switch {
	case s.conn.in.Buffered() > 0 || (was > lookAfter && s.conn.over()):
		_ = s.partFrom().Close() // what it has said belongs to nothing
	case s.Idle > 0 && (was >= s.Idle || was < 0):
		s.leave(s.partFrom())
	}
}

// over reports whether the server has closed a connection, or has said something though
// nothing was asked.
func (c *client) over() bool {
	conn := c.Conn
	if safe, ok := conn.(*tls.Conn); ok {
		conn = safe.NetConn()
	}
	open, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := open.SyscallConn()
	if err != nil {
		return false
	}
	var peekErr error
	err = raw.Control(func(fd uintptr) {
		_, _, peekErr = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && !errors.Is(peekErr, syscall.EAGAIN) && !errors.Is(peekErr, syscall.EINTR)
}

// stale reports whether the first that came of a message over a connection that was used
// before is about the connection and not about the message: it had timed out (x.4.2, as of
// RFC 3463, section 3.5, or in words), or carried as much as it may, or is gone. Nothing was taken.
func stale(at reply.Phase, err error) bool {
	var said *reply.Reply
	if errors.As(err, &said) {
		return at == reply.Mail && (said.Code == 421 || (said.Code/100 == 4 && strings.HasSuffix(said.Enhanced, ".4.2")) || said.SaysTimedOut())
	}
	return (at == reply.Mail || at == reply.Rcpt) && gone(err)
}

// gone reports whether a server has closed a connection.
func gone(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
