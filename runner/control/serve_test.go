package control

import (
	"brood/runner/home"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// Whoever connects and says nothing is closed, and the oldest at once where there are too
// many; so others still get their answer.
func TestIdleConnections(t *testing.T) {
	state := t.TempDir()
	d := serve(t, state, &target{})
	var idle []net.Conn
	for range 3 * maxConnections {
		c, err := net.Dial("unix", d.File(SocketName))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		idle = append(idle, c)
	}
	if _, err := Ask(t.Context(), state, "x", AskStatus); err != nil {
		t.Errorf("others are kept out: %v", err)
	}
	slow := idle[len(idle)-1]
	if _, err := slow.Write([]byte("GET /sta")); err != nil {
		t.Fatal(err)
	}
	for i, c := range idle { // blocks for ever where it is not closed
		if n, err := c.Read(make([]byte, 1)); err == nil && c != slow {
			t.Errorf("connection %d: %d bytes", i, n)
		}
	}
}

// Of many descriptors a run has 16 connections, of few fewer.
func TestVisitors(t *testing.T) {
	v := &visitors{most: 2}
	var far []net.Conn
	for range 3 {
		near, c := net.Pipe()
		v.enter(near)
		far = append(far, c)
	}
	if _, err := far[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) || len(v.all) != 2 {
		t.Errorf("the oldest: %v, %d are left", err, len(v.all))
	}
	v.leave(v.all[0])
	v.leave(far[0]) // not there
	if len(v.all) != 1 {
		t.Errorf("%d are left", len(v.all))
	}
	if n := roomFor(maxConnections); n < 2 || n > maxConnections {
		t.Errorf("room for %d", n)
	}
}

// What nobody waits for is not done; who has only said all there is to say does wait.
func TestWhoHasGoneIsNotObeyed(t *testing.T) {
	for name, leave := range map[string]func(*net.UnixConn) error{
		"gone":   (*net.UnixConn).Close,
		"waits":  func(*net.UnixConn) error { return nil },
		"silent": (*net.UnixConn).CloseWrite,
	} {
		t.Run(name, func(t *testing.T) {
			d := home.At(t.TempDir(), "x")
			if err := os.MkdirAll(d.Path, 0o700); err != nil {
				t.Fatal(err)
			}
			l, err := listen(d)
			if err != nil {
				t.Fatal(err)
			}
			// As to a run that is stopped: nobody takes the connection up.
			c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: d.File(SocketName), Net: "unix"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, "POST /drain HTTP/1.1\r\nHost: brood\r\nContent-Length: 0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if err := leave(c); err != nil {
				t.Fatal(err)
			}
			r, done := &target{}, make(chan struct{})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() {
				ended <- ServeConnections(ctx, ownListener{l}, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					Handler(r).ServeHTTP(w, q)
					close(done)
				}))
			}()
			<-done
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if told := strings.Join(r.all(), ","); (told == "end false") != (name != "gone") {
				t.Errorf("it was told %q", told)
			}
			_ = c.Close()
		})
	}
}

// A run that has a socket and does not take anything up does not hold up who asks.
func TestSilentRun(t *testing.T) {
	state := t.TempDir()
	d := home.At(state, "x")
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := listen(d)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var silent *SilentError
	if _, err := Ask(t.Context(), state, "x", AskStatus); !errors.As(err, &silent) || silent.Stopped || silent.Name != "x" {
		t.Errorf("%v", err)
	}
}

// poor is a listener that has no descriptor for some time.
type poor struct {
	net.Listener
	errs atomic.Int32
}

func (p *poor) Accept() (net.Conn, error) {
	switch p.errs.Add(1) {
	case 1:
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	case 2:
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.ENOBUFS)}
	}
	return p.Listener.Accept()
}

// Want of descriptors or memory is not the end.
func TestAcceptFails(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ServeConnections(ctx, &poor{Listener: l}, http.NotFoundHandler()) }()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); err != nil || !strings.Contains(string(b), "404") {
		t.Errorf("%q, %v", b, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
