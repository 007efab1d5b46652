package feed

import (
	"brood/runner/pace"
	"math"
	"sync/atomic"
	"time"
)

// gate says how many records may be worked on. A worker that has one in hand at a time has one
// permit while it has or could have something in hand, however many records it is given; one that
// can have several has as many as it has in hand. It is guarded by the feed's lock.
type gate struct {
	allowed int // permits
	most    int // permits, whatever allowed says: see Bound
	inHand  int // permits, where a worker can have several: what -j says
	working int // permits that are out
	barred  int // slots that wait for one
	// shut says why nothing new is begun at all, or is empty.
	shut string
	// shed says that workers which have nothing to do are to leave, as memory
	// is short.
	shed    bool
	changed chan struct{} // closed, and replaced, when it changes

	seats    []*Seat // all there are
	places   pace.Places
	crowded  atomic.Bool // the places are limited
	whyFewer string      // what the far side said to the last that it turned away
	told     bool        // the user knows
}

func newGate() gate {
	return gate{allowed: math.MaxInt, most: math.MaxInt, inHand: math.MaxInt, changed: make(chan struct{})}
}

// Seat is a slot's place at the gate: its permits, and what it has of make's jobserver.
type Seat struct {
	several   bool // its worker can have several records in hand
	places    int  // how many
	elsewhere bool // they are on another machine; guarded by the feed's lock
	permits   int  // guarded by the feed's lock
	probes    bool // the same: it asks for a place more than there were
	tokens    tokens
	place     atomic.Bool // its worker was let in by the far side, see Feed.LetIn; not if there are several
}

// admits says how many of n records a slot may be given beside those that its worker has in hand.
func (g *gate) admits(s *Seat, inHand, n int) int {
	if s.several {
		return g.admitsSome(s, inHand, n)
	}
	if g.shuts(s) || (s.permits > 0 && g.working > g.limit()) || (s.permits == 0 && (g.working >= g.limit() || !g.hasPlace(s, time.Now()))) {
		g.leave(s)
		return 0
	}
	if s.permits == 0 {
		g.give(s, 1)
	}
	return n
}

// shuts reports whether nothing new may begin there, as this machine has too much to do.
func (g *gate) shuts(s *Seat) bool { return g.shut != "" && !s.elsewhere }

// admitsSome is admits where each record needs a permit of its own. Those that it may be given are
// not out before it has them, see give.
func (g *gate) admitsSome(s *Seat, inHand, n int) int {
	g.hold(s, inHand)
	n = min(n, g.limit()-g.working)
	if g.shuts(s) || n <= 0 || !g.hasPlace(s, time.Now()) {
		return 0
	}
	if g.places.Limited() {
		return 1
	}
	return n
}

// give gives a slot permits.
func (g *gate) give(s *Seat, n int) {
	s.permits += n
	g.working += n
}

// hold takes the permits back that a slot has for more records than are in hand.
func (g *gate) hold(s *Seat, inHand int) {
	if s.permits <= inHand {
		return
	}
	g.working -= s.permits - inHand
	s.permits = inHand
	if g.barred > 0 && g.working < g.limit() {
		g.change()
	}
}

// leave gives a slot's permit back, for another.
func (g *gate) leave(s *Seat) {
	if s.permits == 0 {
		return
	}
	if s.several {
		g.notTried(s)
		g.hold(s, 0)
		return
	}
	s.permits = 0
	g.notTried(s)
	g.working--
	// Its place stays its own, and that is what the others wait for.
	keeps := g.places.Limited() && s.place.Load() && g.working+1 < g.limit()
	if g.barred > 0 && g.working < g.limit() && !keeps {
		g.change()
	}
}

// Ended notes how many records are still in hand of a worker that can have several.
func (f *Feed) Ended(s *Seat, inHand int) {
	f.mu.Lock()
	f.gate.hold(s, inHand)
	alone := inHand == 0 && f.suspects > 0
	f.mu.Unlock()
	if alone {
		f.poke() // what must be alone waits for that
	}
}

// change tells those who wait that the gate has changed. The caller holds the
// feed's lock.
func (g *gate) change() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// Leave gives back what a slot has of the gate, as it ends or waits for long and has no
// worker.
func (f *Feed) Leave(s *Seat) {
	s.tokens.put()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gate.leave(s)
	if s.place.Swap(false) && f.gate.crowded.Load() {
		f.gate.change()
	}
}

// limit is how many permits may be out.
func (g *gate) limit() int { return min(g.allowed, g.most, g.inHand) }

// allow lets so many permits be out at a time.
func (g *gate) allow(n int) {
	if g.allowed != n {
		g.allowed = n
		g.change()
	}
}

// Bound lets no more than so many permits be out, whatever else would allow it.
func (f *Feed) Bound(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gate.most != n {
		f.gate.most = n
		f.gate.change()
	}
}

// Shut stops new work for a reason, or with none lets it go on.
func (f *Feed) Shut(why string, shed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	// That the reason reads differently is no news for those who wait.
	news := (f.gate.shut == "") != (why == "") || f.gate.shed != shed
	if f.gate.shut, f.gate.shed = why, shed; news {
		f.gate.change()
	}
}
