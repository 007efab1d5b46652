// Package gearman is the client of a Gearman job server: a queue.Client over its binary protocol, as gearmand 1.1 speaks it
// (its PROTOCOL document). No module for it is served any more, so the worker's side of the protocol is written here.
//
// What it keeps, as gearmand is:
//
//   - A job belongs to the connection that was assigned it, for as long as that lasts: there is no lease, no touch and no
//     delay. When the connection ends, the server gives all its jobs to others, or throws them away if it was started with
//     --job-retries and they were tried as often.
//   - One job can only be given back by ending its connection. So up to 64 jobs have a connection each; beyond that they
//     share, and one that is given back is delivered again when those it shares with are answered, too.
//   - The server confirms no WORK_COMPLETE and no WORK_FAIL. So each is followed by an ECHO_REQ: a connection's packets are
//     worked off in their order, so its answer says that the server has done what was before it.
//   - WORK_FAIL is for ever: what has failed, and what is unknown, is kept by brood's ledger only. Its text goes before it
//     as a WORK_WARNING, to a client that waits in the foreground; so does what a job came to, with WORK_COMPLETE.
//   - A job's ID is its unique, or its handle when it has none; its token is the handle. A unique may be used again, and
//     while one is queued the server swallows another body that is put with it.
//   - A job of an earlier session is nobody's; it cannot be answered before it has come again (ErrLost), and a server that
//     does not know it any more says so (ErrGone).
package gearman

import (
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// client is a queue.Client. Its mutex is for what it knows of its connections, and is never held while one is used.
type client struct {
	spec     queue.Spec
	addr     string
	function string

	mu     sync.Mutex
	conns  []*conn
	serial int
	closed bool
}

// held is what a job's Hold is. Its fields are guarded by client.mu.
type held struct {
	conn     *conn
	handle   string
	answered bool
}

// errClosed is what is said after Close.
var errClosed = errors.New("the client is closed")

const (
	dialWait   = 5 * time.Second
	answerWait = 10 * time.Second
)

// Open connects to the server of a queue's URL, gearman://HOST[:4730]/FUNCTION.
func Open(ctx context.Context, s queue.Spec) (queue.Client, error) {
	u := s.URL
	switch {
	case u.Host == "":
		return nil, fmt.Errorf("%s: it names no host; it is gearman://HOST[:4730]/FUNCTION", u)
	case u.Path == "":
		return nil, fmt.Errorf("%s: it names no function; it is gearman://HOST[:4730]/FUNCTION", u)
	case u.User != "" || u.Password != "":
		return nil, fmt.Errorf("%s: Gearman has no users and no passwords", u)
	case strings.ContainsAny(u.Path, "\x00\t\r\n") || len(u.Path) > 512:
		return nil, fmt.Errorf("%s: the function's name must be of at most 512 bytes, on one line", u)
	}
	for name := range u.Query {
		return nil, fmt.Errorf("%s: %s means nothing here", u, name)
	}
	c := &client{spec: s, addr: u.Host, function: u.Path}
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		c.addr = net.JoinHostPort(strings.Trim(c.addr, "[]"), "4730")
	}
	k, err := c.dial(ctx)
	if err == nil {
		defer c.release(k)
		err = c.exchange([]*conn{k}, func(*conn) int { k.echo(); return 1 }, only(echoRes))[0]
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// Traits are the same for all servers.
func (c *client) Traits() queue.Traits {
	return queue.Traits{Results: true, Notifies: true, Claim: c.spec.URL.String()}
}

// Close ends all connections; the server gives what they hold to others.
func (c *client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.conns {
		k.gone = true
		_ = k.net.Close()
	}
	c.conns = nil
	return nil
}

// down says that the server cannot be reached, or has gone.
func (c *client) down(err error) error {
	return &queue.DownError{Err: fmt.Errorf("gearmand at %s: %w", c.addr, err)}
}

// fault is what an error of an exchange means: what the server has said needs a look, anything else another try.
func (c *client) fault(err error) error {
	var said *saidError
	switch {
	case errors.Is(err, errClosed), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &said):
		return fmt.Errorf("gearmand at %s: %w", c.addr, err)
	}
	return c.down(err)
}
