package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// crew is the slots of a run. Their number may change while it goes on.
type crew struct {
	mu            sync.Mutex
	slots         []*slot // slot i+1 at i; those that have retired as well
	size          int     // slots that are to work: the first so many
	recordedSlots int     // how many the ledger counts; of the manager alone
	requests      chan scaling
}

// scaling asks for a number of slots.
type scaling struct {
	n     int
	reply chan error
}

// all returns the slots there are.
func (c *crew) all() []*slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slots)
}

// Size is how many slots are to work.
func (c *crew) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

// manage starts the slots, and more of them, or fewer, as it is asked. It is a
// goroutine of the run, and start adds one to it.
func (r *session) manage(ctx context.Context, start func(func(context.Context) error)) error {
	r.crew.recordedSlots = r.cfg.Slots
	if err := r.staff(ctx, start, r.cfg.Slots); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.feed.Over():
			return nil
		case q := <-r.crew.requests:
			// That there is no room for so many is no reason to end.
			err := r.staff(ctx, start, q.n)
			if err == nil {
				r.Term.Logf("%d workers at a time from now on", q.n)
			}
			q.reply <- err
		}
	}
}

// hire makes slots until there are n, with their pages where intents are made. A
// page that is missing after a crash means that something is lost, so they are
// made before anything is sent out, and before the ledger counts them.
func (r *session) hire(n int) error {
	r.crew.mu.Lock()
	defer r.crew.mu.Unlock()
	for len(r.crew.slots) < n {
		s := &slot{r: r, number: len(r.crew.slots) + 1}
		if r.feed.NeedsIntents() {
			if err := s.openPad(); err != nil {
				return err
			}
		}
		r.crew.slots = append(r.crew.slots, s)
	}
	return nil
}

// staff brings the crew to n slots. The first ones have been hired before the
// session began.
func (r *session) staff(ctx context.Context, start func(func(context.Context) error), n int) error {
	if n > r.crew.recordedSlots {
		if err := r.hire(n); err != nil {
			return err
		}
		if !r.tellLedger(ctx, n) {
			return nil // the run is ending
		}
		r.crew.recordedSlots = n
	}
	r.feed.SetSlots(n)
	r.crew.mu.Lock()
	defer r.crew.mu.Unlock()
	r.crew.size = n
	for i, s := range r.crew.slots {
		switch {
		case i >= n && s.retire != nil:
			s.retire()
			s.retire = nil
		case i < n && s.retire == nil:
			s.begin(ctx, start)
		}
	}
	return nil
}

// tellLedger makes durable how many slots there may be. It returns false if the
// run has ended before.
func (r *session) tellLedger(ctx context.Context, n int) bool {
	u := newSettlement()
	u.Slots, u.Durable = n, make(chan struct{})
	durable := u.Durable
	r.updates <- u.Update
	select {
	case <-durable:
		return true
	case <-ctx.Done():
		return false
	}
}

// begin starts a slot's goroutine, after the one before it has ended.
func (s *slot) begin(ctx context.Context, start func(func(context.Context) error)) {
	ctx, s.retire = context.WithCancel(ctx)
	before, ended := s.ended, make(chan struct{})
	s.ended = ended
	start(func(context.Context) error {
		defer close(ended)
		if before != nil {
			<-before
		}
		return s.work(ctx)
	})
}

// Scale brings the run to another number of slots.
func (r *session) Scale(n int) error {
	q := scaling{n, make(chan error, 1)}
	select {
	case r.crew.requests <- q:
		return <-q.reply
	case <-r.feed.Over():
	case <-time.After(5 * time.Second):
	}
	return errors.New("the run is ending")
}
