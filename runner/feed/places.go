package feed

import (
	"time"
)

// Where the far side turns workers away, see pace.Places, a place belongs to a slot: to one
// whose worker was let in, as it stays there, also while it has nothing to do, until it is
// told otherwise or goes. A slot without a place begins nothing while all are taken.

// wordTime is how long nobody has been turned away when it is said how many are left.
const wordTime = 300 * time.Millisecond

// LetIn notes that the far side has answered a slot's worker otherwise than by turning it
// away. What is returned is news for the user, or empty. It is cheap.
func (f *Feed) LetIn(s *Seat) (fewer int, why string) {
	if !s.several && !s.place.Load() {
		s.place.Store(true)
	}
	if !f.gate.crowded.Load() {
		return 0, ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	g := &f.gate
	now := time.Now()
	if s.probes {
		s.probes = false
		g.places.LetIn(now, g.seatsInAll())
		g.crowded.Store(g.places.Limited())
		g.change()
	}
	if g.told || !g.places.Limited() || now.Sub(g.places.Since()) < wordTime {
		return 0, ""
	}
	g.told = true
	return g.places.Limit(), g.whyFewer
}

// TurnAway notes that the far side has no place for a slot's worker, which had a record,
// and why. If others have one, or ask for it, as many are left as they are, the slot loses
// its permit, the record counts for no limit, and true is returned. Otherwise nothing less
// can be done.
func (f *Feed) TurnAway(s *Seat, it *Item, why string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := &f.gate
	others := g.held()
	if s.permits > 0 || s.place.Load() {
		others--
	}
	s.place.Store(false)
	s.probes = false
	if others < 1 {
		return false
	}
	if s.several {
		g.hold(s, s.permits-1)
	} else {
		g.leave(s)
	}
	g.places.TurnedAway(time.Now(), others)
	g.crowded.Store(true)
	g.whyFewer = why
	f.pacing.GiveBack(time.Now(), it.Pace)
	return true
}

// Crowded reports whether the far side has turned workers away, so that a place must be
// free before another asks for it.
func (f *Feed) Crowded() bool { return f.gate.crowded.Load() }

// held is how many slots have a place, or ask for one; where a worker has several records in
// hand, how many of these do.
func (g *gate) held() (n int) {
	for _, s := range g.seats {
		switch {
		case s.permits > 0:
			n += s.permits
		case s.place.Load():
			n++
		}
	}
	return n
}

// seatsInAll is how many records there can be in hand.
func (g *gate) seatsInAll() (n int) {
	for _, s := range g.seats {
		n += max(s.places, 1)
	}
	return n
}

// hasPlace reports whether a slot without a permit may ask the far side for a place, or has
// one.
func (g *gate) hasPlace(s *Seat, now time.Time) bool {
	if !g.places.Limited() || s.place.Load() {
		return true
	}
	may, more := g.places.Try(now, g.held(), g.working)
	s.probes = more
	return may
}

// notTried notes that there was nothing to do for a slot that was to try whether there is
// a place more.
func (g *gate) notTried(s *Seat) {
	if s.probes {
		s.probes = false
		g.places.NotTried(time.Now())
	}
}

// again is when a slot that waits at the gate should look again; negative: when it changes.
func (g *gate) again(now time.Time) time.Duration {
	if !g.places.Limited() || g.shut != "" {
		return -1
	}
	return g.places.Next(now)
}
