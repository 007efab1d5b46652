package jobserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// server is what make has: a pipe with tokens in it.
type server struct {
	read, write *os.File
	flags       string // MAKEFLAGS
}

// forms are the two kinds of jobserver.
var forms = map[string]func(t *testing.T) *server{
	"fifo": func(t *testing.T) *server {
		path := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return &server{f, f, "rR -j4 --jobserver-auth=fifo:" + path}
	},
	"descriptors": func(t *testing.T) *server {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
		return &server{r, w, fmt.Sprintf(" -j --jobserver-fds=%d,%d", r.Fd(), w.Fd())}
	},
}

// each runs a test for both kinds, with some tokens in the pipe.
func each(t *testing.T, tokens string, test func(t *testing.T, s *server, c *Client)) {
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			s := form(t)
			s.offer(t, tokens)
			c, err := New(s.flags)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			test(t, s, c)
		})
	}
}

func (s *server) offer(t *testing.T, tokens string) {
	t.Helper()
	if _, err := s.write.WriteString(tokens); err != nil {
		t.Fatal(err)
	}
}

// left takes what is in the pipe now, in order of the alphabet.
func (s *server) left(t *testing.T) string {
	t.Helper()
	var out []byte
	fds := []unix.PollFd{{Fd: int32(s.read.Fd()), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			slices.Sort(out)
			return string(out)
		}
		var b [1]byte
		if _, err := s.read.Read(b[:]); err != nil {
			t.Fatal(err)
		}
		out = append(out, b[0])
	}
}

func take(t *testing.T, c *Client) Token {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	token, err := c.Take(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// waits starts a Take and returns when it waits.
func waits(t *testing.T, ctx context.Context, c *Client) <-chan error {
	t.Helper()
	c.mu.Lock()
	before := len(c.waiting)
	c.mu.Unlock()
	got := make(chan error, 1)
	go func() {
		_, err := c.Take(ctx)
		got <- err
	}()
	waiting(t, c, before+1)
	return got
}

// waiting waits until so many wait.
func waiting(t *testing.T, c *Client, want int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		c.mu.Lock()
		n := len(c.waiting)
		c.mu.Unlock()
		if n >= want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d wait, want %d", n, want)
		}
	}
}

// TestTokens: the first needs no token of make's, each further one takes a byte, and
// the same byte goes back.
func TestTokens(t *testing.T) {
	each(t, "ab", func(t *testing.T, s *server, c *Client) {
		own, one, two := take(t, c), take(t, c), take(t, c)
		if own.shared || !one.shared || !two.shared || one.byte == two.byte {
			t.Errorf("%+v, %+v, %+v", own, one, two)
		}
		if left := s.left(t); left != "" {
			t.Errorf("there are still %q", left)
		}
		c.Put(two)
		if left := s.left(t); left != string(two.byte) {
			t.Errorf("%q came back, want %q", left, two.byte)
		}
		c.Put(own)
		if again := take(t, c); again.shared {
			t.Errorf("one's own came back as %+v", again)
		}
		c.Put(one)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if left := s.left(t); left != string(one.byte) {
			t.Errorf("after the end there are %q, want %q", left, one.byte)
		}
	})
}

// TestWaiting: who waits gets what make offers, or what one of ours gives back
// that needs no token.
func TestWaiting(t *testing.T) {
	each(t, "", func(t *testing.T, s *server, c *Client) {
		own := take(t, c)
		got := waits(t, t.Context(), c)
		s.offer(t, "x")
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		got = waits(t, t.Context(), c)
		c.Put(own)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
	})
}

