package runner

import (
	"brood/jobs"
	"brood/runner/pace"
	"brood/runner/spec"
	"bytes"
	"container/heap"
	"hash/maphash"
	"strings"
	"time"
)

// throttle applies the limits of a run to its feed. It is guarded by the feed's
// lock.
type throttle struct {
	*pace.Pacer
	keyed bool
	key   spec.PaceKey
	seed  maphash.Seed
	max   int // of a key in flight; 0: no limit
	// queued counts the records in feed.waiting of each key, and parked holds
	// those that wait for another of their key to end.
	queued      map[uint64]int
	parked      map[uint64][]*retry
	parkedCount int // parked in all
	// tell is called when the run begins to wait for a long time, and why.
	tell       func(why string, until time.Time)
	waitReason string
	// waited is called when a record has to wait.
	waited func()
}

func newThrottle(cfg *spec.Config, tell func(string, time.Time), day string, used int) *throttle {
	t := &throttle{
		Pacer: pace.New(cfg.Pace, time.Now(), day, used), keyed: cfg.Pace.Keyed(), key: cfg.PaceKey, max: cfg.Pace.MaxPerKey,
		seed: maphash.MakeSeed(), queued: make(map[uint64]int), parked: make(map[uint64][]*retry), tell: tell, waited: func() {},
	}
	for value, rate := range cfg.Pace.ByValue {
		t.SetKeyRate(maphash.String(t.seed, strings.ToLower(value)), rate)
	}
	return t
}

// of is the key of a record, as a number.
func (t *throttle) of(rec *jobs.Record) uint64 {
	v := rec.First(t.key.Column)
	v = bytes.ToLower(bytes.TrimSpace(v))
	if t.key.Domain {
		v = jobs.MailDomain(v)
	}
	return maphash.Bytes(t.seed, v)
}

// room returns how many of n records may start now; if none, when to look again.
func (t *throttle) room(now time.Time, n int) (int, time.Duration) {
	room, again, why := t.Room(now, n)
	if room > 0 {
		t.waitReason = ""
		return room, 0
	}
	t.waited()
	if why != "" && why != t.waitReason && again.Sub(now) > time.Second {
		t.waitReason = why
		t.tell(why, again)
	}
	return 0, again.Sub(now)
}

// roomNow returns how many of n records may start now, as far as the limits and
// the breaker go; if none, when to look again.
func (f *feed) roomNow(now time.Time, n int) (int, time.Duration) {
	if f.breaker != nil {
		room, again, why := f.breaker.Room(now, n)
		if room == 0 {
			if f.pacing.waitReason = why; again.IsZero() {
				return 0, -1
			}
			return 0, again.Sub(now)
		}
		n = room
	}
	return f.pacing.room(now, n)
}

// pushWaiting adds a record to those that leave when they are due.
func (f *feed) pushWaiting(r *retry) {
	heap.Push(&f.waiting, r)
	if f.pacing.keyed {
		f.pacing.queued[r.pace]++
	}
}

// popWaiting takes off the record that is due first.
func (f *feed) popWaiting() *retry {
	r := heap.Pop(&f.waiting).(*retry)
	if f.pacing.keyed {
		if f.pacing.queued[r.pace]--; f.pacing.queued[r.pace] == 0 {
			delete(f.pacing.queued, r.pace)
		}
	}
	return r
}

// startKey reports whether a record that is due may start, as far as its key
// goes. If not, it is queued again.
func (f *feed) startKey(r *retry, now time.Time) bool {
	t := f.pacing
	if !t.keyed {
		return true
	}
	again, err := t.StartKey(now, r.pace)
	switch {
	case pace.Full(err):
		t.park(r)
	case !again.IsZero():
		t.waited()
		r.due = again
		f.pushWaiting(r)
	default:
		return true
	}
	return false
}

func (t *throttle) park(r *retry) {
	t.parked[r.pace] = append(t.parked[r.pace], r)
	t.parkedCount++
}

// mustPark reports whether enough records of a key are on their way, so that
// another need not have an intent yet.
func (t *throttle) mustPark(key uint64) bool {
	return t.max > 0 && t.InFlight(key)+t.queued[key] >= t.max
}

// endKey notes that a record is not in flight any more, and lets the next of its
// key go on.
func (f *feed) endKey(it *item) {
	t := f.pacing
	if !t.keyed {
		return
	}
	f.mu.Lock()
	t.EndKey(it.pace)
	f.unpark(it)
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// passBy lets the next of a key go on, as a record that it waited for has ended
// without having been in flight.
func (f *feed) passBy(it *item) {
	if !f.pacing.keyed {
		return
	}
	f.mu.Lock()
	f.unpark(it)
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// unpark queues the next record of a key that waits for another to end. It is
// parked again if that was too early.
func (f *feed) unpark(it *item) {
	t := f.pacing
	if list := t.parked[it.pace]; len(list) > 0 {
		r := list[0]
		if t.parked[it.pace] = list[1:]; len(list) == 1 {
			delete(t.parked, it.pace)
		}
		t.parkedCount--
		f.queue(r)
	}
}

// slow holds back everybody, or those who share the record's key, for a while. It
// reports whether it is everybody, who were not held back before.
func (f *feed) slow(it *item, d time.Duration, holds jobs.Delays) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	until := now.Add(d)
	if holds == jobs.DelaysDefault {
		if holds = jobs.DelaysAll; f.pacing.keyed {
			holds = jobs.DelaysKey
		}
	}
	switch {
	case holds == jobs.DelaysKey && f.pacing.keyed:
		f.pacing.SlowKey(now, it.pace, until)
	case holds == jobs.DelaysAll && until.After(f.throttledUntil):
		news := now.After(f.throttledUntil)
		f.throttledUntil = until
		return news
	}
	return false
}

// quota is how much of the quota of the day is used up; the day is empty if
// there is none.
func (f *feed) quota() (day string, used int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pacing.Used()
}

// setRate changes the rate over all records; nil takes it away.
func (f *feed) setRate(rate *pace.Rate) {
	f.mu.Lock()
	f.pacing.SetRate(rate, time.Now())
	f.mu.Unlock()
	f.poke()
}

// schedule says when a new record may start at the earliest, by its key.
func (f *feed) schedule(it *item) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pacing.Schedule(time.Now(), it.pace)
}

// tellPause says that the run waits, and why.
func (r *session) tellPause(why string, until time.Time) {
	r.Term.Logf("paused until %s: %s", until.Format(time.DateTime), why)
}
