package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
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

// slot is one place for a worker: one goroutine that has one hand at a time.
type slot struct {
	r      *session
	number int // from 1
	tempo  tempo
	live   atomic.Pointer[child] // for the watch
	talk   atomic.Pointer[talk]  // the last one; for whoever names a record
	recent recent                // records that were answered last, for the same
	deaths int                   // in a row, without a single answer
	// lastWords is how the last of them ended.
	lastWords string

	berth *berth // where its workers are, if that is not this machine; nil: they are its own

	pad  *pad       // nil before the first worker
	seat *feed.Seat // in the feed

	setup *setup // of the probe; nil: that of now

	poor time.Duration // how long it waits for room for a worker; 0: there was room

	lent sync.Mutex // of a shop: held by who starts a worker

	leaving  sync.WaitGroup // workers that were replaced
	leaveMu  sync.Mutex
	leaveErr error

	// Of its goroutine; guarded by the crew's lock.
	retire context.CancelFunc // nil if it is not to work
	ended  chan struct{}      // closed when it has ended
}

// work is the slot's goroutine.
func (s *slot) work(ctx context.Context) error {
	if s.seat == nil {
		if s.seat = s.r.feed.Seat(s.r.places); s.berth != nil {
			s.r.feed.SeatElsewhere(s.seat)
		}
	}
	err := s.workOn(ctx)
	if s.r.feed.Crowded() {
		s.leaving.Wait() // then its place is free
	}
	s.r.feed.Leave(s.seat)
	s.leaving.Wait() // workers that were replaced
	return errors.Join(err, s.leaveErr)
}

func (s *slot) workOn(ctx context.Context) error {
	b := &feed.Batch{}
	k, over, err := s.beginEarly(ctx) // with the next hand, if there is one already
	for !over && err == nil {
		// A worker is started when there is something for it to do. Where
		// starts are limited it is started before, as what is taken must begin
		// at once.
		if k == nil && s.r.feed.Timed() {
			s.r.feed.Leave(s.seat)
			if !s.r.feed.Await(ctx) {
				return nil
			}
			var err error
			if k, err = s.start(ctx); k == nil {
				if err = s.bear(ctx, err); err != nil || ctx.Err() != nil {
					return err
				}
				continue
			}
		}
		ok, err := s.takeFirst(ctx, k, b)
		if !ok || err != nil {
			if k != nil {
				s.replace(k)
			}
			if k == nil || err != nil || ctx.Err() != nil || s.r.over() {
				return err
			}
			k = nil // it was to leave, or has an old configuration
			continue
		}
		if k != nil && k.stale() {
			s.replace(k)
			k = nil
		}
		if k == nil {
			if k, err = s.start(ctx); err != nil {
				err = errors.Join(s.returnUnseen(b), s.bear(ctx, err))
				if err != nil {
					return err
				}
				b = &feed.Batch{}
				continue
			}
		}
		if k == nil { // stopped while starting
			return s.returnUnseen(b)
		}
		if k, err = k.converse(ctx, b); err != nil {
			return err
		}
		if s.deaths >= idleDeaths {
			return &spec.AbortError{Reason: fmt.Sprintf("%d workers of slot %d died in a row without an answer, the last: %s", s.deaths, s.number, s.lastWords)}
		}
		b = &feed.Batch{}
	}
	return err
}

// takeFirst takes the first batch of a hand, which may be nil: there is none yet.
func (s *slot) takeFirst(ctx context.Context, k *talk, b *feed.Batch) (bool, error) {
	if k == nil {
		return s.r.feed.Take(ctx, s.seat, nil, 1, b)
	}
	ctx, cancel := k.untilStale(ctx)
	defer cancel()
	return s.r.feed.Take(ctx, s.seat, k, 1, b)
}

// returnUnseen returns a batch that no worker has seen.
func (s *slot) returnUnseen(b *feed.Batch) error {
	if err := b.Open(s.r.shape, s.r.cfg.Plan.NeedsRaw); err != nil {
		return err
	}
	u := newSettlement()
	err := s.r.returnUnanswered(u, b, func(*settlement, *feed.Batch, *jobs.Record) (bool, error) { return false, nil })
	return errors.Join(err, s.r.send(u))
}

// start brings a hand. It returns nil without an error if ctx has ended meanwhile: then
// nobody asks why. For a roomError see bear.
func (s *slot) start(ctx context.Context) (*talk, error) {
	if s.berth != nil {
		return s.startFar(ctx)
	}
	if s.r.NewHand == nil {
		c, err := s.startChild(ctx, false)
		if c == nil || err != nil {
			return nil, err
		}
		return newTalk(s, c), nil
	}
	h, err := s.r.NewHand(ctx, s.r.killCtx, s.number)
	if h == nil || err != nil {
		return nil, err
	}
	return newTalk(s, h), nil
}

