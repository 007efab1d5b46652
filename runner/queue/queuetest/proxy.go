package queuetest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy stands between a client and a server, whose connections it can cut.
type Proxy struct {
	Addr string

	listener net.Listener
	to       string
	mu       sync.Mutex
	open     map[net.Conn]bool
	closed   bool
	wg       sync.WaitGroup
}

// StartProxy starts one in front of an address, for a test.
func StartProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), listener: l, to: to, open: map[net.Conn]bool{}}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.Cut()
		p.wg.Wait()
	})
	return p
}

// Cut ends all connections that go through it, without a word; it returns how many. New ones can be made.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.open)
	for c := range p.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, as when a machine has gone
		}
		_ = c.Close()
		delete(p.open, c)
	}
	return n / 2
}

func (p *Proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		if p.closed {
			_, _ = in.Close(), out.Close()
		} else {
			p.open[in], p.open[out] = true, true
			p.wg.Go(func() { p.copy(in, out) })
			p.wg.Go(func() { p.copy(out, in) })
		}
		p.mu.Unlock()
	}
}

// copy copies one direction, and passes on its end.
func (p *Proxy) copy(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if tcp, ok := to.(*net.TCPConn); ok && err == nil {
		_ = tcp.CloseWrite()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range []net.Conn{to, from} {
		_ = c.Close()
		delete(p.open, c)
	}
}
