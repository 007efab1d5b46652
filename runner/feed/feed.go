// Package feed is which record may leave next, and when: new ones in the order of the
// source, and in between those whose retry is due; those only whose intent is durable;
// as fast as rates, quotas and hours allow; to as many slots as the gate admits. It knows
// a worker by whether it is idle, writes nothing down, and asks for nothing: it is asked.
//
// Its parts share one lock. Where a record is:
//
//	Push ──▶ blocks ─────────────────────────────▶ Take ──▶ a slot
//	             └ ready: its intent is durable      ▲        │
//	Again, Admit ──▶ intents.later ──▶ waiting ──────┘      Again, or CloseRecords
//	                  no intent yet     a heap by due time,
//	                                    or parked behind another of its key
//	Park ──▶ together: parked behind the record that asks the same, then as Again
package feed

import (
	"brood/jobs"
	"brood/runner/jobserver"
	"brood/runner/pace"
	"brood/runner/spec"
	"container/heap"
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// batchBytes bounds a batch, so that it fits a worker's pipe.
	batchBytes = 128 << 10
	// BatchRecords bounds a batch of tiny records.
	BatchRecords = 8192
	// blockBytes is how much the source reads before it hands over a block.
	blockBytes = 256 << 10
	// blockRecords bounds a block of tiny records.
	blockRecords = 16384
	// blockCount is how many blocks there are: one to fill, one to take from,
	// and one between the two.
	blockCount = 3
	// intentBlocks is how many there are where intents have to be made durable
	// in between.
	intentBlocks = 8
	// maxWaiting bounds the records that wait for a retry. Beyond it no new
	// ones are read until some have had theirs.
	maxWaiting = 1 << 20
)

// Feed hands records to the slots: those of the source in order, and in
// between those whose retry is due.
type Feed struct {
	mu          sync.Mutex
	blocks      []*Block
	waiting     retries
	suspects    int // of these, those that must be alone
	spill       *spill
	intents     *intents // nil if records may leave without
	pacing      *pacing
	together    *together     // nil: no record waits for another that asks the same
	breaker     *pace.Breaker // nil: none
	breakerSpec pace.BreakerSpec
	adapting    *adapting // nil: the number of slots is what it is
	jobserver   *jobserver.Client
	gate        gate
	came        came
	// open counts the records that are neither final nor given up.
	open           int
	ended          bool      // the source has no more
	throttledUntil time.Time // a throttle holds everything back
	crashes        map[jobs.Seq]int
	crashed        atomic.Bool   // crashes is not empty
	paused         bool          // nothing leaves
	done           chan struct{} // closed when all is final, and nothing more will come

	free chan *Block
	// wake holds a token when there may be something to take. Whoever takes
	// it and leaves something puts it back, so one token wakes all who are
	// needed and no more.
	wake chan struct{}
}

// Config is what the feed of a session goes by.
type Config struct {
	// Dir is where the bodies of records that wait may be kept.
	Dir string
	// Slots is how many records may be worked on at a time: slots, where each has one. Several
	// says that it is less than what all slots together can have in hand.
	Slots   int
	Several bool
	// Intents says that records may leave only when the intent to do them is durable,
	// and KeyLifetime how long they may be sent again after the first time; 0 is for
	// ever.
	Intents     bool
	KeyLifetime time.Duration
	Pace        pace.Spec
	PaceKey     spec.PaceKey
	// QuotaDay and QuotaUsed are what earlier sessions have used of the quota.
	QuotaDay  string
	QuotaUsed int
	Breaker   pace.BreakerSpec
	// Together says that records may wait for others that ask the same: see Park.
	Together bool
	// Adaptive fits the number of records that are worked on, up to Slots, to what the
	// far side can do.
	Adaptive bool
	// Jobserver is that of make; nil: there is none.
	Jobserver *jobserver.Client
	// Tell is called when the run begins to wait for a long time, and Waited whenever a
	// record has to wait. The feed's lock is held.
	Tell   func(why string, until time.Time)
	Waited func()
}

// New returns the feed of a session.
func New(c Config) *Feed {
	f := &Feed{
		crashes: make(map[jobs.Seq]int), spill: &spill{dir: c.Dir}, pacing: newPacing(&c), gate: newGate(),
		breaker: pace.NewBreaker(c.Breaker), breakerSpec: c.Breaker, jobserver: c.Jobserver,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	blocks := blockCount
	if c.Intents {
		blocks = intentBlocks
		f.intents = newIntents(c.Slots, c.KeyLifetime)
	}
	if c.Adaptive {
		f.adapting = newAdapting(f, c.Slots)
	}
	if c.Several {
		f.gate.inHand = c.Slots
	}
	if c.Together {
		f.together = newTogether()
	}
	f.free = make(chan *Block, blocks)
	for range blocks {
		f.free <- &Block{}
	}
	return f
}

// Seat is the place of one more slot, whose worker can have so many records in hand.
func (f *Feed) Seat(places int) *Seat {
	s := &Seat{several: places > 1, places: places, tokens: tokens{server: f.jobserver}}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gate.seats = append(f.gate.seats, s)
	return s
}

// Shuts says why nothing new begins, as this machine has too much to do; empty: it may.
func (f *Feed) Shuts() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gate.shut
}

// SeatElsewhere says that what is begun there is begun on another machine: how busy this one is does not count.
func (f *Feed) SeatElsewhere(s *Seat) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.elsewhere, s.tokens = true, tokens{}
}

