package feed

import (
	"brood/jobs"
	_ "brood/jobs/quoted"
	"brood/runner/pace"
	"brood/runner/spec"
	"bytes"
	"container/heap"
	"hash/maphash"
	"sort"
	"strings"
	"time"
)

// pacing applies the limits of a run to its feed. It is guarded by the feed's
// lock.
type pacing struct {
	*pace.Pacer
	keyed bool
	key   spec.PaceKey
	seed  maphash.Seed
	max   int // of a key in flight; 0: no limit
	// queued counts the records in feed.waiting of each key, and parked holds
	// those that wait for another of their key to end.
	queued      map[uint64]int
	parked      map[uint64][]*Retry
	parkedCount int // parked in all
	// tell is called when the run begins to wait for a long time, and why.
	tell       func(why string, until time.Time)
	waitReason string
	// waited is called when a record has to wait.
	waited func()
	// limited says that a record had to wait since Feed.Waiting was asked.
	limited bool
}

func newPacing(c *Config) *pacing {
	t := &pacing{
		Pacer: pace.New(c.Pace, time.Now(), c.QuotaDay, c.QuotaUsed), keyed: c.Pace.Keyed(), key: c.PaceKey, max: c.Pace.MaxPerKey,
		seed: maphash.MakeSeed(), queued: make(map[uint64]int), parked: make(map[uint64][]*Retry), tell: c.Tell, waited: c.Waited,
	}
	for value, rate := range c.Pace.ByValue {
		t.SetKeyRate(maphash.String(t.seed, strings.ToLower(value)), rate)
	}
	return t
}

// Keyed reports whether each record has a key that its pace goes by.
func (f *Feed) Keyed() bool { return f.pacing.keyed }

// PaceKey is the key by which the pace of a record goes; 0 if it has none.
func (f *Feed) PaceKey(rec *jobs.Record) uint64 {
	if !f.pacing.keyed {
		return 0
	}
	return f.pacing.of(rec)
}

// of is the key of a record, as a number.
func (t *pacing) of(rec *jobs.Record) uint64 {
	v := rec.First(t.key.Column)
	v = bytes.ToLower(bytes.TrimSpace(v))
	if t.key.Domain {
		v = jobs.MailDomain(v)
	}
	return maphash.Bytes(t.seed, v)
}

// room returns how many of n records may start now; if none, when to look again.
func (t *pacing) room(now time.Time, n int) (int, time.Duration) {
	room, again, why := t.Room(now, n)
	if room > 0 {
		t.waitReason = ""
		return room, 0
	}
	t.limited = true
	t.waited()
	if why != "" && why != t.waitReason && again.Sub(now) > time.Second {
		t.waitReason = why
		t.tell(why, again)
	}
	return 0, again.Sub(now)
}

