package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// slot is one place for a worker: one goroutine that owns one child at a time.
type slot struct {
	r      *run
	number int // from 1
	pace   pace
	live   atomic.Pointer[child] // for the watch
	deaths int                   // in a row, without a single answer
}

// work is the slot's goroutine.
func (s *slot) work(ctx context.Context) error {
	b := &batch{}
	for {
		// A worker is started when there is something for it to do.
		ok, err := s.r.feed.take(ctx, 1, b)
		if !ok || err != nil {
			return err
		}
		c, err := s.start(ctx)
		if err != nil {
			return errors.Join(s.giveBack(b), err)
		}
		if c == nil { // stopped while starting
			return s.giveBack(b)
		}
		if err := s.converse(ctx, c, b); err != nil {
			return err
		}
		if s.deaths >= idleDeaths {
			return &AbortError{fmt.Sprintf("%d workers of slot %d died in a row without an answer; see their messages above", s.deaths, s.number)}
		}
		b = &batch{}
	}
}

// giveBack returns a batch that no worker has seen.
func (s *slot) giveBack(b *batch) error {
	return s.r.giveBack(b, func(*update, *jobs.Record) bool { return false })
}

// start starts a worker and shakes hands. It returns nil without an error if
// ctx has ended meanwhile: then nobody asks why.
func (s *slot) start(ctx context.Context) (*child, error) {
	wait := 100 * time.Millisecond
	for try := 1; ; try++ {
		c, err := s.launch()
		if err == nil {
			if err = c.handshake(ctx); err == nil {
				s.live.Store(c)
				return c, nil
			}
			err = c.failedStart(err)
		}
		var refused *AbortError
		if ctx.Err() != nil {
			return nil, nil //nolint:nilerr // the run is ending, see above
		}
		if errors.As(err, &refused) || try == startTries {
			return nil, &AbortError{fmt.Sprintf("slot %d: a worker does not start: %v", s.number, err)}
		}
		s.r.cfg.Term.Logf("slot %d: a worker did not start, trying again in %s: %v", s.number, wait, err)
		if !sleep(ctx, nil, wait) {
			return nil, nil
		}
		wait *= 4
	}
}

// converse feeds a worker until there is nothing more to do or it dies. First
// is its first batch.
func (s *slot) converse(ctx context.Context, c *child, first *batch) error {
	defer s.live.Store(nil)
	go c.listen()
	err := c.feed(ctx, first)
	_ = c.work.Close() // the worker leaves when it has done what it has
	gone := make(chan struct{})
	go func() { // a worker that has closed its pipe, or been told to leave, must also go
		select {
		case <-c.ended:
			c.Stop(s.r.killCtx, leaveTime, gone)
		case <-gone:
		}
	}()
	go func() { // a worker that has gone answers no more, whoever holds its pipe
		<-gone
		_ = c.answers.SetReadDeadline(time.Now().Add(time.Second))
	}()
	exit, reapErr := c.reap(gone)
	if err != nil || reapErr != nil {
		return errors.Join(err, reapErr)
	}
	return s.close(c, exit)
}

// close settles what a worker has left behind.
func (s *slot) close(c *child, exit proc.Exit) error {
	defer func() { _ = c.closePage() }()
	var writeErr *WriteError
	if errors.As(c.err, &writeErr) {
		return c.err
	}
	s.r.noteUsage(exit)
	s.deaths++
	inHand, since, busy := c.page.InHand()
	if c.any || busy {
		s.deaths = 0 // it is the record's, see blame
	}
	if len(c.queue) == 0 && exit.Status.Exited() && exit.Status.ExitStatus() == 0 {
		s.deaths = 0
		return nil
	}
	d := &death{class: jobs.ClassCrash, how: exit.String(), said: c.said.String()}
	if busy && since > 0 {
		d.took = wire.Now() - since
	}
	if c.timedOut.Load() {
		d.class, d.how = jobs.ClassTimeout, fmt.Sprintf("it took longer than --timeout %s and was killed", s.r.cfg.Timeout)
		d.said = ""
	}
	if c.err != nil {
		d.how += ", " + c.err.Error()
	}
	return s.mourn(c, exit, d, inHand, busy)
}

// mourn records a death, blames the record in hand, and gives the others back.
func (s *slot) mourn(c *child, exit proc.Exit, d *death, inHand jobs.Seq, busy bool) error {
	r := s.r
	u := newUpdate()
	row := ledger.Death{At: time.Now(), Slot: s.number, PID: c.PID, How: d.how, CPU: exit.User + exit.System, MaxRSS: exit.MaxRSS, Said: d.said}
	if busy {
		row.Seq = &inHand
	}
	killed := r.killCtx.Err() != nil
	if !killed {
		r.cfg.Term.Logf("slot %d: worker %d ended: %s%s", s.number, c.PID, d.how, seqNote(row.Seq))
	}
	u.deaths = append(u.deaths, row)
	for _, b := range c.queue {
		err := r.giveBackTo(u, b, func(u *update, rec *jobs.Record) bool {
			if !busy || rec.Seq != inHand || (killed && r.cfg.Effect == jobs.EffectNone) {
				return false
			}
			r.blame(u, s.number, b, rec, d)
			return true
		})
		if err != nil {
			return err
		}
	}
	return r.send(u)
}

func seqNote(seq *jobs.Seq) string {
	if seq == nil {
		return ", with no record in hand"
	}
	return fmt.Sprintf(", with record %d in hand", *seq)
}

// giveBack returns what is unanswered of a batch to the feed, except records
// that special deals with.
func (r *run) giveBack(b *batch, special func(*update, *jobs.Record) bool) error {
	if b.walk.Len() == 0 {
		var err error
		if b.walk, err = wire.ReadBatch(b.frame[5:], r.shape, r.cfg.Plan.NeedsRaw); err != nil {
			return err
		}
	}
	u := newUpdate()
	err := r.giveBackTo(u, b, special)
	return errors.Join(err, r.send(u))
}

func (r *run) giveBackTo(u *update, b *batch, special func(*update, *jobs.Record) bool) error {
	var rec jobs.Record
	for {
		more, err := b.walk.Next(&rec)
		if err != nil || !more {
			return err
		}
		b.answered++
		if !special(u, &rec) {
			u.again = append(u.again, &retry{item: b.items[b.answered-1], attempt: rec.Attempt, body: copyOf(b.walk.Body())})
		}
	}
}

// send hands an update to the book, and then the records that are to be tried
// again to the feed.
func (r *run) send(u *update) error {
	n := 0
	for _, s := range u.spans {
		n += s.count
	}
	again := u.again
	u.again = nil
	if u.empty() {
		u.free()
	} else {
		r.updates <- u
	}
	r.feed.settled(n)
	for _, x := range again {
		if err := r.feed.again(x); err != nil {
			return err
		}
	}
	return nil
}
