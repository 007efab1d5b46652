package feed

import (
	"brood/runner/pace"
	"time"
)

// adapting fits the number of records that are worked on to what the far side
// can do, see pace.Adaptive. It is nil where that was not asked for.
type adapting struct {
	feed           *Feed
	*pace.Adaptive // guarded by the feed's lock
}

func newAdapting(f *Feed, most int) *adapting {
	a := &adapting{feed: f, Adaptive: pace.NewAdaptive(most)}
	f.gate.allowed = a.Allowed() // nobody waits yet
	return a
}

// note notes how a try has ended.
func (a *adapting) note(slow bool, begun time.Time) {
	now := time.Now()
	a.feed.mu.Lock()
	if slow {
		a.Slow(now, begun)
	} else {
		a.OK(now, a.feed.gate.working)
	}
	a.feed.gate.allow(a.Allowed())
	a.feed.mu.Unlock()
}

// atFloor reports whether nothing less can be done at a time.
func (a *adapting) atFloor() bool {
	a.feed.mu.Lock()
	defer a.feed.mu.Unlock()
	return a.Allowed() <= 1
}
