package bus

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
)

// dropped counts what was not heeded.
type dropped struct {
	strange  atomic.Uint64 // of no shape, or on no subject, that is known
	replayed atomic.Uint64 // letters that were heard before
	crowded  atomic.Uint64 // questions beyond what a machine may ask at a time
}

// Dropped is how much a hub has not heeded of what machines said.
type Dropped struct{ Strange, Replayed, Crowded uint64 }

// Dropped counts what the hub did not heed, for the metrics.
func (h *Hub) Dropped() Dropped {
	return Dropped{h.dropped.strange.Load(), h.dropped.replayed.Load(), h.dropped.crowded.Load()}
}

// letter hears a letter.
func (h *Hub) letter(m *nats.Msg) {
	from, ok := machine(m.Subject, h.n.letter)
	port, count, body, whole := parseLetter(m.Data)
	if !ok || !whole {
		h.dropped.strange.Add(1)
		return
	}
	said := h.heard[from]
	if said == nil {
		said = &heard{}
		h.heard[from] = said
	}
	if !said.new(port, count) {
		h.dropped.replayed.Add(1)
		return
	}
	if h.o.Letter != nil {
		h.o.Letter(Letter{Machine: from, Epoch: h.o.Epoch, Body: body})
	}
}

const (
	// mostAsked is how many questions are answered at a time, and mostOfOne how many of one machine.
	mostAsked = 32
	mostOfOne = 4
)

// asking counts the questions that are being answered.
type asking struct {
	mu  sync.Mutex
	of  map[string]int
	all chan struct{}
}

func newAsking() *asking {
	return &asking{of: make(map[string]int), all: make(chan struct{}, mostAsked)}
}

// begin says whether a machine may ask now.
func (a *asking) begin(machine string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of[machine] >= mostOfOne {
		return false
	}
	a.of[machine]++
	return true
}

func (a *asking) end(machine string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of[machine]--; a.of[machine] == 0 {
		delete(a.of, machine)
	}
}

// ask answers a question. The answer goes to the machine's own inbox, whatever it asks for: the hub may say what a machine
// may not, and must not do so for it.
func (h *Hub) ask(m *nats.Msg) {
	from, ok := machine(m.Subject, h.n.ask)
	if !ok || !strings.HasPrefix(m.Reply, h.n.inbox+from+".") || strings.ContainsAny(m.Reply, "*> \t\r\n") {
		h.dropped.strange.Add(1)
		return
	}
	if !h.asking.begin(from) {
		h.dropped.crowded.Add(1)
		h.answer(m.Reply, replyFrame(busy, nil))
		return
	}
	h.calls.run(func() {
		defer h.asking.end(from)
		select {
		case h.asking.all <- struct{}{}:
			defer func() { <-h.asking.all }()
		case <-h.ctx.Done():
			return
		}
		var body []byte
		if h.o.Ask != nil {
			body = h.o.Ask(from, m.Data)
		}
		r := answered
		switch {
		case body == nil:
			r, body = refused, []byte("the coordinator has no answer")
		case len(body) >= MaxPayload:
			r, body = refused, []byte("the answer is too long for the bus")
		}
		h.answer(m.Reply, replyFrame(r, body))
	})
}

func (h *Hub) answer(to string, frame []byte) {
	if err := h.nc.Publish(to, frame); err != nil {
		h.o.logf("answer a machine: %v", err)
	}
}
