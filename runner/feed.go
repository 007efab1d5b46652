package runner

import (
	"brood/jobs"
	"brood/worker/wire"
	"container/heap"
	"context"
	"slices"
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
	seq    jobs.Seq
	line   int64
	offset int64
	first  int64 // when it was first sent out, Unix milliseconds; 0 if it was not, or that does not matter
	file   int32
	end    uint32 // where its encoding ends in the block
	waited bool   // the ledger has a row that says it waits for another try
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

// batch is what a worker is given at a time: a frame and what the parent
// remembers of the records in it.
type batch struct {
	frame    []byte
	items    []item
	answered int
	walk     wire.BatchReader // in step with answered
}

// retry is a record that waits for another try.
type retry struct {
	item
	attempt int // the next one
	due     time.Time
	alone   bool   // it may have killed a worker: no other record beside it
	meant   bool   // its intent is durable and unanswered
	key     []byte // its idempotency key, or nil
	body    []byte // nil if it is in the spill
	spilled spilled
}

// feed hands records to the slots: those of the source in order, and in
// between those whose retry is due.
type feed struct {
	mu      sync.Mutex
	blocks  []*block
	waiting retries
	spill   *spill
	intents *intents // nil if records may leave without
	// open counts the records that are neither final nor given up.
	open      int
	ended     bool      // the source has no more
	holdUntil time.Time // a throttle holds everything back
	crashes   map[jobs.Seq]int
	crashed   atomic.Bool // crashes is not empty

	free chan *block
	// wake holds a token when there may be something to take. Whoever takes
	// it and leaves something puts it back, so one token wakes all who are
	// needed and no more.
	wake chan struct{}
}

func newFeed(dir string, in *intents) *feed {
	blocks := blockCount
	if in != nil {
		blocks = intentBlocks
	}
	f := &feed{crashes: make(map[jobs.Seq]int), spill: &spill{dir: dir}, intents: in, free: make(chan *block, blocks), wake: make(chan struct{}, 1)}
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
	if f.intents != nil && !r.meant {
		heap.Push(&f.intents.later, r)
	} else {
		heap.Push(&f.waiting, r)
	}
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
	return err
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
	f.mu.Unlock()
	f.poke()
	f.intents.poke()
}

// settled notes that n records need no further try.
func (f *feed) settled(n int) {
	if n == 0 {
		return
	}
	f.mu.Lock()
	f.open -= n
	last := f.ended && f.open == 0
	f.mu.Unlock()
	if last {
		f.poke()
		f.intents.poke()
	}
}

// hold keeps everything back for a while.
func (f *feed) hold(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := time.Now().Add(d); t.After(f.holdUntil) {
		f.holdUntil = t
	}
}

// take fills b with up to n records. It waits until there is one, and returns
// false if there never will be, or ctx ends.
func (f *feed) take(ctx context.Context, n int, b *batch) (bool, error) {
	for ctx.Err() == nil {
		f.mu.Lock()
		ok, wait, err := f.fill(b, n)
		more := ok && (len(f.blocks) > 0 || len(f.waiting) > 0)
		finished := f.ended && f.open == 0
		f.mu.Unlock()
		if more || finished {
			f.poke()
		}
		if ok || err != nil || finished {
			return ok, err
		}
		sleep(ctx, f.wake, wait)
	}
	return false, nil
}

// sleep waits for a token, or for a time if it is not negative, and reports
// false if ctx has ended.
func sleep(ctx context.Context, wake <-chan struct{}, wait time.Duration) bool {
	var timeout <-chan time.Time
	if wait >= 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-timeout:
	}
	return ctx.Err() == nil
}

// fill takes what can be taken now. If there is nothing, wait is when to look
// again, or negative if only a token will bring news.
func (f *feed) fill(b *batch, n int) (ok bool, wait time.Duration, err error) {
	now := time.Now()
	if d := f.holdUntil.Sub(now); d > 0 && (len(f.blocks) > 0 || len(f.waiting) > 0) {
		return false, d, nil
	}
	wait = -1
	if len(f.waiting) > 0 {
		if d := f.waiting[0].due.Sub(now); d <= 0 {
			if err := f.fillDue(b, n, now); err != nil || len(b.items) > 0 {
				return true, 0, err
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

// fillNew takes records from the first block.
func (f *feed) fillNew(b *batch, n int, now time.Time) error {
	blk := f.blocks[0]
	from, to := blk.pos, min(blk.pos+n, blk.ready)
	start := 0
	if from > 0 {
		start = int(blk.items[from-1].end)
	}
	for to-from > 1 && int(blk.items[to-1].end)-start > batchBytes {
		to = from + (to-from)/2
	}
	items := blk.items[from:to]
	base := items[0].seq
	if from > 0 {
		// The record says how far it is from the one before it.
		base = blk.items[from-1].seq + 1
	}
	b.begin(base, len(items))
	b.frame = append(b.frame, blk.data[start:items[len(items)-1].end]...)
	if f.intents != nil {
		f.intents.taken(len(items))
		for i := range items {
			items[i].first = now.UnixMilli()
		}
	}
	b.items = append(b.items, items...)
	if blk.pos = to; to == len(blk.items) {
		f.blocks = slices.Delete(f.blocks, 0, 1)
		f.free <- blk // never blocks: it holds all blocks there are
	}
	return wire.End(b.frame, 0)
}

// fillDue takes records whose retry is due.
func (f *feed) fillDue(b *batch, n int, now time.Time) error {
	var due []*retry
	size := 0
	for len(due) < n && size < batchBytes && len(f.waiting) > 0 && !f.waiting[0].due.After(now) {
		if len(due) > 0 && f.waiting[0].alone {
			break
		}
		r := heap.Pop(&f.waiting).(*retry)
		if f.intents != nil && !f.intents.alive(r.first, now) {
			// Its key has died since the intent was made.
			r.meant = false
			heap.Push(&f.intents.later, r)
			f.intents.poke()
			continue
		}
		if err := f.spill.fetch(r); err != nil {
			return err
		}
		due = append(due, r)
		if size += len(r.body); r.alone || (f.intents != nil && f.intents.mortal) {
			break
		}
	}
	if len(due) == 0 {
		b.items = b.items[:0]
		return nil
	}
	slices.SortFunc(due, func(a, b *retry) int { return int(int64(a.seq) - int64(b.seq)) })
	b.begin(due[0].seq, len(due))
	next := due[0].seq
	for _, r := range due {
		b.frame = wire.AppendRecordHead(b.frame, uint64(r.seq-next), r.attempt)
		b.frame = append(b.frame, r.body...)
		if r.first == 0 {
			r.first = now.UnixMilli()
		}
		b.items = append(b.items, r.item)
		next = r.seq + 1
	}
	return wire.End(b.frame, 0)
}

func (b *batch) begin(base jobs.Seq, n int) {
	b.answered = 0
	b.items = b.items[:0]
	b.frame = wire.Begin(b.frame[:0], wire.TypeBatch)
	b.frame = wire.AppendBatchHead(b.frame, base, n)
}

// retries is a heap by due time.
type retries []*retry

func (q retries) Len() int           { return len(q) }
func (q retries) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q retries) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *retries) Push(x any)        { *q = append(*q, x.(*retry)) }
func (q *retries) Pop() any {
	old := *q
	r := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return r
}
