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
	r             *session
	mu            sync.Mutex
	slots         []*slot // slot i+1 at i; those that have retired as well
	size          int     // slots that are to work: the first so many
	jobs          int     // what they come to, as -j counts
	recordedSlots int     // how many the ledger counts; of the manager alone
	away          int     // slots of other machines that are to work
	requests      chan scaling
}

// scaling asks for a number of slots.
type scaling struct {
	n     int
	reply chan error
	// far is what is to be done about the slots of another machine, in place of that; nil: nothing.
	far *news
	// do is what is done in place of that, by the manager, which can bring the crew to another number.
	do func(ctx context.Context, staff func(jobs int) error) error
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

// Away is how many slots of other machines are to work.
func (c *crew) Away() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away
}

// Jobs is how much is to be worked on at a time, as -j counts.
func (c *crew) Jobs() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jobs
}

// manage starts the slots, and more of them, or fewer, as it is asked. It is a
// goroutine of the run, and start adds one to it.
func (c *crew) manage(ctx context.Context, start func(func(context.Context) error)) error {
	c.recordedSlots = c.r.cfg.OwnWorkers()
	jobs := c.r.cfg.Slots
	if c.recordedSlots == 0 {
		jobs = 0 // all are elsewhere
	}
	if err := c.staff(ctx, start, jobs); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.r.feed.Over():
			return nil
		case q := <-c.requests:
			if q.far != nil {
				q.reply <- c.enlist(ctx, start, q.far)
				continue
			}
			if q.do != nil {
				q.reply <- q.do(ctx, func(jobs int) error { return c.staff(ctx, start, jobs) })
				continue
			}
			// That there is no room for so many is no reason to end.
			err := c.staff(ctx, start, q.n)
			if err == nil {
				c.r.Term.Logf("%s at a time from now on", c.r.cfg.Crew(q.n))
			}
			q.reply <- err
		}
	}
}

// hire makes slots until there are n, with their pages where intents are made. A
// page that is missing after a crash means that something is lost, so they are
// made before anything is sent out, and before the ledger counts them.
func (c *crew) hire(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.own() < n {
		s := &slot{r: c.r, number: len(c.slots) + 1}
		if c.r.feed.NeedsIntents() {
			if err := s.openPad(); err != nil {
				return err
			}
		}
		c.slots = append(c.slots, s)
	}
	for _, s := range c.slots {
		s.tempo.share(len(c.slots))
	}
	return nil
}

// own is how many slots there are that have workers of this machine. The caller holds the lock.
func (c *crew) own() (n int) {
	for _, s := range c.slots {
		if s.berth == nil {
			n++
		}
	}
	return n
}

// closePads gives the pages and the notes of all slots back, and what was seen of them. The book has ended.
func (c *crew) closePads() (err error) {
	for _, s := range c.all() {
		err = errors.Join(err, s.pad.close())
	}
	return errors.Join(err, c.r.heard.Close())
}

// staff brings the crew to so many records at a time, as -j counts them. The first slots have been
// hired before the session began.
func (c *crew) staff(ctx context.Context, start func(func(context.Context) error), jobs int) error {
	n := c.r.cfg.Workers(jobs)
	if n > 0 {
		if err := c.hire(n); err != nil {
			return err
		}
	}
	if total := len(c.all()); total > c.recordedSlots {
		if !c.tellLedger(ctx, total) {
			return nil // the run is ending
		}
		c.recordedSlots = total
	}
	if c.r.inbox != nil {
		can := jobs
		if c.r.cfg.CountsWorkers() {
			can = n * c.r.places
		}
		c.r.inbox.SetSlots(can)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size, c.jobs = n, jobs
	c.fit()
	i := 0
	for _, s := range c.slots {
		if s.berth != nil {
			continue
		}
		switch {
		case i >= n && s.retire != nil:
			s.retire()
			s.retire = nil
		case i < n && s.retire == nil:
			s.begin(ctx, start)
		}
		i++
	}
	return nil
}

// tellLedger makes durable how many slots there may be. It returns false if the
// run has ended before.
func (c *crew) tellLedger(ctx context.Context, n int) bool {
	u := newSettlement()
	u.Slots, u.Durable = n, make(chan struct{})
	durable := u.Durable
	c.r.updates <- u.Update
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

// Scale brings the run to another number of records at a time, as -j counts them.
func (r *session) Scale(n int) error {
	return r.crew.ask(scaling{n: n, reply: make(chan error, 1)})
}

// ask has the manager do something, and waits for that.
func (c *crew) ask(q scaling) error {
	select {
	case c.requests <- q:
		return <-q.reply
	case <-c.r.feed.Over():
	case <-time.After(5 * time.Second):
	}
	return errors.New("the run is ending")
}
