package control

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// shortPath names the socket of a run directory.
func shortPath(dir string) (*os.File, string, error) {
	f, err := os.Open(dir)
	return f, socketPath(dir), err
}

// peerUser is the user at the other end of a connection.
func peerUser(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Xucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if credErr != nil {
		return 0, credErr
	}
	return int(cred.Uid), nil
}

// peerStopped is not known here.
func peerStopped(*net.UnixConn) bool { return false }
