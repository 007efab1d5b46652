package runner

import (
	"brood/jobs"
	"brood/worker/wire"
	"container/heap"
	"slices"
	"time"
)

// batch is what a worker is given at a time: a frame and what the parent
// remembers of the records in it.
type batch struct {
	frame    []byte
	items    []item
	answered int
	walk     wire.BatchReader // in step with answered
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
	f.pacing.Start(now, len(items))
	f.breaker.Start(uint64(items[0].seq))
	b.begin(base, len(items))
	b.frame = append(b.frame, blk.data[start:items[len(items)-1].end]...)
	if f.intents != nil {
		f.intents.taken(len(items))
		for i := range items {
			items[i].firstSentMS = now.UnixMilli()
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
		if len(due) > 0 && f.waiting[0].suspect {
			break
		}
		r := f.popWaiting()
		if f.intents != nil && !f.intents.alive(r.firstSentMS, now) {
			// Its key has died since the intent was made.
			r.hasIntent = false
			heap.Push(&f.intents.later, r)
			f.intents.poke()
			continue
		}
		if !f.startKey(r, now) {
			continue
		}
		if err := f.spill.fetch(r); err != nil {
			return err
		}
		due = append(due, r)
		if size += len(r.body); r.suspect || (f.intents != nil && f.intents.mortal) {
			break
		}
	}
	if len(due) == 0 {
		b.items = b.items[:0]
		return nil
	}
	f.pacing.Start(now, len(due))
	f.breaker.Start(uint64(due[0].seq))
	slices.SortFunc(due, func(a, b *retry) int { return int(int64(a.seq) - int64(b.seq)) })
	b.begin(due[0].seq, len(due))
	next := due[0].seq
	for _, r := range due {
		b.frame = wire.AppendRecordHead(b.frame, uint64(r.seq-next), r.attempt)
		b.frame = append(b.frame, r.body...)
		if r.firstSentMS == 0 {
			r.firstSentMS = now.UnixMilli()
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