// startChild starts a worker and shakes hands. Beside says that the one before it still
// works, and leaves if there is no room for two.
func (s *slot) startChild(ctx context.Context, beside bool) (*child, error) {
	wait := 100 * time.Millisecond
	for try := 1; ; try++ {
		c, err := s.tryChild(ctx)
		if err == nil {
			if err := s.checkFresh(c); err != nil {
				return nil, err
			}
			s.poor = 0
			s.r.notice.shook()
			return c, nil
		}
		var refused *spec.AbortError
		if ctx.Err() != nil {
			return nil, nil //nolint:nilerr // the run is ending, see above
		}
		var writeErr *spec.WriteError
		if errors.As(err, &writeErr) {
			return nil, err
		}
		advice, short := spec.Shortage(err)
		if short {
			s.r.crowded.Store(true)
		}
		if short && (beside || s.r.family.Live() > 0) {
			return nil, &roomError{err}
		}
		if errors.As(err, &refused) || try == startTries {
			if short {
				err = fmt.Errorf("%w\n  %s", err, advice)
			}
			return nil, &spec.AbortError{Reason: fmt.Sprintf("slot %d: a worker does not start: %v", s.number, err)}
		}
		s.r.Term.Logf("slot %d: a worker did not start, trying again in %s: %v", s.number, wait, err)
		if !sleep(ctx, wait) {
			return nil, nil
		}
		wait *= 4
	}
}

// replace lets a hand go that has nothing in hand, beside the one that has
// taken its place. What its workers share is not its own any more.
func (s *slot) replace(k *talk) {
	k.listen()
	s.leaving.Go(func() {
		exit, err := k.hand.Leave()
		<-k.ended
		k.settled()
		s.r.usage.add(exit)
		if err == nil && k.err != nil {
			s.r.Term.Logf("slot %d: %s, which was being replaced, ended: %s, %v", s.number, exit.Name, exit.Text, k.err)
		}
		s.leaveMu.Lock()
		defer s.leaveMu.Unlock()
		s.leaveErr = errors.Join(s.leaveErr, err)
	})
}

// roomError is that there is no room for another worker while others work.
type roomError struct{ err error }

func (e *roomError) Error() string { return e.err.Error() }

// bear waits a while if an error of a start is that there is no room for another worker,
// so that the run goes on with fewer; any other is returned.
func (s *slot) bear(ctx context.Context, err error) error {
	const least, most = 100 * time.Millisecond, 2 * time.Second
	var room *roomError
	if !errors.As(err, &room) {
		return err
	}
	if s.poor == 0 {
		advice, _ := spec.Shortage(room.err)
		s.r.Term.Logf("slot %d: there is no room for another worker, going on with fewer: %v\n  %s", s.number, room.err, advice)
	}
	s.poor = min(max(2*s.poor, least), most)
	s.r.feed.Leave(s.seat)
	sleep(ctx, s.poor)
	return nil
}

// started is a hand that was started beside another, or why there is none.
type started struct {
	k   *talk
	err error
}

// startBeside starts the next worker of a slot while the present one works.
func (s *slot) startBeside(ctx context.Context) chan started {
	ch := make(chan started, 1)
	go func() {
		s.r.reloads.starting.Lock() // one by one
		defer s.r.reloads.starting.Unlock()
		if s.r.NewHand != nil || s.berth != nil {
			k, err := s.start(ctx)
			ch <- started{k, err}
			return
		}
		c, err := s.startChild(ctx, true)
		var room *roomError
		switch {
		case errors.As(err, &room):
			ch <- started{nil, nil}
		case c == nil || err != nil:
			ch <- started{nil, err}
		default:
			ch <- started{newTalk(s, c), nil}
		}
	}()
	return ch
}

// discard lets go a worker that was started beside another and is not needed.
func (s *slot) discard(next chan started) error {
	if next == nil {
		return nil
	}
	n := <-next
	if n.k != nil {
		s.replace(n.k)
	}
	return n.err
}

// tryOf is the record of a batch that was walked to last, as one try of it.
func tryOf(b *feed.Batch, slot int, rec *jobs.Record) *try {
	return &try{Item: *b.Item(), slot: slot, rec: rec, body: b.Body()}
}

// over reports whether all is final, and nothing more will come.
func (r *session) over() bool {
	select {
	case <-r.feed.Over():
		return true
	default:
		return false
	}
}
