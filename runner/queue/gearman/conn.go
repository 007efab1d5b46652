package gearman

import (
	"brood/runner/queue"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// most is how many connections there are before jobs share them: more than most runs have workers, and few enough for a
// server whose files are not to be more than the usual 1,024.
const most = 64

// conn is a connection. Who has its lock writes to it and reads from it; who needs several takes them by their serial numbers.
type conn struct {
	serial int
	net    net.Conn
	r      *bufio.Reader
	out    []byte // not sent yet
	io     sync.Mutex

	// Guarded by client.mu.
	jobs    map[*held]struct{}
	used    bool // by a Take, or a Put
	gone    bool
	leaving bool // when its jobs are answered it is ended, as some of them were given back
}

// dial makes a connection, which is used by who asked for it.
func (c *client) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 5}}
	n, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, c.down(err)
	}
	k := &conn{net: n, r: bufio.NewReaderSize(n, 16<<10), jobs: map[*held]struct{}{}, used: true}
	k.out = appendPacket(k.out, setClientID, "brood-"+strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '-'
		}
		return r
	}, c.spec.Owner))
	k.out = appendPacket(k.out, canDo, c.function)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = n.Close()
		return nil, errClosed
	}
	c.serial++
	k.serial = c.serial
	c.conns = append(c.conns, k)
	return k, nil
}

// checkout returns up to n connections that nobody uses, with the fewest jobs first; at least one. One with jobs is among
// them only if there are as many connections as there may be, and with alone never.
func (c *client) checkout(ctx context.Context, n int, alone bool) ([]*conn, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, errClosed
	}
	var free []*conn
	for _, k := range c.conns {
		if !k.used && !k.leaving && (len(k.jobs) == 0 || !alone) {
			free = append(free, k)
		}
	}
	slices.SortStableFunc(free, func(a, b *conn) int { return len(a.jobs) - len(b.jobs) })
	idle := 0
	for idle < len(free) && len(free[idle].jobs) == 0 {
		idle++
	}
	fresh := max(min(n-idle, most-len(c.conns)), 0)
	out := free[:min(max(n-fresh, 0), len(free))]
	for _, k := range out {
		k.used = true
	}
	c.mu.Unlock()
	if len(out) == 0 && fresh == 0 {
		fresh = 1
	}
	for range fresh {
		k, err := c.dial(ctx)
		if err != nil && len(out) == 0 {
			return nil, err
		} else if err != nil {
			return out, nil //nolint:nilerr // fewer are enough
		}
		out = append(out, k)
	}
	return out, nil
}

// release gives connections back that were checked out.
func (c *client) release(conns ...*conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range conns {
		k.used = false
		if len(k.jobs) == 0 && (k.leaving || len(c.conns) > most) {
			c.dropLocked(k)
		}
	}
}

// drop ends a connection: its jobs are lost.
func (c *client) drop(k *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(k)
}

func (c *client) dropLocked(k *conn) {
	if !k.gone {
		k.gone = true
		_ = k.net.Close()
		c.conns = slices.DeleteFunc(c.conns, func(other *conn) bool { return other == k })
	}
}

// hold notes that a connection has been assigned a job.
func (c *client) hold(k *conn, handle string) *held {
	h := &held{conn: k, handle: handle}
	c.mu.Lock()
	k.jobs[h] = struct{}{}
	c.mu.Unlock()
	return h
}

// letGo notes that a connection does not hold a job any more: it was answered, or is to be given back.
func (c *client) letGo(h *held, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := h.conn
	h.answered = h.answered || answered
	delete(k.jobs, h)
	k.leaving = k.leaving || !answered
	if k.leaving && len(k.jobs) == 0 && !k.used {
		c.dropLocked(k)
	}
}

// heldOf is a job's hold, if it is one of this client's.
func heldOf(j *queue.Job) *held {
	if j == nil {
		return nil
	}
	h, _ := j.Hold.(*held)
	return h
}

// state says whether a job can still be answered here: nil, ErrGone (it was), or ErrLost.
func (c *client) state(h *held) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, holds := h.conn.jobs[h]
	switch {
	case h.answered:
		return queue.ErrGone
	case h.conn.gone, !holds:
		return queue.ErrLost
	}
	return nil
}

// exchange sends requests over connections, and then reads as many replies from each as write says; each gets them by their
// number, and says whether a packet was a reply. NOOPs, which a server may send at any time to one that slept, are passed over.
// What it returns is for each connection; one with an error is ended.
func (c *client) exchange(conns []*conn, write func(k *conn) int, each func(k *conn, i int, p packet) (bool, error)) []error {
	order := slices.Clone(conns)
	slices.SortFunc(order, func(a, b *conn) int { return a.serial - b.serial })
	for _, k := range order {
		k.io.Lock()
		defer k.io.Unlock()
	}
	out, replies := make([]error, len(conns)), make([]int, len(conns))
	for i, k := range conns {
		replies[i] = write(k)
		out[i] = k.flush()
	}
	for i, k := range conns {
		for n := 0; n < replies[i] && out[i] == nil; {
			var p packet
			if out[i] = k.net.SetReadDeadline(time.Now().Add(answerWait)); out[i] != nil {
				break
			}
			if p, out[i] = readPacket(k.r); out[i] == nil && p.kind != noop {
				var reply bool
				if reply, out[i] = each(k, n, p); reply {
					n++
				}
			}
		}
		if out[i] != nil {
			c.drop(k)
			out[i] = c.fault(c.why(out[i]))
		}
	}
	return out
}

// only takes packets of a kind as replies.
func only(want kind) func(*conn, int, packet) (bool, error) {
	return func(_ *conn, _ int, p packet) (bool, error) { return true, p.expect(want) }
}

// why is the reason of an error: Close ends connections that are in use.
func (c *client) why(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed && errors.Is(err, net.ErrClosed) {
		return errClosed
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it has ended the connection: %w", io.ErrUnexpectedEOF)
	}
	return err
}

func (k *conn) send(kind kind, args ...string) { k.out = appendPacket(k.out, kind, args...) }
func (k *conn) echo()                          { k.send(echoReq, "brood") }

// flush sends what was written; that, and the first answer, must not take longer than an answer may.
func (k *conn) flush() error {
	if err := k.net.SetDeadline(time.Now().Add(answerWait)); err != nil {
		return err
	}
	_, err := k.net.Write(k.out)
	if cap(k.out) > 1<<20 {
		k.out = nil
	}
	k.out = k.out[:0]
	return err
}
