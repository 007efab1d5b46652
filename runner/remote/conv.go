package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// conv is what goes on between a hand of the coordinator and one of the agent.
type conv struct {
	a    *Agent
	n    uint64
	slot int
	hand hand.Hand // nil until it has begun; of work, and of who comes after ready

	ctx    context.Context //nolint:containedctx // of its start
	cancel context.CancelFunc

	mu         sync.Mutex
	come       sync.Cond
	queue      []frame
	leaving    bool
	abandoned  bool
	killed     bool
	begun      bool // it was given something
	unanswered int
	tries      map[jobs.Seq]int // of what it has, where a record may be stopped
}

type frame struct {
	records int
	bytes   []byte
}

func newConv(a *Agent, n uint64, slot int) *conv {
	c := &conv{a: a, n: n, slot: slot}
	c.come.L = &c.mu
	c.ctx, c.cancel = context.WithCancel(a.kill)
	return c
}

// put queues a batch.
func (c *conv) put(records int, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving {
		return
	}
	c.queue = append(c.queue, frame{records, b})
	c.come.Broadcast()
}

// leave has it finish what it has.
func (c *conv) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	c.come.Broadcast()
}

// abandon has it begin nothing of what it was given: nobody waits for it here any more.
func (c *conv) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abandoned = true
	c.come.Broadcast()
}

// begins reports whether it begins what it was given, of so many records.
func (c *conv) begins(records int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.abandoned {
		return false
	}
	c.unanswered += records
	return true
}

func (c *conv) isKilled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed
}

// stop ends it at once. The hand is killed before it may be let go.
func (c *conv) stop() {
	c.mu.Lock()
	c.killed = true
	h := c.hand
	c.mu.Unlock()
	c.cancel()
	if h != nil {
		h.Kill()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	c.come.Broadcast()
}

// clear forgets what was in hand.
func (c *conv) clear() {
	c.mu.Lock()
	h := c.hand
	c.mu.Unlock()
	if h != nil {
		h.Clear()
	}
}

// tell says all that is left of it.
func (c *conv) tell(why string) {
	c.mu.Lock()
	h := c.hand
	c.mu.Unlock()
	if h == nil {
		return
	}
	g := gone{Conv: c.n}
	var err error
	if g.Remains, err = h.Remains(errors.New(why)); err != nil {
		c.a.Logf("slot %d: %v", c.slot+1, err)
		g.Remains.Lost = true
	}
	c.a.say(kindRemains, encode(g))
}

// work is its goroutine.
func (c *conv) work() {
	defer c.cancel()
	a := c.a
	h, err := a.Shop.Hand(c.ctx, a.kill, c.slot)
	if h == nil || err != nil {
		c.forget()
		r := ready{Conv: c.n, Refused: "it was ended while it started"}
		if err != nil {
			r.Refused = err.Error()
		}
		a.say(kindReady, encode(r))
		return
	}
	c.mu.Lock()
	c.hand = h
	killed := c.killed
	c.mu.Unlock()
	if killed {
		h.Kill()
	}
	a.say(kindReady, encode(ready{Conv: c.n, Allowance: h.Allowance(), Worn: h.Worn()}))
	heard := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		heard <- c.listen()
	}()
	c.supply(ended)
	if c.isKilled() {
		<-ended // so that it does not seem to have left by itself
	}
	exit, leaveErr := h.Leave()
	<-ended
	c.depart(exit, leaveErr, <-heard)
}

func (c *conv) forget() {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	delete(c.a.convs, c.n)
}

// supply gives the hand what comes, until it is to leave or has gone.
func (c *conv) supply(ended chan struct{}) {
	go func() {
		<-ended
		c.leave()
	}()
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.leaving {
			c.come.Wait()
		}
		if c.killed || len(c.queue) == 0 {
			c.mu.Unlock()
			return
		}
		f := c.queue[0]
		c.queue[0] = frame{} // it is a part of a bundle, which need not be kept
		c.queue = c.queue[1:]
		first := !c.begun
		c.begun = true
		c.keepTries(f.bytes)
		c.mu.Unlock()
		if first {
			c.hand.Begin()
		}
		c.a.Shop.Await(c.ctx)
		if !c.begins(f.records) {
			return
		}
		if err := c.hand.Give(f.bytes, f.records); err != nil {
			c.a.Logf("slot %d: %v", c.slot+1, err)
			c.hand.Kill()
			return
		}
	}
}

// keepTries notes which try of which record it is given. The caller holds the lock.
func (c *conv) keepTries(b []byte) {
	if !c.a.Stoppable {
		return
	}
	if c.tries == nil {
		c.tries = make(map[jobs.Seq]int)
	}
	r, err := wire.ReadBatch(b[5:], c.a.Shape, c.a.Raw)
	if err != nil {
		return // the worker will say so
	}
	var rec jobs.Record
	for {
		more, err := r.Next(&rec)
		if err != nil || !more {
			return
		}
		c.tries[rec.Seq] = rec.Attempt
	}
}

// listen passes answers on until there are no more. An error is that they make no sense.
func (c *conv) listen() error {
	for {
		p, err := c.hand.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = c.passOn(p)
		}
		if err != nil {
			c.hand.Kill()
			return err
		}
	}
}

// passOn looks through a frame of answers and says it to the coordinator.
func (c *conv) passOn(p []byte) error {
	r, err := wire.ReadAnswers(p)
	if err != nil {
		return err
	}
	r.Named = c.a.Several
	m := answers{conv: c.n}
	n := 0
	var res jobs.Result
	for seq := r.First; ; n++ {
		more, err := r.Next(&res)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if r.Named {
			seq = r.Seq
		}
		if c.a.Stoppable {
			c.limit(&m, seq)
		}
		seq++
	}
	m.worn, m.allowance = c.hand.Worn(), c.hand.Allowance()
	c.mu.Lock()
	if c.unanswered -= n; c.unanswered < 0 {
		c.mu.Unlock()
		return fmt.Errorf("%w: more answers than records", wire.ErrFrame)
	}
	c.mu.Unlock()
	ack, upTo := c.hand.Taken(n)
	c.a.event(c.slot, ack, upTo)
	c.a.answer(m.head(), p)
	return nil
}

// limit adds at which limit a record was stopped, if it was.
func (c *conv) limit(m *answers, seq jobs.Seq) {
	c.mu.Lock()
	try := c.tries[seq]
	delete(c.tries, seq)
	c.mu.Unlock()
	if l := c.hand.Stopped(seq, try); l != nil {
		m.limits = append(m.limits, limited{Seq: seq, Try: try, Limit: *l})
	}
}

// depart says that the hand has gone, and what it has left.
func (c *conv) depart(exit hand.Exit, leaveErr, broken error) {
	c.mu.Lock()
	rest := c.unanswered
	c.mu.Unlock()
	g := gone{Conv: c.n, Exit: exit}
	if broken != nil {
		g.Error = broken.Error()
	}
	if leaveErr != nil {
		c.a.Logf("slot %d: %v", c.slot+1, leaveErr)
	}
	// One that was replaced has left nothing, and the page is another's by now.
	if g.Event = !exit.Clean || rest > 0 || broken != nil; g.Event {
		var err error
		if g.Remains, err = c.hand.Remains(broken); err != nil {
			c.a.Logf("slot %d: %v", c.slot+1, err)
			g.Remains.Lost = true
		}
		ack, upTo := c.hand.Taken(0)
		c.a.event(c.slot, ack, upTo)
	}
	c.a.say(kindGone, encode(g))
}
