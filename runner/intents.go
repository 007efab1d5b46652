package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"container/heap"
	"context"
	"fmt"
	"time"
)

const (
	// intentAhead is how much work should have durable intents before a worker
	// asks for it, in terms of the time a commit takes, so that none waits for
	// the disk; at least and at most so much. Not more, as after a power failure
	// what has an intent and no outcome is unknown.
	intentAhead     = 8
	intentAheadMin  = 100 * time.Millisecond
	intentAheadMost = 2 * time.Second
	// intentMost bounds that in records.
	intentMost = 1 << 16
	// retryAhead is how long before it is due the intent of a retry is made.
	retryAhead = 200 * time.Millisecond
)

// intents says which records of the feed may leave: those whose intent is in
// the ledger. It is guarded by the feed's lock. A nil *intents stands for a run
// that needs none.
type intents struct {
	later  retries                              // wait for their time, and have no intent yet
	want   chan struct{}                        // a token: there may be something to make intents for
	least  int                                  // records that have an intent at least, if there are any
	mortal bool                                 // keys may die: no retry waits behind another in a worker
	alive  func(first int64, at time.Time) bool // whether a key may be used again
	commit time.Duration                        // how long a commit takes, a moving average
	window int
	ready  int // records in blocks that may leave and have not
	took   int // records that have left since the last group
	since  time.Time
	// starved says that a slot has asked for a record that had no intent yet.
	starved bool
}

func newIntents(slots int, mortal bool, alive func(int64, time.Time) bool) *intents {
	return &intents{mortal: mortal, want: make(chan struct{}, 1), least: 2 * slots, window: 2 * slots, since: time.Now(), alive: alive}
}

func (in *intents) poke() {
	if in == nil {
		return
	}
	select {
	case in.want <- struct{}{}:
	default:
	}
}

// taken notes that n records have left.
func (in *intents) taken(n int) {
	in.ready -= n
	in.took += n
	if in.ready <= in.window/2 {
		in.poke()
	}
}

// resize fits the window to the pace of the last records.
func (in *intents) resize(now time.Time) {
	ahead := min(max(intentAhead*in.commit, intentAheadMin), intentAheadMost)
	n := int(float64(in.took) * float64(ahead) / float64(max(now.Sub(in.since), time.Millisecond)))
	if in.starved {
		n = max(n, 4*in.took)
	}
	in.window = min(max(n, in.least), intentMost)
	in.took, in.starved, in.since = 0, false, now
}

// group is records whose intents are made durable together.
type group struct {
	rows    []ledger.Intent
	blocks  []*block
	upTo    []int // for each block
	retries []*retry
	expired []*retry // their key may be dead: they are not tried again
	counted []uint64 // keys of retries, in the throttle's count
	made    time.Time
	durable chan struct{}
}

func (g *group) empty() bool { return len(g.rows) == 0 && len(g.expired) == 0 }

// nextGroup waits until intents are needed. It returns nil when there will be
// no more, or ctx has ended.
func (f *feed) nextGroup(ctx context.Context, epoch int64) *group {
	for {
		f.mu.Lock()
		g, wait := f.collect(epoch, time.Now())
		finished := f.ended && f.open == 0
		f.mu.Unlock()
		if !g.empty() {
			return g
		}
		if finished || !sleep(ctx, f.intents.want, nil, wait) {
			return nil
		}
	}
}

// collect gathers a group. If it is empty, wait is when to look again.
func (f *feed) collect(epoch int64, now time.Time) (g *group, wait time.Duration) {
	in := f.intents
	g = &group{made: now, durable: make(chan struct{})}
	row := ledger.Intent{Epoch: epoch, At: now}
	for len(in.later) > 0 && in.later[0].due.Sub(now) <= retryAhead && len(g.rows) < intentMost {
		r := heap.Pop(&in.later).(*retry)
		if !in.alive(r.firstSentMS, now) {
			g.expired = append(g.expired, r)
			continue
		}
		if f.pacing.mustPark(r.pace) {
			f.pacing.park(r)
			continue
		}
		if f.pacing.keyed {
			f.pacing.queued[r.pace]++ // until grant puts it there
			g.counted = append(g.counted, r.pace)
		}
		row.First, row.Count, row.Attempt, row.Keys = r.seq, 1, r.attempt, r.key
		g.rows = append(g.rows, row)
		g.retries = append(g.retries, r)
	}
	wait = -1
	if len(in.later) > 0 {
		wait = max(in.later[0].due.Sub(now)-retryAhead, 0)
	}
	if in.ready > in.window/2 {
		return g, wait
	}
	need := -1
	for _, b := range f.blocks {
		if b.asked == len(b.items) {
			continue
		}
		if need < 0 {
			in.resize(now)
			need = in.window - in.ready
		}
		n := min(need, len(b.items)-b.asked)
		if n <= 0 {
			break
		}
		row.Attempt = 1
		g.rows = b.appendIntents(g.rows, row, b.asked, b.asked+n)
		b.asked += n
		g.blocks, g.upTo = append(g.blocks, b), append(g.upTo, b.asked)
		need -= n
	}
	return g, wait
}

