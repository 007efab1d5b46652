package control

import (
	"brood/runner/home"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrNotRunning is returned for a run that nobody works on.
var ErrNotRunning = errors.New("it is not running")

// SilentError is that a run is there, and does not answer in time.
type SilentError struct {
	Name    string
	Stopped bool // it cannot, as it was told to stop (SIGSTOP, Ctrl-Z)
}

func (e *SilentError) Error() string {
	if e.Stopped {
		return fmt.Sprintf("run %s does not answer: its process is stopped", e.Name)
	}
	return fmt.Sprintf("run %s does not answer", e.Name)
}

// How long a run has for its answer.
const (
	questionTimeout = time.Second
	orderTimeout    = 10 * time.Second
	reloadTimeout   = 20 * time.Second // which starts workers
)

// Ask asks a run something and returns its answer, which is JSON.
func Ask(ctx context.Context, state, name string, q Question) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	return send(ctx, state, name, http.MethodGet, string(q), nil)
}

// Tell sends an order to a run. If it returns a SilentError the run does not obey later.
func Tell(ctx context.Context, state, name string, o Order, with url.Values) error {
	most := orderTimeout
	if o == OrderReload {
		most = reloadTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	_, err := send(ctx, state, name, http.MethodPost, string(o), with)
	return err
}

// send has a connection of its own, and closes it before it returns. An http.Client would close
// it behind the caller's back, some time later.
func send(ctx context.Context, state, name, method, what string, query url.Values) ([]byte, error) {
	u := url.URL{Scheme: "http", Host: "brood", Path: "/" + what, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Close = true
	var status int
	var body []byte
	conn, err := dial(ctx, home.RunPath(state, name))
	stopped := false
	if err == nil {
		stopped = peerStopped(conn)
		status, body, err = exchange(ctx, conn, req)
		_ = conn.Close()
	}
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNotRunning
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.EAGAIN): // nobody takes it up
		return nil, &SilentError{name, stopped}
	case err != nil:
		return nil, fmt.Errorf("ask run %s: %w", name, err)
	case status != http.StatusOK:
		return nil, fmt.Errorf("run %s: %s", name, string(body[:max(len(body)-1, 0)]))
	}
	return body, nil
}

// dial connects to the socket of a run directory.
func dial(ctx context.Context, dir string) (*net.UnixConn, error) {
	d, path, err := shortPath(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return c.(*net.UnixConn), nil
}

// exchange sends a request and reads the answer. The connection is of no use afterwards.
func exchange(ctx context.Context, conn net.Conn, req *http.Request) (status int, body []byte, err error) {
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			return 0, nil, err
		}
	}
	// Who is told to stop does not wait for the answer.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
	}()
	if err := req.Write(conn); err != nil {
		return 0, nil, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(res.Body)
	_ = res.Body.Close()
	return res.StatusCode, body, err
}

// socketPath is where the socket of a run directory is.
func socketPath(dir string) string { return filepath.Join(dir, SocketName) }
