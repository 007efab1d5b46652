package feed

import (
	"brood/jobs"
	"brood/runner/ledger"
	"bytes"
	"container/heap"
	"context"
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
	later retries       // wait for their time, and have no intent yet
	want  chan struct{} // a token: there may be something to make intents for
	least int           // records that have an intent at least, if there are any
	// lifetime is how long a key is known to be alive; 0 is for ever. Otherwise no
	// retry waits behind another in a worker.
	lifetime time.Duration
	commit   time.Duration // how long a commit takes, a moving average
	window   int
	ready    int // records in blocks that may leave and have not
	took     int // records that have left since the last group
	since    time.Time
	// starved says that a slot has asked for a record that had no intent yet.
	starved bool
}

func newIntents(slots int, lifetime time.Duration) *intents {
	return &intents{lifetime: lifetime, want: make(chan struct{}, 1), least: 2 * slots, window: 2 * slots, since: time.Now()}
}

// alive reports whether a record that was first sent at a time, in Unix
// milliseconds, may be sent again under the same key.
func (in *intents) alive(first int64, at time.Time) bool {
	return in.lifetime == 0 || first == 0 || at.Sub(time.UnixMilli(first)) < in.lifetime
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

// Group is records whose intents are made durable together.
type Group struct {
	Rows    []ledger.Intent
	blocks  []*Block
	upTo    []int // for each block
	retries []*Retry
	Expired []*Retry // their key may be dead: they are not tried again
	counted []uint64 // keys of retries, in pacing.queued
	made    time.Time
	Durable chan struct{}
}

func (g *Group) empty() bool { return len(g.Rows) == 0 && len(g.Expired) == 0 }

// fit fits how many intents there are at least to so many slots; while there are none, as other machines may come, to one.
func (in *intents) fit(slots int) {
	in.least = 2 * max(slots, 1)
	in.window = max(in.window, in.least)
	in.poke()
}

// NextGroup waits until intents are needed. It returns nil when there will be
// no more, or ctx has ended.
func (f *Feed) NextGroup(ctx context.Context, epoch int64) *Group {
	for {
		f.mu.Lock()
		g, most := f.collect(epoch, time.Now())
		finished := f.ended && f.open == 0
		f.mu.Unlock()
		if !g.empty() {
			return g
		}
		if finished || !wait(ctx, f.intents.want, nil, most) {
			return nil
		}
	}
}

// collect gathers a group. If it is empty, wait is when to look again.
func (f *Feed) collect(epoch int64, now time.Time) (g *Group, wait time.Duration) {
	in := f.intents
	g = &Group{made: now, Durable: make(chan struct{})}
	row := ledger.Intent{Epoch: epoch, At: now}
	for len(in.later) > 0 && in.later[0].Due.Sub(now) <= retryAhead && len(g.Rows) < intentMost {
		r := heap.Pop(&in.later).(*Retry)
		if !in.alive(r.FirstSentMS, now) {
			g.Expired = append(g.Expired, r)
			continue
		}
		if f.pacing.mustPark(r.Pace) {
			f.pacing.park(r)
			continue
		}
		if f.pacing.keyed {
			f.pacing.queued[r.Pace]++ // until grant puts it there
			g.counted = append(g.counted, r.Pace)
		}
		row.First, row.Count, row.Attempt, row.Keys = r.Seq, 1, r.Attempt, r.Key
		g.Rows = append(g.Rows, row)
		g.retries = append(g.retries, r)
	}
	wait = -1
	if len(in.later) > 0 {
		wait = max(in.later[0].Due.Sub(now)-retryAhead, 0)
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
		g.Rows = b.appendIntents(g.Rows, row, b.asked, b.asked+n)
		b.asked += n
		g.blocks, g.upTo = append(g.blocks, b), append(g.upTo, b.asked)
		need -= n
	}
	return g, wait
}

// appendIntents adds rows for the items from one to another: one for each
// stretch of records that follow one another in one chunk.
func (b *Block) appendIntents(rows []ledger.Intent, row ledger.Intent, from, to int) []ledger.Intent {
	for from < to {
		n := 1
		first := b.items[from].Seq
		for from+n < to && b.items[from+n].Seq == first+jobs.Seq(n) && (first+jobs.Seq(n))%ledger.ChunkSize != 0 {
			n++
		}
		row.First, row.Count, row.Keys = first, n, nil
		if len(b.keys) > 0 {
			row.Keys = bytes.Clone(b.keys[from*ledger.KeySize : (from+n)*ledger.KeySize])
		}
		rows = append(rows, row)
		from += n
	}
	return rows
}

// Grant lets the records of a group leave: their intents are durable.
func (f *Feed) Grant(g *Group) {
	f.mu.Lock()
	f.intents.commit += (time.Since(g.made) - f.intents.commit) / 4
	for i, b := range g.blocks {
		f.intents.ready += g.upTo[i] - b.ready
		b.ready = g.upTo[i]
	}
	for _, r := range g.retries {
		r.HasIntent = true
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

// Fetch brings the body of a record that waits into memory.
func (f *Feed) Fetch(r *Retry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.spill.fetch(r)
}