// roomNow returns how many of n records may start now, as far as the limits and
// the breaker go; if none, when to look again.
func (f *Feed) roomNow(now time.Time, n int) (int, time.Duration) {
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
func (f *Feed) pushWaiting(r *Retry) {
	heap.Push(&f.waiting, r)
	if r.Suspect {
		f.suspects++
	}
	if f.pacing.keyed {
		f.pacing.queued[r.Pace]++
	}
}

// popWaiting takes off the record that is due first.
func (f *Feed) popWaiting() *Retry {
	r := heap.Pop(&f.waiting).(*Retry)
	if r.Suspect {
		f.suspects--
	}
	if f.pacing.keyed {
		if f.pacing.queued[r.Pace]--; f.pacing.queued[r.Pace] == 0 {
			delete(f.pacing.queued, r.Pace)
		}
	}
	return r
}

// startKey reports whether a record that is due may start, as far as its key
// goes. If not, it is queued again.
func (f *Feed) startKey(r *Retry, now time.Time) bool {
	t := f.pacing
	if !t.keyed {
		return true
	}
	again, err := t.StartKey(now, r.Pace)
	switch {
	case pace.Full(err):
		t.park(r)
	case !again.IsZero():
		t.limited = true
		t.waited()
		r.Due = again
		f.pushWaiting(r)
	default:
		return true
	}
	return false
}

func (t *pacing) park(r *Retry) {
	t.parked[r.Pace] = append(t.parked[r.Pace], r)
	t.parkedCount++
}

// mustPark reports whether enough records of a key are on their way, so that
// another need not have an intent yet.
func (t *pacing) mustPark(key uint64) bool {
	return t.max > 0 && t.InFlight(key)+t.queued[key] >= t.max
}

// EndKey notes that a record is not in flight any more, and lets the next of its
// key go on.
func (f *Feed) EndKey(it *Item) {
	t := f.pacing
	if !t.keyed {
		return
	}
	f.mu.Lock()
	t.EndKey(it.Pace)
	f.unpark(it)
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// PassBy lets the next of a key go on, as a record that it waited for has ended
// without having been in flight.
func (f *Feed) PassBy(it *Item) {
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
func (f *Feed) unpark(it *Item) {
	t := f.pacing
	if list := t.parked[it.Pace]; len(list) > 0 {
		r := list[0]
		if t.parked[it.Pace] = list[1:]; len(list) == 1 {
			delete(t.parked, it.Pace)
		}
		t.parkedCount--
		f.queue(r)
	}
}

// Slow holds up everybody, or those who share the record's key, for a while. It
// reports whether it is everybody, who were not held back before.
func (f *Feed) Slow(it *Item, d time.Duration, delays jobs.Delays) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	until := now.Add(d)
	if delays == jobs.DelaysDefault {
		if delays = jobs.DelaysAll; f.pacing.keyed {
			delays = jobs.DelaysKey
		}
	}
	switch {
	case delays == jobs.DelaysKey && f.pacing.keyed:
		f.pacing.SlowKey(now, it.Pace, until)
	case delays == jobs.DelaysAll && until.After(f.throttledUntil):
		news := now.After(f.throttledUntil)
		f.throttledUntil = until
		return news
	}
	return false
}

// Quota is how much of the quota of the day is used up; the day is empty if
// there is none.
func (f *Feed) Quota() (day string, used int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pacing.Used()
}

// turnsTime is for how long turns may be given out at once to a worker that is far: so much later than its turn a record may begin there, and
// what its link holds up arrives at once.
const turnsTime = 5 * time.Millisecond

// Turns is how many of n records may be given at once to a worker on another machine: if there is a rate, not more than have their turn in a
// moment.
func (f *Feed) Turns(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.pacing.Rate(); r != nil {
		return max(1, int(min(float64(n), r.N*turnsTime.Seconds()/r.Per.Seconds())))
	}
	return n
}

// SetRate changes the rate over all records; nil takes it away.
func (f *Feed) SetRate(rate *pace.Rate) {
	f.mu.Lock()
	f.pacing.SetRate(rate, time.Now())
	f.mu.Unlock()
	f.poke()
}

// SetPace changes the rates, over all records and for each key, to those of a spec. Its key is the
// same as before, and so is that there is one. What waits for its key, and for nothing else, waits as the new rates say.
func (f *Feed) SetPace(s *pace.Spec) {
	f.mu.Lock()
	now, t := time.Now(), f.pacing
	if was := t.Rate(); (was == nil) != (s.Rate == nil) || was != nil && was.String() != s.Rate.String() {
		t.SetRate(s.Rate, now)
	}
	if t.keyed {
		byKey := make(map[uint64]pace.Rate, len(s.ByValue))
		for value, rate := range s.ByValue {
			byKey[maphash.String(t.seed, strings.ToLower(value))] = rate
		}
		t.SetKeyRates(s.By, byKey, now)
		f.reschedule(&f.waiting, now)
		if f.intents != nil {
			f.reschedule(&f.intents.later, now)
		}
	}
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// reschedule says anew when records may start that were not tried yet. The caller holds the lock.
func (f *Feed) reschedule(q *retries, now time.Time) {
	sort.Sort(q) // they stay in their order
	for _, r := range *q {
		if r.Attempt == 1 && !r.Waited && r.Due.After(now) {
			r.Due = f.pacing.Schedule(now, r.Pace)
		}
	}
	heap.Init(q)
}

// Schedule says when a new record may start at the earliest, by its key.
func (f *Feed) Schedule(it *Item) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pacing.Schedule(time.Now(), it.Pace)
}
