package control

import (
	"bytes"
	"cmp"
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
	cred, err := credentials(c)
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}

// peerStopped reports whether the process that listens at the other end is stopped: in
// proc_pid_stat(5) its state is T.
func peerStopped(c *net.UnixConn) bool {
	cred, err := credentials(c)
	if err != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cred.Pid))
	end := bytes.LastIndexByte(stat, ')')
	return err == nil && end >= 0 && bytes.HasPrefix(stat[end:], []byte(") T"))
}

func credentials(c *net.UnixConn) (cred *unix.Ucred, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	return cred, cmp.Or(err, credErr)
}
