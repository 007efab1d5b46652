package beanstalk

import (
	"net"
	"syscall"
)

// leastReply is how short a reply is at least: "BURIED" and its line end.
const leastReply = 8

// several reads the replies to several commands. beanstalkd writes each by itself; to be woken for each would cost more than all
// else, so the kernel is told how many bytes are worth it (SO_RCVLOWAT, socket(7)): as few as what is still to come has at
// least.
type several struct {
	net  *net.TCPConn
	raw  syscall.RawConn // nil: it cannot be told
	left int             // replies that have not been read to their ends
	low  int             // what the kernel was told
	set  func(fd uintptr)
	err  error // of set
}

func newSeveral(c *net.TCPConn) *several {
	s := &several{net: c, low: 1}
	s.raw, _ = c.SyscallConn()
	s.set = func(fd uintptr) {
		s.err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, s.low)
	}
	return s
}

// Read reads what has come, and waits for enough.
func (s *several) Read(p []byte) (int, error) {
	s.worth(max(s.left-1, 0)*leastReply + 1) // of the first one a byte may be all that is missing
	return s.net.Read(p)
}

func (s *several) worth(low int) {
	if s.raw == nil || s.low == low {
		return
	}
	s.low = low
	if err := s.raw.Control(s.set); err != nil || s.err != nil {
		s.raw = nil // it reads one by one
	}
}