// appendIntents adds rows for the items from one to another: one for each
// stretch of records that follow one another in one chunk.
func (b *block) appendIntents(rows []ledger.Intent, row ledger.Intent, from, to int) []ledger.Intent {
	for from < to {
		n := 1
		first := b.items[from].seq
		for from+n < to && b.items[from+n].seq == first+jobs.Seq(n) && (first+jobs.Seq(n))%ledger.ChunkSize != 0 {
			n++
		}
		row.First, row.Count, row.Keys = first, n, nil
		if len(b.keys) > 0 {
			row.Keys = copyOf(b.keys[from*ledger.KeySize : (from+n)*ledger.KeySize])
		}
		rows = append(rows, row)
		from += n
	}
	return rows
}

// grant lets the records of a group leave: their intents are durable.
func (f *feed) grant(g *group) {
	f.mu.Lock()
	f.intents.commit += (time.Since(g.made) - f.intents.commit) / 4
	for i, b := range g.blocks {
		f.intents.ready += g.upTo[i] - b.ready
		b.ready = g.upTo[i]
	}
	for _, r := range g.retries {
		r.hasIntent = true
		f.pushWaiting(r)
	}
	for _, key := range g.counted {
		if f.pacing.queued[key]--; f.pacing.queued[key] == 0 {
			delete(f.pacing.queued, key)
		}
	}
	f.mu.Unlock()
	f.poke()
}

// intend makes intents ahead of the slots. It is a goroutine of the run.
func (r *session) intend(ctx context.Context) error {
	for {
		g := r.feed.nextGroup(ctx, r.epoch)
		if g == nil {
			return nil
		}
		u := newUpdate()
		for _, x := range g.expired {
			if err := r.expire(u, x); err != nil {
				return err
			}
			r.feed.passBy(&x.item)
		}
		if len(g.rows) > 0 {
			u.intents, u.durable = g.rows, g.durable
		}
		if err := r.send(u); err != nil {
			return err
		}
		if len(g.rows) == 0 {
			continue
		}
		select {
		case <-g.durable:
			r.feed.grant(g)
		case <-ctx.Done():
			return nil
		}
	}
}

// expire ends a record whose key the far side may have forgotten.
func (r *session) expire(u *update, x *retry) error {
	r.feed.mu.Lock()
	err := r.feed.spill.fetch(x)
	r.feed.mu.Unlock()
	if err != nil {
		return err
	}
	rec, err := r.recordOf(x)
	if err != nil {
		return err
	}
	rec.Attempt = max(x.attempt-1, 1) // the one it would have been has not been tried
	r.giveUp(u, &try{item: x.item, rec: rec}, jobs.StatusUnknown, &loss{class: "expired"}, fmt.Sprintf(
		"its idempotency key may have been forgotten: it was first sent more than --key-lifetime %s ago", r.cfg.KeyLifetime))
	return nil
}

// keysDie reports whether a key may become unusable while its record waits.
func (r *session) keysDie() bool { return r.cfg.Effect == jobs.EffectKeyed && r.cfg.KeyLifetime > 0 }

// keyAlive reports whether a record that was first sent at a time, in Unix
// milliseconds, may be sent again under the same key.
func (r *session) keyAlive(first int64, at time.Time) bool {
	if !r.keysDie() || first == 0 {
		return true
	}
	return at.Sub(time.UnixMilli(first)) < r.cfg.KeyLifetime
}
