package control

import (
	"brood/runner/home"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
)

// Serve answers at the socket of a run directory until ctx ends.
func Serve(ctx context.Context, d *home.Dir, h http.Handler) error {
	l, err := listen(d)
	if err != nil {
		return err
	}
	_ = ServeConnections(ctx, ownListener{l}, h)
	_ = os.Remove(d.File(SocketName))
	return nil
}

// listen makes the socket. What a killed session has left is replaced:
// this process has the run's lock.
func listen(d *home.Dir) (net.Listener, error) {
	if err := os.Remove(d.File(SocketName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	dir, path, err := shortPath(d.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // by that path it is not there later
	return l, os.Chmod(d.File(SocketName), 0o600)
}

// ownListener takes connections of this user and of root only.
type ownListener struct{ net.Listener }

func (l ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := peerUser(c.(*net.UnixConn)); err == nil && (uid == os.Geteuid() || uid == 0) {
			return c, nil
		}
		_ = c.Close()
	}
}
