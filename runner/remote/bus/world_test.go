package bus

import (
	"brood/runner/remote/token"
	"context"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must come; it is no measure of anything.
const patience = 30 * time.Second

// world is a hub with its machines.
type world struct {
	t       testing.TB
	id      *token.Identity
	hub     *Hub
	letters chan Letter
	lost    chan error
}

const epoch = 7

// newWorld opens a hub; change may change how.
func newWorld(t testing.TB, change func(*HubOptions)) *world {
	t.Helper()
	w := &world{t: t, letters: make(chan Letter, 1<<16), lost: make(chan error, 1)}
	var err error
	if w.id, err = token.Create(t.TempDir()+"/hub", "mail.2026"); err != nil {
		t.Fatal(err)
	}
	o := HubOptions{
		Run: w.id.Run(), Epoch: epoch, Listen: "127.0.0.1:0", Identity: w.id,
		Ask:    func(machine string, body []byte) []byte { return []byte(machine + " asked " + string(body)) },
		Letter: func(l Letter) { w.letters <- l },
		Lost:   func(err error) { w.lost <- err },
		Logf:   logger(t),
	}
	if change != nil {
		change(&o)
	}
	if w.hub, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.hub.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// logger logs to a test for as long as it lasts.
func logger(t testing.TB) func(string, ...any) {
	var mu sync.Mutex
	over := false
	t.Cleanup(func() { mu.Lock(); over = true; mu.Unlock() })
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			t.Logf(format, args...)
		}
	}
}

func (w *world) issue(machine string) *token.Token {
	w.t.Helper()
	tok, err := w.id.Issue(machine)
	if err != nil {
		w.t.Fatal(err)
	}
	return tok
}

// given is a piece of work that came.
type given struct {
	number uint64
	body   string
}

// member is a machine that has joined.
type member struct {
	*Port
	t    testing.TB
	work chan given
	told chan string
	ups  chan struct{}
	lost chan error
}

// join lets a machine join, and enter the epoch.
func (w *world) join(tok *token.Token) *member {
	w.t.Helper()
	return w.joinAt(tok, w.hub.Addr())
}

func (w *world) joinAt(tok *token.Token, addr string) *member {
	w.t.Helper()
	m := newMember(w.t)
	m.open(PortOptions{Addr: addr, Token: tok})
	m.enter()
	return m
}

func newMember(t testing.TB) *member {
	return &member{t: t, work: make(chan given, 1<<16), told: make(chan string, 1<<16), ups: make(chan struct{}, 1<<10), lost: make(chan error, 1)}
}

func (m *member) open(o PortOptions) {
	m.t.Helper()
	o.Work = func(n uint64, b []byte) { m.work <- given{n, string(b)} }
	o.Told = func(b []byte) { m.told <- string(b) }
	o.Up = func() { m.ups <- struct{}{} }
	o.Lost = func(err error) { m.lost <- err }
	if o.Logf == nil {
		o.Logf = logger(m.t)
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	var err error
	if m.Port, err = Join(ctx, o); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		if err := m.Close(); err != nil {
			m.t.Error(err)
		}
	})
}

func (m *member) enter() {
	m.t.Helper()
	if err := m.Enter(m.t.Context(), epoch); err != nil {
		m.t.Fatal(err)
	}
}

// next waits for what must come.
func next[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("%s does not come", what)
		panic("not reached")
	}
}

// must is for what cannot go wrong here.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
