package control

import (
	"brood/runner/home"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
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
)

// Ask asks a run something and returns its answer, which is JSON.
func Ask(ctx context.Context, state, name string, q Question) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	return send(ctx, state, name, http.MethodGet, string(q), nil)
}

// Tell sends an order to a run. If it returns a SilentError the run does not obey later.
func Tell(ctx context.Context, state, name string, o Order, with url.Values) error {
	ctx, cancel := context.WithTimeout(ctx, orderTimeout)
	defer cancel()
	_, err := send(ctx, state, name, http.MethodPost, string(o), with)
	return err
}

func send(ctx context.Context, state, name, method, what string, query url.Values) ([]byte, error) {
	dir := home.RunPath(state, name)
	var stopped atomic.Bool // a dial may outlast who waits for it
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			d, path, err := shortPath(dir)
			if err != nil {
				return nil, err
			}
			defer func() { _ = d.Close() }()
			c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
			if err == nil {
				stopped.Store(peerStopped(c.(*net.UnixConn)))
			}
			return c, err
		},
	}}
	u := url.URL{Scheme: "http", Host: "brood", Path: "/" + what, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	var b []byte
	res, err := client.Do(req)
	if err == nil {
		b, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNotRunning
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.EAGAIN): // nobody takes it up
		return nil, &SilentError{name, stopped.Load()}
	case err != nil:
		return nil, fmt.Errorf("ask run %s: %w", name, err)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("run %s: %s", name, string(b[:max(len(b)-1, 0)]))
	}
	return b, nil
}

// socketPath is where the socket of a run directory is.
func socketPath(dir string) string { return filepath.Join(dir, SocketName) }
