package runner

import (
	"brood/jobs"
	"brood/runner/pace"
	"container/heap"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// batchBytes bounds a batch, so that it fits a worker's pipe.
	batchBytes = 128 << 10
	// batchRecords bounds a batch of tiny records.
	batchRecords = 8192
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

// item is what the parent remembers of a record while a worker has it.
type item struct {
	seq         jobs.Seq
	line        int64
	offset      int64
	firstSentMS int64 // when it was first sent out, Unix milliseconds; 0 if it was not, or that does not matter
	file        int32
	end         uint32 // where its encoding ends in the block
	pace        uint64 // the key by which its pace is limited
	waited      bool   // the ledger has a row that says it waits for another try
}

// block is a stretch of the dataset, its records encoded for the wire.
type block struct {
	data  []byte
	items []item
	keys  []byte // ledger.KeySize for each item, or empty
	// Items before pos have been taken; those before ready may be, as their
	// intents are durable; those before asked will be ready soon.
	pos, ready, asked int
}

// retry is a record that waits for another try.
type retry struct {
	item
	attempt   int // the next one
	due       time.Time
	suspect   bool   // it may have killed a worker: no other record beside it
	hasIntent bool   // its intent is durable and unanswered
	key       []byte // its idempotency key, or nil
	body      []byte // nil if it is in the spill
	spilled   spilled
}

// feed hands records to the slots: those of the source in order, and in
// between those whose retry is due.
type feed struct {
	mu      sync.Mutex
	blocks  []*block
	waiting retries
	spill   *spill
	intents *intents // nil if records may leave without
	pacing  *throttle
	breaker *pace.Breaker // nil: none
	gate    gate
	// open counts the records that are neither final nor given up.
	open           int
	ended          bool      // the source has no more
	throttledUntil time.Time // a throttle holds everything back
	crashes        map[jobs.Seq]int
	crashed        atomic.Bool   // crashes is not empty
	paused         bool          // nothing leaves
	done           chan struct{} // closed when all is final, and nothing more will come

	free chan *block
	// wake holds a token when there may be something to take. Whoever takes
	// it and leaves something puts it back, so one token wakes all who are
	// needed and no more.
	wake chan struct{}
}

func newFeed(dir string, in *intents, limits *throttle) *feed {
	blocks := blockCount
	if in != nil {
		blocks = intentBlocks
	}
	f := &feed{crashes: make(map[jobs.Seq]int), spill: &spill{dir: dir}, intents: in, pacing: limits, gate: newGate(), free: make(chan *block, blocks), wake: make(chan struct{}, 1), done: make(chan struct{})}
	for range blocks {
		f.free <- &block{data: make([]byte, 0, blockBytes+64<<10)}
	}
	return f
}

func (f *feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// blank returns a block to fill, as soon as there is one and the records that
// wait for a retry are not too many.
func (f *feed) blank(ctx context.Context) *block {
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
		b.data, b.items, b.keys = b.data[:0], b.items[:0], b.keys[:0]
		b.pos, b.ready, b.asked = 0, 0, 0
		return b
	}
}

func (f *feed) crowded() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.waiting)
	if f.intents != nil {
		n += len(f.intents.later)
	}
	n += f.pacing.parkedCount
	return n >= maxWaiting
}

// push hands over a block.
func (f *feed) push(b *block) {
	if len(b.items) == 0 {
		f.free <- b
		return
	}
	f.mu.Lock()
	f.blocks = append(f.blocks, b)
	f.open += len(b.items)
	if f.intents == nil {
		b.ready = len(b.items)
	}
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// adopt counts a record that reaches the feed by another way, if at all.
func (f *feed) adopt() {
	f.mu.Lock()
	f.open++
	f.mu.Unlock()
}

// admit adds a record that the ledger knows to be waiting for a retry.
func (f *feed) admit(r *retry, crashes int) error {
	f.adopt()
	f.setCrashes(r.seq, crashes)
	return f.again(r)
}

// setCrashes takes over how many workers have died with a record in hand.
func (f *feed) setCrashes(seq jobs.Seq, n int) {
	if n == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed.Store(true)
	f.crashes[seq] = n
}

// again queues a record once more.
func (f *feed) again(r *retry) error {
	f.mu.Lock()
	err := f.spill.keep(r)
	f.queue(r)
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
	return err
}

// queue puts a record where it waits for its time.
func (f *feed) queue(r *retry) {
	if f.intents != nil && !r.hasIntent {
		heap.Push(&f.intents.later, r)
	} else {
		f.pushWaiting(r)
	}
}

// pause stops records from leaving, or lets them go on.
func (f *feed) pause(yes bool) {
	f.mu.Lock()
	f.paused = yes
	f.mu.Unlock()
	f.poke()
}

// setLeast fits the intents to the number of slots.
func (f *feed) setLeast(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.intents != nil {
		f.intents.least = n
	}
}

// crash counts a worker's death with the record in hand.
func (f *feed) crash(seq jobs.Seq) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed.Store(true)
	f.crashes[seq]++
	return f.crashes[seq]
}

func (f *feed) crashesOf(seq jobs.Seq) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crashes[seq]
}

// end says that the source has no more.
func (f *feed) end() {
	f.mu.Lock()
	f.ended = true
	if f.open == 0 {
		close(f.done)
	}
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// settled notes that n records need no further try.
func (f *feed) CloseRecords(n int) {
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
