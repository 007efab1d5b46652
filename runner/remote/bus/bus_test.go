package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

// What goes to and fro arrives, from whom it is and once.
func TestToAndFro(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.join(w.issue("a")), w.join(w.issue("b_2"))
	next(t, a.ups, "the link")
	for i, m := range []*member{a, b} {
		name := []string{"a", "b_2"}[i]
		answer, err := m.Ask(t.Context(), []byte("why"))
		if err != nil || string(answer) != name+" asked why" {
			t.Errorf("%s: %q, %v", name, answer, err)
		}
		must(t, w.hub.Tell(name, []byte("hello "+name)))
		if got := next(t, m.told, "what it is told"); got != "hello "+name {
			t.Errorf("%s was told %q", name, got)
		}
		must(t, m.Say([]byte("letter of "+name)))
		if l := next(t, w.letters, "the letter"); l.Machine != name || l.Epoch != epoch || string(l.Body) != "letter of "+name {
			t.Errorf("%+v", l)
		}
		for n := range uint64(20) {
			must(t, w.hub.Work(t.Context(), name, uint64(i)*100+n, n%2 == 1, fmt.Append(nil, name, n)))
		}
		seen := map[uint64]bool{}
		for range 20 {
			g := next(t, m.work, "work")
			if seen[g.number] || g.body != fmt.Sprint(name, g.number-uint64(i)*100) {
				t.Errorf("%s: %+v", name, g)
			}
			seen[g.number] = true
		}
		for n := range uint64(20) {
			w.hub.Done(name, uint64(i)*100+n)
		}
	}
	w.empty()
}

// empty waits until the stream has nothing any more.
func (w *world) empty() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	for {
		s, err := w.hub.js.Stream(ctx, w.hub.n.stream)
		must(w.t, err)
		if s.CachedInfo().State.Msgs == 0 {
			return
		}
	}
}

// More than there is room for is refused at once; as soon as there is room, it is taken.
func TestFull(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join(w.issue("a"))
	w.hub.SetRoom(3)
	for n := range uint64(3) {
		must(t, w.hub.Work(t.Context(), "a", n, true, nil))
	}
	if err := w.hub.Work(t.Context(), "a", 3, true, nil); !errors.Is(err, ErrFull) {
		t.Fatalf("the fourth into three: %v", err)
	}
	next(t, m.work, "work")
	w.hub.Done("b", 0) // it is not b's
	if err := w.hub.Work(t.Context(), "a", 3, true, nil); !errors.Is(err, ErrFull) {
		t.Fatalf("another machine made room: %v", err)
	}
	w.hub.Done("a", 0)
	must(t, w.hub.Work(t.Context(), "a", 3, true, nil))
	if err := w.hub.Work(t.Context(), "a", 3, true, nil); err == nil || errors.Is(err, ErrClosed) {
		t.Errorf("a number twice: %v", err)
	}
	for range 3 {
		next(t, m.work, "work")
	}
}

// TestNobodyListens has a machine say why it cannot reach a coordinator: that nobody listens, and where.
func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	addr := l.Addr().String()
	must(t, l.Close())
	ctx, cancel := context.WithCancel(t.Context())
	var said string
	_, err = Join(ctx, PortOptions{URL: "nats://" + addr, Run: "r", Machine: "m", Logf: func(format string, args ...any) {
		said = fmt.Sprintf(format, args...)
		cancel()
	}})
	if err == nil || !strings.Contains(said, addr) || !strings.Contains(said, "connection refused") {
		t.Errorf("%v, %q", err, said)
	}
}
