package feed

import (
	"context"
	"fmt"
	"time"
)

// Taker is what the feed knows of who gets the records.
type Taker interface {
	// InHand is how many records it has in hand; or batches, where it works on one after the
	// other.
	InHand() int
}

// inHand is what a taker has in hand, if there is one.
func inHand(w Taker) int {
	if w == nil {
		return 0
	}
	return w.InHand()
}

// Take fills b with up to n records for a slot, whose worker is w, or nil.
// It waits until there is one, and returns false if there never will be, if ctx
// ends, or if the worker is to leave.
func (f *Feed) Take(ctx context.Context, s *Seat, w Taker, n int, b *Batch) (bool, error) {
	if inHand(w) == 0 && s.tokens.old() {
		s.tokens.put()
	}
	for ctx.Err() == nil {
		f.mu.Lock()
		changed := f.gate.changed
		finished := f.ended && f.open == 0
		has := inHand(w)
		may := f.gate.admits(s, has, n)
		if !finished && may == 0 {
			leave := f.gate.shed && w != nil
			again := f.gate.again(time.Now())
			f.gate.barred++
			f.mu.Unlock()
			f.poke() // it is for another
			s.rest(w)
			if !leave {
				wait(ctx, f.done, changed, again)
			}
			f.mu.Lock()
			f.gate.barred--
			f.mu.Unlock()
			if leave {
				return false, nil
			}
			continue
		}
		if !finished && s.tokens.server != nil && !s.tokens.has {
			f.mu.Unlock()
			f.poke() // this may take long, and others have one
			if !s.tokens.take(ctx) {
				break
			}
			continue
		}
		ok, most, err := f.fill(b, max(may, 1), has == 0 || !s.several)
		more := ok && (len(f.blocks) > 0 || len(f.waiting) > 0)
		switch {
		case ok && s.several:
			f.gate.give(s, len(b.Items))
		case !ok && has == 0:
			f.gate.leave(s)
		}
		if !ok && !finished {
			f.unpoke()
		}
		f.mu.Unlock()
		if more || finished {
			f.poke()
		}
		if ok || err != nil || finished {
			return ok, err
		}
		s.rest(w)
		wait(ctx, f.wake, changed, most)
	}
	f.poke() // a slot that retires may have taken the token of another
	return false, nil
}

// TryTake is Take, but does not wait: it returns false also if there is nothing to take now, or
// that would have to be waited for.
func (f *Feed) TryTake(s *Seat, w Taker, n int, b *Batch) (bool, error) {
	if f.jobserver != nil {
		return false, nil
	}
	f.mu.Lock()
	has := inHand(w)
	if f.ended && f.open == 0 {
		f.mu.Unlock()
		return false, nil
	}
	may := f.gate.admits(s, has, n)
	if may == 0 {
		f.mu.Unlock()
		return false, nil
	}
	ok, _, err := f.fill(b, may, has == 0 || !s.several)
	more := ok && (len(f.blocks) > 0 || len(f.waiting) > 0)
	if ok && s.several {
		f.gate.give(s, len(b.Items))
	}
	f.mu.Unlock()
	if more {
		f.poke()
	}
	return ok, err
}

// rest gives back what a slot does not need while it waits.
func (s *Seat) rest(w Taker) {
	if inHand(w) == 0 {
		s.tokens.put()
	}
}

// Timed reports whether the times of starts are limited.
func (f *Feed) Timed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pacing.Timed()
}

// Await waits until there is something to take, if not at once. It returns false
// if there never will be, or ctx ends.
func (f *Feed) Await(ctx context.Context) bool {
	for ctx.Err() == nil {
		f.mu.Lock()
		changed, barred := f.gate.changed, f.gate.shut != ""
		some := len(f.blocks) > 0 || len(f.waiting) > 0 || (f.intents != nil && len(f.intents.later) > 0)
		finished := f.ended && f.open == 0
		f.mu.Unlock()
		if some || finished || barred {
			f.poke() // nothing was taken
		}
		if finished || (some && !barred) {
			return some
		}
		if barred {
			wait(ctx, f.done, changed, -1)
		} else {
			wait(ctx, f.wake, changed, -1)
		}
	}
	f.poke()
	return false
}

// fill takes what can be taken now; alone says that the worker has nothing in hand. If there is
// nothing, wait is when to look again, or negative if only a token will bring news.
func (f *Feed) fill(b *Batch, n int, alone bool) (ok bool, wait time.Duration, err error) {
	if f.paused {
		return false, -1, nil
	}
	now := time.Now()
	if d := f.throttledUntil.Sub(now); d > 0 && (len(f.blocks) > 0 || len(f.waiting) > 0) {
		f.pacing.waitReason = "throttled by the far side until " + f.throttledUntil.Format(time.TimeOnly)
		return false, d, nil
	}
	if len(f.blocks) > 0 || len(f.waiting) > 0 {
		if n, wait = f.roomNow(now, n); n == 0 {
			return false, wait, nil
		}
	}
	wait = -1
	if len(f.waiting) > 0 {
		if d := f.waiting[0].Due.Sub(now); d <= 0 {
			if err := f.fillDue(b, n, now, alone); err != nil || len(b.Items) > 0 {
				return true, 0, err
			}
			// Those that were due have to wait on.
			if due, ok := f.nextDue(alone); ok {
				wait = max(due.Sub(now), 0)
			}
		} else {
			wait = d
		}
	}
	if len(f.blocks) == 0 {
		return false, wait, nil
	}
	if f.blocks[0].pos == f.blocks[0].ready {
		f.intents.starved = true
		return false, wait, nil
	}
	return true, 0, f.fillNew(b, n, now)
}

// nextDue is when the next of those that wait is due; unless the worker has nothing in hand, of
// those that need not be alone.
func (f *Feed) nextDue(alone bool) (due time.Time, ok bool) {
	if len(f.waiting) == 0 {
		return due, false
	}
	if alone || f.suspects == 0 {
		return f.waiting[0].Due, true
	}
	for _, r := range f.waiting { // there are few where a worker has just died
		if !r.Suspect && (!ok || r.Due.Before(due)) {
			due, ok = r.Due, true
		}
	}
	return due, ok
}

// waitText says until when nothing is begun, if all that is left to begin waits for
// its time. The caller holds the lock.
func (f *Feed) waitText(now time.Time) string {
	n := len(f.waiting)
	var next time.Time
	if n > 0 {
		next = f.waiting[0].Due
	}
	if f.intents != nil && len(f.intents.later) > 0 {
		n += len(f.intents.later)
		if due := f.intents.later[0].Due; next.IsZero() || due.Before(next) {
			next = due
		}
	}
	if n == 0 || !f.ended || len(f.blocks) > 0 || next.Sub(now) < 2*time.Second {
		return ""
	}
	layout := time.TimeOnly
	if next.Sub(now) > 12*time.Hour {
		layout = "2006-01-02 15:04"
	}
	if n == 1 {
		return "the last one waits until " + next.Format(layout)
	}
	return fmt.Sprintf("%d wait for their time, the next until %s", n, next.Format(layout))
}
