package feed

import (
	"brood/jobs"
	"brood/worker/wire"
	"bytes"
	"container/heap"
	"slices"
	"time"
)

// Batch is what a worker is given at a time: a frame and what the parent
// remembers of the records in it.
type Batch struct {
	Frame    []byte
	Items    []Item
	answered int
	walk     wire.BatchReader // in step with answered
}

// fillNew takes records from the first block.
func (f *Feed) fillNew(b *Batch, n int, now time.Time) error {
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
	base := items[0].Seq
	if from > 0 {
		// The record says how far it is from the one before it.
		base = blk.items[from-1].Seq + 1
	}
	f.pacing.Start(now, len(items))
	f.breaker.Start(uint64(items[0].Seq))
	b.begin(base, len(items))
	b.Frame = append(b.Frame, blk.data[start:items[len(items)-1].end]...)
	if f.intents != nil {
		f.intents.taken(len(items))
		for i := range items {
			items[i].FirstSentMS = now.UnixMilli()
		}
	}
	b.Items = append(b.Items, items...)
	if blk.pos = to; to == len(blk.items) {
		f.blocks = slices.Delete(f.blocks, 0, 1)
		f.free <- blk // never blocks: it holds all blocks there are
	}
	return wire.End(b.Frame, 0)
}

// fillDue takes records whose retry is due.
func (f *Feed) fillDue(b *Batch, n int, now time.Time) error {
	var due []*Retry
	size := 0
	for len(due) < n && size < batchBytes && len(f.waiting) > 0 && !f.waiting[0].Due.After(now) {
		if len(due) > 0 && f.waiting[0].Suspect {
			break
		}
		r := f.popWaiting()
		if f.intents != nil && !f.intents.alive(r.FirstSentMS, now) {
			// Its key has died since the intent was made.
			r.HasIntent = false
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
		if size += len(r.Body); r.Suspect || f.keysDie() {
			break
		}
	}
	if len(due) == 0 {
		b.Items = b.Items[:0]
		return nil
	}
	f.pacing.Start(now, len(due))
	f.breaker.Start(uint64(due[0].Seq))
	slices.SortFunc(due, func(a, b *Retry) int { return int(int64(a.Seq) - int64(b.Seq)) })
	b.begin(due[0].Seq, len(due))
	next := due[0].Seq
	for _, r := range due {
		b.Frame = wire.AppendRecordHead(b.Frame, uint64(r.Seq-next), r.Attempt)
		b.Frame = append(b.Frame, r.Body...)
		if r.FirstSentMS == 0 {
			r.FirstSentMS = now.UnixMilli()
		}
		b.Items = append(b.Items, r.Item)
		next = r.Seq + 1
	}
	return wire.End(b.Frame, 0)
}

func (b *Batch) begin(base jobs.Seq, n int) {
	b.answered = 0
	b.Items = b.Items[:0]
	b.Frame = wire.Begin(b.Frame[:0], wire.TypeBatch)
	b.Frame = wire.AppendBatchHead(b.Frame, base, n)
}

// Open makes the batch ready to be walked through, in step with its answers.
func (b *Batch) Open(shape *jobs.Shape, needsRaw bool) (err error) {
	// The payload begins behind the 5 bytes of the frame's header.
	b.walk, err = wire.ReadBatch(b.Frame[5:], shape, needsRaw)
	return err
}

// Next walks to the next record, and reports false if there is none.
func (b *Batch) Next(rec *jobs.Record) (bool, error) {
	more, err := b.walk.Next(rec)
	if more && err == nil {
		b.answered++
	}
	return more, err
}

// Item is what is remembered of the record that was walked to last.
func (b *Batch) Item() *Item { return &b.Items[b.answered-1] }

// Body is the encoding of that record, to be sent again. It is borrowed.
func (b *Batch) Body() []byte { return b.walk.Body() }

// NextSeq is the record that is walked to next. There must be one.
func (b *Batch) NextSeq() jobs.Seq { return b.Items[b.answered].Seq }

// All reports whether all records were walked to.
func (b *Batch) All() bool { return b.answered == len(b.Items) }

// Back makes the record that was walked to last ready to be sent once more: its intent,
// if it has one, stands.
func (b *Batch) Back(rec *jobs.Record) *Retry {
	return &Retry{Item: *b.Item(), Attempt: rec.Attempt, HasIntent: true, Body: bytes.Clone(b.Body())}
}

// retries is a heap by due time, and in the order of the input where that is the same.
type retries []*Retry

func (q retries) Len() int { return len(q) }
func (q retries) Less(i, j int) bool {
	if q[i].Due.Equal(q[j].Due) {
		return q[i].Seq < q[j].Seq
	}
	return q[i].Due.Before(q[j].Due)
}
func (q retries) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *retries) Push(x any)   { *q = append(*q, x.(*Retry)) }
func (q *retries) Pop() any {
	old := *q
	r := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return r
}
