package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// world is a coordinator and agents within this process, and a network between them that is as bad as a test wants it.
type world struct {
	t     *testing.T
	desk  *Desk
	mu    sync.Mutex
	rnd   *rand.Rand
	bad   float64 // how much is lost, and how much is doubled
	cut   map[string]bool
	ports map[string]*port
	room  int
	works map[uint64]bool
	joins chan string
	left  chan string
	got   chan *Report
	full  chan string // whose work had no room
}

// port is an agent's end of it.
type port struct {
	w     *world
	name  string
	agent *Agent
	told  chan []byte
	said  chan []byte
}

// testMachine is the machine of a world.
const testMachine = "m"

const testLease = 2 * time.Second

func newWorld(t *testing.T, bad float64) *world {
	w := &world{
		t: t, bad: bad, rnd: rand.New(rand.NewPCG(1, 2)), cut: make(map[string]bool), ports: make(map[string]*port), works: make(map[uint64]bool),
		joins: make(chan string, 100), left: make(chan string, 100), got: make(chan *Report, 100), full: make(chan string, 1),
	}
	w.desk = NewDesk(&Describe{Welcome: Welcome{Run: "r", RunID: "1", Epoch: 7, Lease: testLease}, Build: "b", Effect: jobs.EffectOnce, Logf: t.Logf})
	w.desk.SetPost(w)
	w.desk.Begin(&Events{
		Joined: func(m string, _ uint64, _ int) { w.joins <- m },
		Left:   func(m string) { w.left <- m },
		Report: func(m string, r *Report) { w.got <- r; w.desk.Settled(m, r.ID) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { w.desk.Serve(ctx) })
	t.Cleanup(func() { cancel(); serving.Wait() })
	return w
}

// copies is how many copies of a message arrive.
func (w *world) copies(machine string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch f := w.rnd.Float64(); {
	case w.cut[machine], f < w.bad:
		return 0
	case f < 2*w.bad:
		return 2
	}
	return 1
}

func (w *world) Work(_ context.Context, machine string, number uint64, _ bool, body []byte) error {
	w.mu.Lock()
	if w.works[number] {
		w.t.Errorf("work %d is published twice", number)
	}
	if len(w.works) >= w.room {
		w.mu.Unlock()
		select {
		case w.full <- machine:
		default:
		}
		return ErrFull
	}
	w.works[number] = true
	w.mu.Unlock()
	return w.Tell(machine, body)
}

func (w *world) Done(_ string, number uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.works, number)
}

func (w *world) Renew(string, []uint64) {}

func (w *world) SetRoom(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.room = n
}

func (w *world) Tell(machine string, body []byte) error {
	w.carries(body)
	w.mu.Lock()
	p := w.ports[machine]
	w.mu.Unlock()
	for range w.copies(machine) {
		if p != nil {
			p.told <- body
		}
	}
	return nil
}

func (p *port) Say(body []byte) error {
	p.w.carries(body)
	for range p.w.copies(p.name) {
		p.said <- body
	}
	return nil
}

// carries holds that no message is longer than any network takes.
func (w *world) carries(body []byte) {
	if len(body) > PartBytes+headBytes {
		w.t.Errorf("a message of %d bytes", len(body))
	}
}

// cuts cuts a machine off, or heals that.
func (w *world) cuts(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[testMachine] = cut
}

// shop has hands within this process.
type shop struct{ places []*handtest.Slot }

func (s *shop) Hand(_, kill context.Context, slot int) (hand.Hand, error) {
	if s.places[slot] == nil {
		return nil, errors.New("there is no worker to be had")
	}
	return s.places[slot].Start(kill), nil
}
func (s *shop) Await(context.Context) {}
func (s *shop) Held() string          { return "" }

// join has a machine join, and returns how it ends.
func (w *world) join(s *shop, reports ...*Report) (*Agent, chan Outcome) {
	w.t.Helper()
	j := &Join{Build: "b", Instance: NewInstance(), Slots: len(s.places), Reports: map[string]int{"1": len(reports)}, Host: "host"}
	for {
		got, err := decode[Welcome](w.desk.Ask(testMachine, encode(Question{Join: j})))
		if err != nil || got.Refused != "" {
			w.t.Fatalf("join: %v, %s", err, got.Refused)
		}
		if !got.Wait {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	p := &port{w: w, name: testMachine, told: make(chan []byte, 1<<16), said: make(chan []byte, 1<<16)}
	a := NewAgent(&AgentOptions{
		Says: p, Shop: s, Slots: len(s.places), Instance: j.Instance, Lease: testLease, Effect: jobs.EffectOnce, Shape: &handtest.Shape, Stoppable: true,
		Settled: func(string) {}, Logf: w.t.Logf,
	})
	p.agent = a
	ctx, stop := context.WithCancel(context.Background())
	var ways sync.WaitGroup
	ways.Go(func() {
		for {
			select {
			case b := <-p.told:
				a.Told(b)
			case <-ctx.Done():
				return
			}
		}
	})
	ways.Go(func() {
		for {
			select {
			case b := <-p.said:
				w.desk.Letter(testMachine, 7, b)
			case <-ctx.Done():
				return
			}
		}
	})
	w.mu.Lock()
	w.ports[testMachine] = p
	w.mu.Unlock()
	for _, r := range reports {
		a.Report(r)
	}
	out := make(chan Outcome, 1)
	work, end := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { out <- a.Work(work) })
	w.t.Cleanup(func() { end(); working.Wait(); stop(); ways.Wait() })
	return a, out
}

// hand brings a hand of a machine.
func (w *world) hand(kill context.Context, slot int) *Hand {
	w.t.Helper()
	h, err := w.desk.Hand(w.t.Context(), kill, testMachine, slot)
	if err != nil || h == nil {
		w.t.Fatalf("hand of %s: %v, %v", testMachine, h, err)
	}
	return h
}

// answersOf takes in the answers of a hand until there are no more.
func answersOf(h *Hand) (n int) {
	for {
		if _, err := h.Next(); err != nil {
			return n
		}
		h.Taken(1)
		n++
	}
}
