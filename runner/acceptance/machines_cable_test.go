package acceptance

import (
	"net"
	"sync"
	"testing"
	"time"
)

// cable is what a machine's link to its coordinator goes through, which can be cut, be slow, or carry nothing one way.
type cable struct {
	net.Listener
	to string

	mu    sync.Mutex
	moved sync.Cond // how it is has changed
	cut   bool
	held  [2]bool // what goes up, and what goes down, waits
	delay time.Duration
	ends  map[net.Conn]bool
	over  bool
	all   sync.WaitGroup
}

// The two ways.
const (
	wayUp   = iota // from the machine
	wayDown        // to it
)

// newCable is one with an end of its own on a loopback address.
func newCable(t *testing.T, at, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(at, "0"))
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{Listener: l, to: to, ends: make(map[net.Conn]bool)}
	c.moved.L = &c.mu
	c.all.Go(c.accept)
	t.Cleanup(func() {
		_ = l.Close()
		c.change(func() { c.over, c.cut = true, true })
		c.all.Wait()
	})
	return c
}

func (c *cable) accept() {
	for {
		a, err := c.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", c.to)
		if err != nil || !c.connect(a, b) {
			_ = a.Close()
		}
	}
}

func (c *cable) connect(a, b net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		_ = b.Close()
		return false
	}
	c.ends[a], c.ends[b] = true, true
	c.all.Go(func() { c.carry(a, b, wayUp) })
	c.all.Go(func() { c.carry(b, a, wayDown) })
	return true
}

// carry passes on what comes, one way.
func (c *cable) carry(from, to net.Conn, way int) {
	defer func() { _, _ = from.Close(), to.Close() }()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 && c.await(way) {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// await waits as long as nothing goes this way.
func (c *cable) await(way int) bool {
	c.mu.Lock()
	for c.held[way] && !c.over {
		c.moved.Wait()
	}
	delay, over := c.delay, c.over
	c.mu.Unlock()
	if delay > 0 && !over {
		time.Sleep(delay)
	}
	return !over
}

// change changes how it is. Where it is cut then, all that goes through it ends.
func (c *cable) change(how func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	how()
	if c.cut {
		for e := range c.ends {
			_ = e.Close()
		}
		clear(c.ends)
	}
	c.moved.Broadcast()
}

// heal makes it whole.
func (c *cable) heal() {
	c.change(func() { c.cut, c.held, c.delay = false, [2]bool{}, 0 })
}
