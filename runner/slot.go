package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// handshakeTime is how long a worker may take to open its job.
	handshakeTime = 30 * time.Second
	// startTries is how often a worker that does not start is tried.
	startTries = 3
	// idleDeaths is how many workers of a slot may die in a row without
	// having answered a single record.
	idleDeaths = 5
	// leaveTime is how long a worker may take to leave after its work pipe
	// has ended, before it is sent TERM, and then KILL after as long again.
	leaveTime = 6 * time.Second
)

// slot is one place for a worker: one goroutine that owns one child at a time.
type slot struct {
	r      *session
	number int // from 1
	tempo  tempo
	live   atomic.Pointer[child] // for the watch
	deaths int                   // in a row, without a single answer

	// What the slot's workers share with this process, one after the other:
	// made for the first of them, closed at the end of the run.
	page  *wire.Page
	notes *wire.Notes
	files [3]*os.File // of the page, and of the notes
	noted uint64      // the last note that was settled

	seat *feed.Seat // in the feed

	leaving  sync.WaitGroup // workers that were replaced
	leaveMu  sync.Mutex
	leaveErr error

	// Of its goroutine; guarded by the crew's lock.
	retire context.CancelFunc // nil if it is not to work
	ended  chan struct{}      // closed when it has ended
}

// work is the slot's goroutine.
func (s *slot) work(ctx context.Context) error {
	s.seat = s.r.feed.Seat()
	err := s.workOn(ctx)
	s.r.feed.Leave(s.seat)
	s.leaving.Wait() // workers that were replaced
	return errors.Join(err, s.leaveErr)
}

func (s *slot) workOn(ctx context.Context) error {
	b := &feed.Batch{}
	var c *child // the next worker, if there is one already
	for {
		// A worker is started when there is something for it to do. Where
		// starts are limited it is started before, as what is taken must begin
		// at once.
		if c == nil && s.r.feed.Timed() {
			s.r.feed.Leave(s.seat)
			if !s.r.feed.Await(ctx) {
				return nil
			}
			var err error
			if c, err = s.start(ctx); c == nil {
				return err
			}
		}
		var w feed.Worker
		if c != nil {
			w = c
		}
		ok, err := s.r.feed.Take(ctx, s.seat, w, 1, b)
		if !ok || err != nil {
			if c != nil {
				s.replace(c)
			}
			if c == nil || err != nil || ctx.Err() != nil || s.r.over() {
				return err
			}
			c = nil // it was to leave
			continue
		}
		if c == nil {
			if c, err = s.start(ctx); err != nil {
				return errors.Join(s.giveBack(b), err)
			}
		}
		if c == nil { // stopped while starting
			return s.giveBack(b)
		}
		if c, err = s.converse(ctx, c, b); err != nil {
			return err
		}
		if s.deaths >= idleDeaths {
			return &spec.AbortError{Reason: fmt.Sprintf("%d workers of slot %d died in a row without an answer; see their messages above", s.deaths, s.number)}
		}
		b = &feed.Batch{}
	}
}

// giveBack returns a batch that no worker has seen.
func (s *slot) giveBack(b *feed.Batch) error {
	if err := b.Open(s.r.shape, s.r.cfg.Plan.NeedsRaw); err != nil {
		return err
	}
	u := newSettlement()
	err := s.r.giveBackTo(u, b, func(*settlement, *feed.Batch, *jobs.Record) (bool, error) { return false, nil })
	return errors.Join(err, s.r.send(u))
}

// start starts a worker and shakes hands. It returns nil without an error if
// ctx has ended meanwhile: then nobody asks why.
func (s *slot) start(ctx context.Context) (*child, error) {
	wait := 100 * time.Millisecond
	for try := 1; ; try++ {
		c, err := s.launch()
		if err == nil {
			if err = c.handshake(ctx); err == nil {
				if err := s.checkFresh(c); err != nil {
					return nil, err
				}
				return c, nil
			}
			err = c.failedStart(err)
		}
		var refused *spec.AbortError
		if ctx.Err() != nil {
			return nil, nil //nolint:nilerr // the run is ending, see above
		}
		var writeErr *spec.WriteError
		if errors.As(err, &writeErr) {
			return nil, err
		}
		if errors.As(err, &refused) || try == startTries {
			return nil, &spec.AbortError{Reason: fmt.Sprintf("slot %d: a worker does not start: %v", s.number, err)}
		}
		s.r.Term.Logf("slot %d: a worker did not start, trying again in %s: %v", s.number, wait, err)
		if !sleep(ctx, wait) {
			return nil, nil
		}
		wait *= 4
	}
}

// converse feeds a worker until there is nothing more to do, it dies, or it is
// worn out. First is its first batch. In the last case the next worker is
// returned: it is ready, and the worn one leaves by itself.
func (s *slot) converse(ctx context.Context, c *child, first *feed.Batch) (next *child, err error) {
	c.firstNote = s.page.LastNote()
	s.live.Store(c)
	defer s.live.Store(nil)
	c.listening = true
	go c.listen()
	next, err = c.feed(ctx, first)
	if next != nil {
		s.r.recycled.Add(1)
		if c.any {
			s.deaths = 0
		}
		s.replace(c)
		return next, err
	}
	exit, reapErr := s.leave(c)
	if err != nil || reapErr != nil {
		return nil, errors.Join(err, reapErr)
	}
	return nil, s.settleDead(c, exit)
}

// leave lets a worker go and waits until it has gone.
func (s *slot) leave(c *child) (proc.Exit, error) {
	c.NotePeak()
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
	return c.reap(gone)
}

