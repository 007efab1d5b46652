package feed

import (
	"brood/runner/pace"
	"math"
	"sync/atomic"
	"time"
)

// gate says how many slots may work. It is guarded by the feed's lock.
type gate struct {
	allowed int // slots
	most    int // slots, whatever allowed says: see Bound
	working int // slots that have a permit
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
	return gate{allowed: math.MaxInt, most: math.MaxInt, changed: make(chan struct{})}
}

// Seat is a slot's place at the gate: its permit, and what it has of make's jobserver.
type Seat struct {
	permit bool // guarded by the feed's lock
	probes bool // the same: it asks for a place more than there were
	tokens tokens
	place  atomic.Bool // its worker was let in by the far side, see Feed.LetIn
}

// admits gives a slot a permit, or lets it keep the one it has; or takes it away,
// if there are too many.
func (g *gate) admits(s *Seat) bool {
	if g.shut != "" || (s.permit && g.working > g.limit()) || (!s.permit && (g.working >= g.limit() || !g.hasPlace(s, time.Now()))) {
		g.leave(s)
		return false
	}
	if !s.permit {
		s.permit = true
		g.working++
	}
	return true
}

// leave gives a slot's permit back, for another.
func (g *gate) leave(s *Seat) {
	if !s.permit {
		return
	}
	s.permit = false
	g.notTried(s)
	g.working--
	// Its place stays its own, and that is what the others wait for.
	keeps := g.places.Limited() && s.place.Load() && g.working+1 < g.limit()
	if g.barred > 0 && g.working < g.limit() && !keeps {
		g.change()
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

// limit is how many slots may work.
func (g *gate) limit() int { return min(g.allowed, g.most) }

// allow lets so many slots work at a time.
func (g *gate) allow(n int) {
	if g.allowed != n {
		g.allowed = n
		g.change()
	}
}

// Bound lets no more than so many slots work, whatever else would allow it.
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
