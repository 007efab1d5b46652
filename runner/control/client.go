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
	"syscall"
	"time"
)

// ErrNotRunning is returned for a run that nobody works on.
var ErrNotRunning = errors.New("it is not running")

// Ask asks a run something and returns its answer, which is JSON.
func Ask(ctx context.Context, state, name string, q Question) ([]byte, error) {
	return send(ctx, state, name, http.MethodGet, string(q), nil)
}

// Tell sends an order to a run.
func Tell(ctx context.Context, state, name string, o Order, with url.Values) error {
	_, err := send(ctx, state, name, http.MethodPost, string(o), with)
	return err
}

func send(ctx context.Context, state, name, method, what string, query url.Values) ([]byte, error) {
	dir := home.RunPath(state, name)
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			d, path, err := shortPath(dir)
			if err != nil {
				return nil, err
			}
			defer func() { _ = d.Close() }()
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}
	u := url.URL{Scheme: "http", Host: "brood", Path: "/" + what, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("ask run %s: %w", name, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("ask run %s: %w", name, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("run %s: %s", name, string(b[:max(len(b)-1, 0)]))
	}
	return b, nil
}

// socketPath is where the socket of a run directory is.
func socketPath(dir string) string { return filepath.Join(dir, SocketName) }