// replace lets a worker go that has nothing in hand, beside the one that has
// taken its place. The page is not its own any more.
func (s *slot) replace(c *child) {
	if !c.listening {
		c.listening = true
		go c.listen()
	}
	s.leaving.Go(func() {
		exit, err := s.leave(c)
		s.r.noteUsage(exit)
		if err == nil && c.err != nil {
			s.r.Term.Logf("slot %d: worker %d, which was being replaced, ended: %s, %v", s.number, c.PID, exit, c.err)
		}
		s.leaveMu.Lock()
		defer s.leaveMu.Unlock()
		s.leaveErr = errors.Join(s.leaveErr, err)
	})
}

// close settles what a worker has left behind.
func (s *slot) settleDead(c *child, exit proc.Exit) error {
	var writeErr *spec.WriteError
	if errors.As(c.err, &writeErr) {
		return c.err
	}
	left, err := c.left()
	if err != nil {
		return err
	}
	s.r.noteUsage(exit)
	s.deaths++
	inHand, since, busy := s.page.InHand()
	if n := left[inHand]; busy && n != nil && n.Try == s.page.Try() && n.Time >= since {
		busy = false // it died after it had noted the answer
	} else if busy {
		delete(left, inHand) // that was of an earlier try
	}
	if c.any || busy || len(left) > 0 {
		s.deaths = 0 // it is the record's, see lose
	}
	if len(c.queue) == 0 && exit.Status.Exited() && exit.Status.ExitStatus() == 0 {
		s.deaths = 0
		s.page.Clear()
		return nil
	}
	if err := s.page.NotesError(); err != nil {
		return &spec.WriteError{Err: fmt.Errorf("write notes %s: %w", s.files[1].Name(), err)}
	}
	over := c.over.Load()
	if exit.OutOfMemory {
		over = c.outOfMemory()
	}
	d := &death{how: exit.String(), said: s.r.hide(c.said.String())}
	l := loss{class: jobs.ClassCrash, blamed: true}
	if busy && since > 0 {
		l.took = wire.Now() - since
	}
	switch {
	case busy && over.of(inHand, s.page.Try()):
		l.class, d.how, d.limit = over.class, over.text, true
		if over.killed { // otherwise it was asked to stop, and did not survive that
			d.said = ""
		}
	case over != nil && over.killed:
		// What is in hand now has begun since, or nothing is.
		l.class, l.blamed, d.how, d.said, d.limit = over.class, false, over.text, "", true
	case s.r.killCtx.Err() != nil:
		l.class, l.blamed, d.silent = jobs.ClassKilled, false, true
	}
	if c.err != nil {
		d.how += ", " + c.err.Error()
	}
	l.text = d.error(l.class)
	if busy {
		return s.recordDeath(c, exit, d, l, left, &inHand)
	}
	return s.recordDeath(c, exit, d, l, left, nil)
}

// mourn records a death, settles the answers that are left, decides about the
// record in hand, and gives the others back.
func (s *slot) recordDeath(c *child, exit proc.Exit, d *death, l loss, left map[jobs.Seq]*wire.Note, inHand *jobs.Seq) error {
	r := s.r
	u := newSettlement()
	row := ledger.Death{At: time.Now(), Slot: s.number, PID: c.PID, How: d.how, Seq: inHand, CPU: exit.User + exit.System, MaxRSS: exit.MaxRSS, Said: d.said}
	r.metrics.noteDeath(string(l.class))
	if !d.silent {
		r.Term.Logf("slot %d: worker %d ended: %s%s", s.number, c.PID, d.how, seqNote(row.Seq))
	}
	u.Deaths = append(u.Deaths, row)
	for _, b := range c.queue {
		err := r.giveBackTo(u, b, func(u *settlement, b *feed.Batch, rec *jobs.Record) (bool, error) {
			t := tryOf(b, s.number, rec)
			if n := left[rec.Seq]; n != nil && n.Try == rec.Attempt {
				var res jobs.Result
				if err := wire.ReadAnswer(n.Payload, &res); err != nil {
					return true, err
				}
				c.settleOne(u, t, &res)
				return true, nil
			}
			if inHand == nil || rec.Seq != *inHand || rec.Attempt != s.page.Try() {
				return false, nil
			}
			if err := s.noteLoss(t, l); err != nil {
				return true, err
			}
			r.observe(t, nil, l.class, l.took)
			r.lose(u, t, l)
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	// The notes say all that the page said.
	s.page.Clear()
	s.sign(u)
	return r.send(u)
}

// sign adds to an update how many of the slot's notes it settles.
func (s *slot) sign(u *settlement) {
	if s.noted > 0 {
		u.Ack, u.Noted = s.page, s.noted
	}
}

func seqNote(seq *jobs.Seq) string {
	if seq == nil {
		return ", with no record in hand"
	}
	return fmt.Sprintf(", with record %d in hand", *seq)
}

// giveBackTo returns what is unanswered of a batch to the feed, except records
// that special deals with. No worker has begun them, so their intents stand.
func (r *session) giveBackTo(u *settlement, b *feed.Batch, special func(*settlement, *feed.Batch, *jobs.Record) (bool, error)) error {
	var rec jobs.Record
	for {
		more, err := b.Next(&rec)
		if err != nil || !more {
			return err
		}
		r.feed.EndKey(b.Item())
		dealt, err := special(u, b, &rec)
		if err != nil {
			return err
		}
		if !dealt {
			x := b.Back(&rec)
			r.feed.Undecided(x.Seq)
			x.Suspect = r.feed.AnyCrashes() && r.feed.CrashesOf(rec.Seq) > 0
			u.again = append(u.again, x)
		}
	}
}

// tryOf is the record of a batch that was walked to last, as one try of it.
func tryOf(b *feed.Batch, slot int, rec *jobs.Record) *try {
	return &try{Item: *b.Item(), slot: slot, rec: rec, body: b.Body()}
}
