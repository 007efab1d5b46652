package control

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// shortPath names the socket of a run directory by a path that is short enough
// for one, however deep the directory lies: 108 bytes are all there are. The
// path is good while the directory is open.
func shortPath(dir string) (*os.File, string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, "", err
	}
	return f, socketPath(fmt.Sprintf("/proc/self/fd/%d", f.Fd())), nil
}

// peerUser is the user at the other end of a connection.
func peerUser(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if credErr != nil {
		return 0, credErr
	}
	return int(cred.Uid), nil
}