// NeedsIntents reports whether records may leave only with an intent.
func (f *Feed) NeedsIntents() bool { return f.intents != nil }

// keysDie reports whether a key may become unusable while its record waits.
func (f *Feed) keysDie() bool { return f.intents != nil && f.intents.lifetime > 0 }

// OneByOne reports whether a worker should get nothing before it has answered: what is
// looked at now must begin now, or what comes back may be a reason to begin less.
func (f *Feed) OneByOne() bool {
	return f.keysDie() || f.adapting != nil || f.breaker != nil || f.jobserver != nil
}

// Adaptive reports whether the number of records that are worked on is fitted to the
// far side.
func (f *Feed) Adaptive() bool { return f.adapting != nil }

// AtFloor reports whether less cannot be done at a time, as it is one record or the
// number is not adaptive.
func (f *Feed) AtFloor() bool { return f.adapting == nil || f.adapting.atFloor() }

// Over is closed when all is final, and nothing more will come.
func (f *Feed) Over() <-chan struct{} { return f.done }

// Close gives back what is kept on the disk.
func (f *Feed) Close() { f.spill.close() }

func (f *Feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// unpoke takes the token away where there is nothing to take: it may be the slot's own, of
// before it waited for a token of make's, and would wake it again and again. The caller has
// held the lock since it looked, so what comes later has a token of its own.
func (f *Feed) unpoke() {
	select {
	case <-f.wake:
	default:
	}
}

// Blank returns a block to fill, as soon as there is one and the records that
// wait for a retry are not too many.
func (f *Feed) Blank(ctx context.Context) *Block {
	for f.crowded() {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case b := <-f.free:
		if b.data == nil { // a small run needs but one
			b.data = make([]byte, 0, blockBytes+64<<10)
		}
		b.data, b.items, b.keys = b.data[:0], b.items[:0], b.keys[:0]
		b.pos, b.ready, b.asked = 0, 0, 0
		return b
	}
}

func (f *Feed) crowded() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.waiting)
	if f.intents != nil {
		n += len(f.intents.later)
	}
	n += f.pacing.parkedCount + f.behindOthers()
	return n >= maxWaiting
}

// Push hands over a block.
func (f *Feed) Push(b *Block) {
	if len(b.items) == 0 {
		f.free <- b
		return
	}
	f.mu.Lock()
	f.blocks = append(f.blocks, b)
	f.open += len(b.items)
	f.came.more(len(b.items))
	if f.intents == nil {
		b.ready = len(b.items)
	}
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// Adopt counts a record that reaches the feed by another way, if at all.
func (f *Feed) Adopt() {
	f.mu.Lock()
	f.open++
	f.came.more(1)
	f.mu.Unlock()
}

// Admit adds a record that the ledger knows to be waiting for a retry.
func (f *Feed) Admit(r *Retry, crashes int) error {
	f.Adopt()
	f.SetCrashes(r.Seq, crashes)
	return f.Again(r)
}

// SetCrashes takes over how many workers have died with a record in hand.
func (f *Feed) SetCrashes(seq jobs.Seq, n int) {
	if n == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed.Store(true)
	f.crashes[seq] = n
}

// Again queues a record once more.
func (f *Feed) Again(r *Retry) error {
	f.mu.Lock()
	err := f.spill.keep(r)
	f.queue(r)
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
	return err
}

// queue puts a record where it waits for its time.
func (f *Feed) queue(r *Retry) {
	if f.intents != nil && !r.HasIntent {
		heap.Push(&f.intents.later, r)
	} else {
		f.pushWaiting(r)
	}
}

// Pause stops records from leaving, or lets them go on.
func (f *Feed) Pause(yes bool) {
	f.mu.Lock()
	f.paused = yes
	f.mu.Unlock()
	f.poke()
}

// SetSlots follows a change of the number of slots.
func (f *Feed) SetSlots(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.intents != nil {
		f.intents.fit(n)
	}
	if f.gate.inHand != math.MaxInt && f.gate.inHand != n {
		f.gate.inHand = n
		f.gate.change()
	}
	if f.adapting != nil {
		f.adapting.SetMost(n)
		f.gate.allow(f.adapting.Allowed())
	}
}

// Crash counts a worker's death with the record in hand.
func (f *Feed) Crash(seq jobs.Seq) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed.Store(true)
	f.crashes[seq]++
	return f.crashes[seq]
}

// AnyCrashes reports whether any worker has died with a record in hand. It is cheap.
func (f *Feed) AnyCrashes() bool { return f.crashed.Load() }

// CrashesOf is how many workers have died with the record in hand.
func (f *Feed) CrashesOf(seq jobs.Seq) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crashes[seq]
}

// End says that the source has no more.
func (f *Feed) End() {
	f.mu.Lock()
	f.ended = true
	f.came.more(0)
	if f.open == 0 {
		close(f.done)
	}
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// CloseRecords notes that n records need no further try.
func (f *Feed) CloseRecords(n int) {
	if n == 0 {
		return
	}
	f.mu.Lock()
	f.open -= n
	last := f.ended && f.open == 0
	if last {
		close(f.done)
	}
	f.mu.Unlock()
	if last {
		f.poke()
		f.intents.poke()
	}
}

// Depth is how many records are in the feed.
func (f *Feed) Depth() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.waiting) + f.pacing.parkedCount + f.behindOthers()
	for _, b := range f.blocks {
		n += len(b.items) - b.pos
	}
	if f.intents != nil {
		n += len(f.intents.later)
	}
	return n
}
