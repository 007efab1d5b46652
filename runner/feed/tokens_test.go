package feed

import (
	"brood/runner/jobserver"
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// connect returns a client of a jobserver with some tokens in its pipe, and that pipe.
func connect(t *testing.T, tokens string) (*jobserver.Client, *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.WriteString(tokens); err != nil {
		t.Fatal(err)
	}
	c, err := jobserver.New("-j4 --jobserver-auth=fifo:" + path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close() // again, if it was before
		_ = pipe.Close()
	})
	return c, pipe
}

// ownToken returns a client that has the token that comes with the start, and no other. Its
// goroutine that reads the pipe is outside of the bubble that it is used in, as a bubble is
// never still while one of its own reads a pipe.
func ownToken(t *testing.T) *jobserver.Client {
	t.Helper()
	c, _ := connect(t, "")
	own, err := c.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Take(ctx); err == nil { // begins to read
		t.Fatal("there is a second token")
	}
	c.Put(own)
	return c
}

// Where there is no jobserver no token is needed.
func TestSeatWithoutJobserver(t *testing.T) {
	x := newFixture(t, Config{})
	if !x.seat.tokens.take(t.Context()) || x.seat.tokens.has || x.seat.tokens.old() {
		t.Error("a token of nobody")
	}
	x.seat.rest(nil)
	x.feed.Leave(x.seat)
}

// A slot works with a token of make's, and gives the same back.
func TestTokenOfMake(t *testing.T) {
	c, pipe := connect(t, "x")
	x := newFixture(t, Config{Jobserver: c})
	x.push("a", "b")
	second := x.feed.Seat(1)
	for i, s := range []*Seat{x.seat, second} {
		var b Batch
		if ok, err := x.feed.Take(t.Context(), s, nil, 1, &b); !ok || err != nil || !s.tokens.has {
			t.Fatalf("slot %d: %v, %v, with a token: %v", i, ok, err, s.tokens.has)
		}
	}
	x.feed.Leave(second)
	if second.tokens.has {
		t.Error("it has left with its token")
	}
	var got [1]byte
	if _, err := pipe.Read(got[:]); err != nil || got[0] != 'x' {
		t.Errorf("make has got %q back, %v", got, err)
	}
}

// A slot that waits for a record has no token meanwhile, unless its worker is busy.
func TestTokenWhileWaiting(t *testing.T) {
	c := ownToken(t)
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Jobserver: c})
		idle := x.waiting(t.Context(), x.feed.Seat(1), idler(true))
		busy := x.waiting(t.Context(), x.feed.Seat(1), idler(false))
		if idle.seat.tokens.has || !busy.seat.tokens.has {
			t.Fatalf("idle with a token: %v; busy: %v", idle.seat.tokens.has, busy.seat.tokens.has)
		}
		x.push("a") // who waits longest is woken, and has to wait for its token
		busy.has("0/1")
		x.push("b")
		idle.still()
		x.feed.Leave(busy.seat)
		idle.has("1/1")
		x.feed.Leave(idle.seat)
	})
}

// A slot that waits at the gate has no token either.
func TestTokenAtTheGate(t *testing.T) {
	c := ownToken(t)
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Jobserver: c})
		x.push("a", "b")
		x.takes(nil)
		x.feed.Shut("busy", false)
		k := x.waiting(t.Context(), x.seat, idler(true))
		if x.seat.tokens.has {
			t.Error("it waits at the gate with a token")
		}
		x.feed.Shut("", false)
		k.has("1/1")
		x.feed.Leave(x.seat)
	})
}

// A token that a slot has had for long goes to who waits for one, as soon as its worker has
// nothing in hand.
func TestTokenGoesRound(t *testing.T) {
	c := ownToken(t)
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Jobserver: c})
		x.push("a", "b", "c", "d", "e", "f")
		x.takes(nil)
		k := x.waiting(t.Context(), x.feed.Seat(1), nil)
		time.Sleep(tokenTime)
		x.takes(idler(true)) // not for too long
		k.still()
		time.Sleep(time.Millisecond)
		x.takes(idler(false)) // its worker is busy
		k.still()
		first := x.waiting(t.Context(), x.seat, idler(true))
		k.has("3/1")
		x.feed.Leave(k.seat)
		first.has("4/1")
		x.feed.Leave(x.seat)
	})
}

// A slot that ends while it waits for a token has none, and takes none.
func TestTokenGivenUp(t *testing.T) {
	c := ownToken(t)
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Jobserver: c})
		x.push("a", "b")
		x.takes(nil)
		ctx, cancel := context.WithCancel(t.Context())
		k := x.waiting(ctx, x.feed.Seat(1), nil)
		cancel()
		k.has("")
		if k.seat.tokens.has {
			t.Error("it has a token")
		}
		x.feed.Leave(x.seat)
		// One that comes just when the slot ends goes back.
		over := &atomic.Bool{}
		over.Store(true)
		s := x.feed.Seat(1)
		if s.tokens.take(ending{t.Context(), over}) || s.tokens.has {
			t.Error("a slot that has ended took a token")
		}
		var b Batch
		if ok, err := x.feed.Take(t.Context(), s, nil, 1, &b); !ok || err != nil {
			t.Fatal(ok, err)
		}
		x.want(x.read(&b), "1/1")
	})
}

// If the jobserver breaks down the run goes on without.
func TestBrokenJobserver(t *testing.T) {
	c, _ := connect(t, "")
	x := newFixture(t, Config{Jobserver: c})
	x.push("a", "b")
	if ok, err := x.feed.Take(t.Context(), x.seat, nil, 1, &Batch{}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	second := x.feed.Seat(1)
	took := make(chan error, 1)
	go func() {
		ok, err := x.feed.Take(t.Context(), second, nil, 1, &Batch{})
		if !ok && err == nil {
			err = os.ErrNotExist
		}
		took <- err
	}()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-took; err != nil || second.tokens.has || second.tokens.server != nil {
		t.Errorf("%v; with a token: %v", err, second.tokens.has)
	}
	x.feed.Leave(second)
}

// takes takes a record, for a worker or none.
func (x *fixture) takes(w Taker) {
	x.t.Helper()
	if ok, err := x.feed.Take(context.Background(), x.seat, w, 1, &Batch{}); !ok || err != nil {
		x.t.Fatal(ok, err)
	}
}
