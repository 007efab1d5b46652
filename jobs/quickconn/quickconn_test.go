package quickconn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
)

// pair is a connection over loopback, and its other end.
func pair(t testing.TB, network, address string) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	b = <-accepted
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// TestIsAConn asks for all that a net.Conn has to do.
func TestIsAConn(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			nettest.TestConn(t, func() (a, b net.Conn, stop func(), err error) {
				address := "127.0.0.1:0"
				if network == "unix" {
					address = filepath.Join(t.TempDir(), "s")
				}
				a, b = pair(t, network, address)
				return New(a), New(b), func() { a.Close(); b.Close() }, nil
			})
		})
	}
}

// TestWording holds that errors are what package net would say.
func TestWording(t *testing.T) {
	fail := map[string]func(c, other net.Conn) error{
		"closed here": func(c, _ net.Conn) error {
			c.Close()
			_, err := c.Read(make([]byte, 1))
			return err
		},
		"over": func(c, _ net.Conn) error {
			_ = c.SetReadDeadline(time.Now().Add(-time.Second))
			_, err := c.Read(make([]byte, 1))
			return err
		},
		"over before it could be written": func(c, _ net.Conn) error {
			_ = c.SetWriteDeadline(time.Now().Add(-time.Second))
			_, err := c.Write([]byte("a"))
			return err
		},
		"reset": func(c, other net.Conn) error {
			_ = other.(*net.TCPConn).SetLinger(0)
			other.Close()
			_, err := c.Read(make([]byte, 1))
			return err
		},
		"ended": func(c, other net.Conn) error {
			other.Close()
			_, err := c.Read(make([]byte, 1))
			return err
		},
		"nobody reads": func(c, other net.Conn) error {
			_ = other.(*net.TCPConn).SetLinger(0)
			other.Close()
			_, _ = c.Read(make([]byte, 1)) // it has arrived
			_, err := c.Write([]byte("a"))
			return err
		},
	}
	for what, f := range fail {
		t.Run(what, func(t *testing.T) {
			plain, other := pair(t, "tcp", "127.0.0.1:0")
			below, its := pair(t, "tcp", "127.0.0.1:0")
			quick := New(below)
			want, got := f(plain, other), f(quick, its)
			if word(got, quick) != word(want, plain) {
				t.Errorf("%q, and package net says %q", got, want)
			}
			for _, kind := range []error{io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNRESET, syscall.EPIPE} {
				if errors.Is(got, kind) != errors.Is(want, kind) {
					t.Errorf("%v is %v: %t", got, kind, errors.Is(got, kind))
				}
			}
		})
	}
}

// word is an error without the addresses of a connection.
func word(err error, c net.Conn) string {
	return strings.NewReplacer(c.LocalAddr().String(), "HERE", c.RemoteAddr().String(), "THERE").Replace(err.Error())
}

// TestLong sends more than any buffer holds, both ways at the same time.
func TestLong(t *testing.T) {
	a, b := pair(t, "tcp", "127.0.0.1:0")
	quick := New(a)
	text := bytes.Repeat([]byte("0123456789"), 3<<20)
	var all sync.WaitGroup
	all.Go(func() {
		if n, err := quick.Write(text); n != len(text) || err != nil {
			t.Error(n, err)
		}
	})
	all.Go(func() {
		if n, err := b.Write(text); n != len(text) || err != nil {
			t.Error(n, err)
		}
	})
	for _, c := range []net.Conn{quick, b} {
		all.Go(func() {
			got := make([]byte, len(text))
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, text) {
				t.Error(err, bytes.Equal(got, text))
			}
		})
	}
	all.Wait()
}

// counted counts how often a timer is set, and knows when.
type counted struct {
	times atomic.Int64
	last  atomic.Pointer[time.Time]
}

func (c *counted) set(t time.Time) error {
	c.times.Add(1)
	c.last.Store(&t)
	return nil
}

// TestTimers holds that a deadline which moves on with each message is not a timer each time, that
// the timer goes on until the deadline comes, and that this counts.
func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var timer counted
		s := &side{set: timer.set}
		for range 100 {
			for _, within := range []time.Duration{5 * time.Minute, 2 * time.Minute, 10 * time.Minute} {
				if err := errors.Join(s.limit(time.Now().Add(within)), s.arm()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		if n := timer.times.Load(); n != 1 {
			t.Errorf("set %d times for messages of 3 s", n)
		}
		calls := 0
		begun := time.Now()
		err := s.do(func(func(uintptr) bool) error {
			calls++
			time.Sleep(time.Until(*timer.last.Load()))
			return os.ErrDeadlineExceeded
		})
		if took := time.Since(begun); !errors.Is(err, os.ErrDeadlineExceeded) || took < 9*time.Minute || took > 10*time.Minute {
			t.Errorf("%v after %s, with a deadline in 10 minutes", err, took)
		}
		if calls < 9 || calls > 11 {
			t.Errorf("the timer ended %d times in 10 minutes", calls)
		}
		if err := s.limit(time.Now().Add(time.Second)); err != nil || time.Until(*timer.last.Load()) > time.Second {
			t.Errorf("%v; a deadline in a second, and the timer ends %s", err, time.Until(*timer.last.Load()))
		}
	})
}

// TestSooner holds that a deadline which is set while somebody waits wakes him.
func TestSooner(t *testing.T) {
	a, _ := pair(t, "tcp", "127.0.0.1:0")
	c := New(a)
	if err := c.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	end := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		end <- err
	}()
	if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := <-end; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// TestNoSocket holds that what is no socket stays what it is.
func TestNoSocket(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if New(a) != a {
		t.Error("a pipe within the process was made into a socket")
	}
}