// TestGiveUp: who does not wait any longer takes no token with him.
func TestGiveUp(t *testing.T) {
	each(t, "", func(t *testing.T, s *server, c *Client) {
		take(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp, stays := waits(t, ctx, c), waits(t, t.Context(), c)
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		s.offer(t, "x")
		if err := <-stays; err != nil {
			t.Errorf("the other one: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		gaveUp = waits(t, ctx, c)
		cancel()
		<-gaveUp
		s.offer(t, "y")
		if token := take(t, c); token.byte != 'y' {
			t.Errorf("%+v", token)
		}
	})
}

// TestGiveUpLate: a token that comes at the moment when its taker gives up is put
// back, whichever of the two is first.
func TestGiveUpLate(t *testing.T) {
	for range 20 {
		each(t, "", func(t *testing.T, s *server, c *Client) {
			take(t, c)
			ctx, cancel := context.WithCancel(t.Context())
			type taken struct {
				Token
				err error
			}
			got := make(chan taken, 1)
			go func() {
				token, err := c.Take(ctx)
				got <- taken{token, err}
			}()
			waiting(t, c, 1)
			c.mu.Lock()
			cancel()
			c.waiting[0] <- Token{'x', true} // as fetch does it
			c.waiting = nil
			c.mu.Unlock()
			if g := <-got; g.err == nil {
				c.Put(g.Token)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if left := s.left(t); left != "x" {
				t.Errorf("there are %q, want the one that was taken", left)
			}
		})
	}
}

// TestClose: nobody waits for ever, and no token is lost with that.
func TestClose(t *testing.T) {
	each(t, "", func(t *testing.T, s *server, c *Client) {
		take(t, c)
		a, b := waits(t, t.Context(), c), waits(t, t.Context(), c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		for _, got := range []<-chan error{a, b} {
			if err := <-got; !errors.Is(err, os.ErrClosed) {
				t.Errorf("%v", err)
			}
		}
		if _, err := c.Take(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
		s.offer(t, "z")
		if left := s.left(t); left != "z" {
			t.Errorf("there are %q", left)
		}
	})
}

// TestLost: when the pipe cannot be read any more, those who wait are told, and one
// at a time can go on.
func TestLost(t *testing.T) {
	each(t, "", func(t *testing.T, _ *server, c *Client) {
		own := take(t, c)
		got := waits(t, t.Context(), c)
		if err := c.read.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-got; !errors.Is(err, os.ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := c.Take(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("one more: %v", err)
		}
		c.Put(own)
		if token := take(t, c); token.shared {
			t.Errorf("%+v", token)
		}
	})
}

// TestMany: under all that goes on at once there are never more at work than tokens
// and one, and all tokens are there at the end.
func TestMany(t *testing.T) {
	const tokens = "abc"
	each(t, tokens, func(t *testing.T, s *server, c *Client) {
		var all sync.WaitGroup
		var working, most atomic.Int32
		for i := range 20 {
			all.Go(func() {
				for j := range 50 {
					ctx, cancel := context.WithCancel(t.Context())
					if (i+j)%5 == 0 {
						cancel() // it may get one all the same
					}
					token, err := c.Take(ctx)
					cancel()
					if err != nil {
						continue
					}
					n := working.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					working.Add(-1)
					c.Put(token)
				}
			})
		}
		all.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if n := most.Load(); n > int32(len(tokens)+1) {
			t.Errorf("%d worked at once", n)
		}
		if left := s.left(t); left != tokens {
			t.Errorf("at the end there are %q, want %q", left, tokens)
		}
	})
}

// TestShared: make's own descriptors stay as they are, as it would notice.
func TestShared(t *testing.T) {
	s := forms["descriptors"](t)
	c, err := New(s.flags)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, f := range []*os.File{s.read, s.write} {
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("flags %#x, %v", flags, err)
		}
	}
}

// TestFlags: where there is no jobserver that is said, and where one cannot be used
// it is said why.
func TestFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	good := forms["fifo"](t).flags
	for flags, want := range map[string]string{
		"":                                ErrNone.Error(),
		"-j":                              ErrNone.Error(),
		"k -- --jobserver-auth=fifo:/x":   ErrNone.Error(), // a variable of the user's
		"--jobserver-auth=":               ErrNone.Error(),
		"--jobserver-auth=fifo:/no/where": "no such file",
		"--jobserver-auth=fifo:" + file:   "is not a named pipe",
		"--jobserver-auth=7":              "neither fifo:PATH nor two descriptors",
		"--jobserver-auth=a,b":            "neither fifo:PATH nor two descriptors",
		"--jobserver-auth=-2,-2":          "make has closed its descriptors",
		"--jobserver-auth=1000,1001":      "descriptor 1000",
		fmt.Sprintf("--jobserver-fds=%d,%d", plain.Fd(), plain.Fd()): "is not a pipe",
		good + " --jobserver-auth=fifo:/no/where":                    "no such file", // the last one counts
	} {
		c, err := New(flags)
		if err == nil {
			_ = c.Close()
			t.Errorf("%q was accepted", flags)
		} else if !strings.Contains(err.Error(), want) || errors.Is(err, ErrNone) != (want == ErrNone.Error()) {
			t.Errorf("%q: %v", flags, err)
		}
	}
	c, err := New("--jobserver-auth=fifo:/no/where " + good)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
