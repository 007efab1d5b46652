package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// cable is what a machine's link goes through, which can be cut.
type cable struct {
	net.Listener
	to   string
	mu   sync.Mutex
	cut  bool
	ends map[net.Conn]bool
	all  sync.WaitGroup
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	c := &cable{Listener: l, to: to, ends: map[net.Conn]bool{}}
	c.all.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", to)
			if err != nil || !c.connect(a, b) {
				_ = a.Close()
			}
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.set(true)
		c.all.Wait()
	})
	return c
}

// connect passes on between two ends, unless the cable is cut.
func (c *cable) connect(a, b net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		_ = b.Close()
		return false
	}
	for from, to := range map[net.Conn]net.Conn{a: b, b: a} {
		c.ends[from] = true
		c.all.Go(func() {
			_, _ = io.Copy(to, from)
			_, _ = from.Close(), to.Close()
		})
	}
	return true
}

// set cuts the cable, or heals it.
func (c *cable) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if cut {
		for e := range c.ends {
			_ = e.Close()
		}
		clear(c.ends)
	}
}

// While a link is down what is said is an error and not kept; when it is there again all goes on, and the work that was
// published meanwhile comes.
func TestLinkIsCut(t *testing.T) {
	w := newWorld(t, func(o *HubOptions) { o.Lease = 1e9 })
	c := newCable(t, w.hub.Addr())
	m := newMember(t)
	downs := make(chan struct{}, 8)
	m.open(PortOptions{Addr: c.Addr().String(), Token: w.issue("a"), Down: func() { downs <- struct{}{} }})
	m.enter()
	next(t, m.ups, "the link")
	for round := range uint64(3) {
		c.set(true)
		next(t, downs, "its end")
		if err := m.Say([]byte("lost")); !errors.Is(err, ErrDown) {
			t.Errorf("said on no link: %v", err)
		}
		if _, err := m.Ask(t.Context(), nil); !errors.Is(err, ErrDown) {
			t.Errorf("asked on no link: %v", err)
		}
		// The server may not have noticed yet, and give it to the link that is down: then it is given again after the lease.
		must(t, w.hub.Work(t.Context(), "a", 10*round, false, nil))
		c.set(false)
		next(t, m.ups, "the link")
		must(t, w.hub.Work(t.Context(), "a", 10*round+1, false, nil))
		for seen := map[uint64]bool{}; len(seen) < 2; {
			g := next(t, m.work, "work")
			w.hub.Done("a", g.number)
			if g.number/10 == round { // one of a round before may come again
				seen[g.number] = true
			}
		}
		must(t, m.Say([]byte("there again")))
		if l := next(t, w.letters, "the letter"); string(l.Body) != "there again" {
			t.Errorf("%+v", l)
		}
	}
	if len(w.letters) > 0 {
		t.Error("what was said on no link was kept")
	}
}

// Who cannot reach the coordinator tries until its context ends, and one that is asked something does not hang on a link
// that goes down.
func TestNobodyThere(t *testing.T) {
	ask := make(chan struct{})
	asked := make(chan struct{})
	w := newWorld(t, func(o *HubOptions) {
		o.Ask = func(string, []byte) []byte { close(asked); <-ask; return nil }
	})
	defer close(ask)
	tok := w.issue("a")
	c := newCable(t, w.hub.Addr())
	m := newMember(t)
	m.open(PortOptions{Addr: c.Addr().String(), Token: tok})
	failed := make(chan error, 1)
	go func() { _, err := m.Ask(t.Context(), nil); failed <- err }()
	next(t, asked, "the question")
	c.set(true)
	if err := next(t, failed, "the end of the question"); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	joined := make(chan error, 1)
	said := make(chan struct{}, 1)
	go func() {
		p, err := Join(ctx, PortOptions{Addr: c.Addr().String(), Token: tok, Logf: func(string, ...any) { said <- struct{}{} }})
		if err == nil {
			_ = p.Close()
		}
		joined <- err
	}()
	next(t, said, "that nobody is there")
	cancel()
	if err := next(t, joined, "the end of joining"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A machine that joins when the coordinator comes again, with the same identity at the same address, goes on. It knows of the new epoch when it is
// told, and until then neither end says that it may not do what it did in the last.
func TestCoordinatorComesAgain(t *testing.T) {
	w := newWorld(t, nil)
	said := make(chan string, 1<<10)
	logf := func(format string, args ...any) { said <- fmt.Sprintf(format, args...) }
	m := newMember(t)
	m.open(PortOptions{Addr: w.hub.Addr(), Token: w.issue("a"), Logf: logf})
	m.enter()
	next(t, m.ups, "the link")
	addr := w.hub.Addr()
	w.goesOn(m, 1)
	must(t, w.hub.Close())
	var err error
	if w.hub, err = Open(t.Context(), HubOptions{Run: w.id.Run(), Epoch: epoch + 1, Listen: addr, Identity: w.id, Letter: func(l Letter) { w.letters <- l }, Logf: logf}); err != nil {
		t.Fatal(err)
	}
	next(t, m.ups, "the link")
	if err := m.Say([]byte("of the epoch before")); err != nil {
		t.Error(err)
	}
	must(t, m.Enter(t.Context(), epoch+1))
	w.goesOn(m, 1)
	for len(said) > 0 {
		if line := <-said; strings.Contains(strings.ToLower(line), "permission") {
			t.Error(line)
		}
	}
}

// There is one hub with an identity, and it says so when its address is taken or makes no sense.
func TestOneHub(t *testing.T) {
	w := newWorld(t, nil)
	second := HubOptions{Run: "mail.2026", Listen: "127.0.0.1:0", Identity: w.id}
	if h, err := Open(t.Context(), second); err == nil {
		must(t, h.Close())
		t.Error("two hubs have one identity")
	}
	other := newWorld(t, nil)
	must(t, other.hub.Close())
	for _, address := range []string{w.hub.Addr(), "nowhere.invalid:1:2", "127.0.0.1:99999"} {
		if h, err := Open(t.Context(), HubOptions{Run: "mail.2026", Listen: address, Identity: other.id}); err == nil {
			must(t, h.Close())
			t.Errorf("it listens at %s", address)
		} else {
			t.Log(err)
		}
	}
}
