package permits

import (
	"context"
	"time"
)

// taking is one call of Take.
type taking struct {
	gate     *Gate
	n        int64
	begun    int64 // by the monotonic clock
	patience int64 // nanoseconds; 0: for ever
}

// bearable says at once what is known to last longer than who asks can wait.
func (t *taking) bearable() error {
	g := t.gate
	if t.patience == 0 {
		return nil
	}
	ahead := time.Duration(g.waiting.Load() * g.interval)
	if ahead > time.Duration(t.patience) {
		return &Wait{Until: g.clock.wall().Add(ahead), Why: ReasonRate}
	}
	_, err := t.closed()
	return err
}

// closed says for how long the gate is closed to all, by Hold or as the day is over; an error if
// that is too long.
func (t *taking) closed() (time.Duration, error) {
	g := t.gate
	now := g.clock.wall()
	if d := g.page.held(now); d > 0 {
		return d, t.within(d, ReasonHeld)
	}
	if g.limits.PerDay > 0 {
		day, next := dayOf(now, g.limits.Zone)
		if g.page.count(day)+int(t.n) > g.limits.PerDay {
			return next.Sub(now), t.within(next.Sub(now), ReasonDay)
		}
	}
	return 0, nil
}

// within is an error if waiting d from now on is longer than t can bear.
func (t *taking) within(d time.Duration, why Reason) error {
	if t.patience == 0 {
		return nil
	}
	c := t.gate.clock
	if c.mono()-t.begun+int64(d) <= t.patience {
		return nil
	}
	return &Wait{Until: c.wall().Add(d), Why: why}
}

// sleep waits for d, or says why it does not.
func (t *taking) sleep(ctx context.Context, d time.Duration, why Reason) error {
	if d <= 0 {
		return nil
	}
	if err := t.within(d, why); err != nil {
		return err
	}
	return t.gate.clock.sleep(ctx, d)
}

// take waits until the request may leave. One goroutine of a process asks at a time, in the
// order in which they came; so as many wake up for a permit as there are processes.
func (t *taking) take(ctx context.Context) (*Permit, error) {
	g := t.gate
	if err := t.queue(ctx); err != nil {
		return nil, err
	}
	defer func() { <-g.turn }()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d, err := t.closed()
		if err != nil {
			return nil, err
		}
		if d > 0 {
			// In parts, as the other processes may hold it longer, or the clock be set.
			if err := t.sleep(ctx, min(d, time.Minute), ReasonHeld); err != nil {
				return nil, err
			}
			continue
		}
		p, wait := t.try()
		if p != nil {
			return p, nil
		}
		if err := t.sleep(ctx, time.Duration(wait), ReasonRate); err != nil {
			return nil, err
		}
	}
}

// try takes a permit, or says how long to wait and try again; 0 is at once.
func (t *taking) try() (*Permit, int64) {
	g := t.gate
	now := g.clock.mono()
	// What counts as many at once is bounded by what comes after it alone.
	inRing := g.ring != nil && t.n == 1
	if inRing {
		if wait := g.ring.free(now); wait > 0 {
			return nil, wait
		}
	}
	given, wait := g.page.next(now, t.n*g.interval, g.slack, g.interval, g.clock.mono)
	if wait > 0 {
		return nil, wait
	}
	p := &Permit{gate: g, given: given, slot: -1, place: -1}
	if inRing {
		if p.place, p.until = g.ring.take(now); p.place < 0 {
			return nil, 0
		}
	}
	if g.limits.PerDay > 0 {
		day, _ := dayOf(g.clock.wall(), g.limits.Zone)
		if !g.page.spend(day, int(t.n), g.limits.PerDay) {
			return nil, 0 // somebody else took the last one: closed tells until when
		}
	}
	return p, 0
}

// queue waits for the turn of this goroutine.
func (t *taking) queue(ctx context.Context) error {
	g := t.gate
	select {
	case g.turn <- struct{}{}:
		return nil
	default:
	}
	var over <-chan time.Time
	if t.patience > 0 {
		timer := time.NewTimer(time.Duration(t.patience - (g.clock.mono() - t.begun)))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-over:
		return &Wait{Until: g.clock.wall().Add(max(time.Duration(g.waiting.Load()*g.interval), time.Second)), Why: ReasonRate}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// How long the first and the longest pause is between two looks at the places of other
// processes, which say nothing when one becomes free.
const (
	firstLook = time.Millisecond
	lastLook  = 20 * time.Millisecond
)

// takeSlot waits for a place among those that are under way.
func (t *taking) takeSlot(ctx context.Context) (int, error) {
	s := t.gate.slots
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		freed := s.changed()
		slot, err := s.take()
		if slot >= 0 || err != nil {
			return slot, err
		}
		if err := t.within(pause, ReasonSlots); err != nil {
			return -1, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-freed: // of this process
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return -1, ctx.Err()
		}
		timer.Stop()
	}
}
