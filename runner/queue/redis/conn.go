package redis

import (
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

// conn is a connection, used by one goroutine at a time.
type conn struct {
	redis redis.Conn
	net   net.Conn
	id    int64 // the server's name for it; 0: it does not say
}

// server is what both clients know of the server, and their connections. Its mutex is never held while one is used.
type server struct {
	addr    string
	options []redis.DialOption

	mu     sync.Mutex
	idle   []*conn
	busy   map[*conn]struct{}
	closed bool
}

// keepIdle is how many connections are kept while nobody uses them.
const keepIdle = 4

// use returns a connection that nobody uses. One that the server has ended meanwhile is found out by a look.
func (c *server) use(ctx context.Context) (*conn, error) {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, errClosed
		}
		n := len(c.idle)
		if n == 0 {
			c.mu.Unlock()
			return c.dial(ctx)
		}
		k := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.busy[k] = struct{}{}
		c.mu.Unlock()
		if alive(k.net) {
			return k, nil
		}
		c.release(k, errClosed)
	}
}

// alive looks whether a connection has an end to be read. What is to be read of one that nobody uses is nothing.
func alive(n net.Conn) bool {
	if err := n.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return false
	}
	var b [1]byte
	_, err := n.Read(b[:])
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (c *server) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*dialWait) // with TLS and the login
	defer cancel()
	k := &conn{}
	d := net.Dialer{Timeout: dialWait, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 5}}
	options := slices.Concat(c.options, []redis.DialOption{redis.DialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
		n, err := d.DialContext(ctx, network, addr)
		k.net = n
		return n, err
	})})
	r, err := redis.DialContext(ctx, "tcp", c.addr, options...)
	if err != nil {
		return nil, c.fault(err)
	}
	k.redis = r
	if k.id, err = redis.Int64(k.do("CLIENT", "ID")); err != nil {
		k.id = 0 // who may not ask waits in short pieces
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = r.Close()
		return nil, errClosed
	}
	c.busy[k] = struct{}{}
	return k, nil
}

// release gives a connection back; with an error of the connection it is ended.
func (c *server) release(k *conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.busy, k)
	var said redis.Error
	if c.closed || len(c.idle) >= keepIdle || err != nil && !errors.As(err, &said) {
		_ = k.redis.Close()
		return
	}
	c.idle = append(c.idle, k)
}

// with has a connection do something. An error that the server says leaves it in order.
func (c *server) with(ctx context.Context, do func(k *conn) error) error {
	k, err := c.use(ctx)
	if err != nil {
		return err
	}
	err = do(k)
	c.release(k, err)
	return c.fault(err)
}

func (k *conn) do(command string, args ...any) (any, error) {
	return redis.DoWithTimeout(k.redis, answerWait, command, args...)
}

// run runs a script. A server that was started anew does not know it, and is given it.
func (k *conn) run(s *redis.Script, args ...any) (any, error) {
	return s.Do(k.redis, args...)
}

// fault is what an error means: what the server says needs a look, but for what passes; anything else is worth another try.
func (c *server) fault(err error) error {
	var said redis.Error
	switch {
	case err == nil, errors.Is(err, errClosed), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &said):
		err = fmt.Errorf("Redis at %s: %w", c.addr, said) //nolint:staticcheck // a name
		for _, passing := range []string{"LOADING", "MASTERDOWN", "READONLY", "TRYAGAIN", "CLUSTERDOWN", "BUSY ", "ERR max number of clients"} {
			if strings.HasPrefix(string(said), passing) {
				return &queue.DownError{Err: err}
			}
		}
		return err
	}
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return errClosed
	}
	var down *queue.DownError
	if errors.As(err, &down) {
		return err
	}
	return &queue.DownError{Err: fmt.Errorf("Redis at %s: %w", c.addr, err)} //nolint:staticcheck // a name
}

// block has a connection wait at the server for at most some time. When ctx ends the server is told to end the wait, and what it
// has given by then is read.
func (c *server) block(ctx context.Context, k *conn, wait time.Duration, command string, args ...any) (any, error) {
	unblocked := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(unblocked)
		if k.id == 0 {
			return
		}
		_ = c.with(context.WithoutCancel(ctx), func(other *conn) error { // or it waits to its end
			_, err := other.do("CLIENT", "UNBLOCK", k.id)
			return err
		})
	})
	reply, err := redis.DoWithTimeout(k.redis, wait+answerWait, command, args...)
	if !stop() {
		<-unblocked // or it would end the connection's next wait
	}
	return reply, err
}

// blocks is how long a connection may wait at once: one that cannot be told to end it, shortly.
func (k *conn) blocks(wait time.Duration) time.Duration {
	if k.id == 0 {
		return min(wait, time.Second)
	}
	return min(wait, longestBlock)
}

// Close ends all connections. What is in hand stays so: see the clients.
func (c *server) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.idle {
		_ = k.net.Close()
	}
	for k := range c.busy {
		_ = k.net.Close()
	}
	c.idle = nil
	return nil
}

// noGroup reports whether a stream, or its group, is not there.
func noGroup(err error) bool {
	var said redis.Error
	return errors.As(err, &said) && strings.Contains(string(said), "NOGROUP")
}
