package feed

import (
	"brood/jobs"
	"brood/worker/wire"
	"bytes"
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// Batch is what a worker is given at a time: a frame and what the parent
// remembers of the records in it.
type Batch struct {
	Frame []byte
	Items []Item
	at    int              // the item that was walked to last, plus 1
	walk  wire.BatchReader // in step with at, unless the records lie open
	// Alone says that nothing else may be in hand beside it.
	Alone bool
	// open are the records, if they may be answered in any order, and left how many were not
	// walked to.
	open []openRecord
	left int
}

// openRecord is a record of a batch that may be answered in any order. It borrows of the frame.
type openRecord struct {
	rec    jobs.Record
	body   []byte
	walked bool
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

// fillDue takes records whose retry is due; alone says that the worker has nothing in hand.
func (f *Feed) fillDue(b *Batch, n int, now time.Time, alone bool) error {
	var due []*Retry
	size := 0
	if !alone {
		defer f.putBack(f.passSuspects(now))
	}
	for len(due) < n && size < batchBytes && len(f.waiting) > 0 && !f.waiting[0].Due.After(now) {
		if f.waiting[0].Suspect && (len(due) > 0 || !alone) {
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
	b.Alone = due[0].Suspect
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

// passSuspects takes off what is due and must be alone, and stands before what need not.
func (f *Feed) passSuspects(now time.Time) (passed []*Retry) {
	for f.suspects > 0 && !f.waiting[0].Due.After(now) && f.waiting[0].Suspect {
		passed = append(passed, f.popWaiting())
	}
	return passed
}

func (f *Feed) putBack(passed []*Retry) {
	for _, r := range passed {
		f.pushWaiting(r)
	}
}

func (b *Batch) begin(base jobs.Seq, n int) {
	b.at, b.left, b.open, b.Alone = 0, 0, b.open[:0], false
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

// Spread makes an open batch ready to be answered in any order.
func (b *Batch) Spread() error {
	for range b.Items {
		b.open = slices.Grow(b.open, 1)[:len(b.open)+1]
		o := &b.open[len(b.open)-1]
		if _, err := b.walk.Next(&o.rec); err != nil {
			return err
		}
		o.body, o.walked = b.walk.Body(), false
	}
	b.left = len(b.Items)
	return nil
}

// Next walks to the next record, and reports false if there is none.
func (b *Batch) Next(rec *jobs.Record) (bool, error) {
	if len(b.open) > 0 {
		i := slices.IndexFunc(b.open, func(o openRecord) bool { return !o.walked })
		return i >= 0 && b.walkTo(i, rec), nil
	}
	more, err := b.walk.Next(rec)
	if more && err == nil {
		b.at++
	}
	return more, err
}

// Find walks to a record of a batch that is answered in any order, and reports false if it has no
// such record, or it was walked to before.
func (b *Batch) Find(seq jobs.Seq, rec *jobs.Record) bool {
	i, ok := slices.BinarySearchFunc(b.Items, seq, func(it Item, seq jobs.Seq) int { return cmp.Compare(it.Seq, seq) })
	return ok && !b.open[i].walked && b.walkTo(i, rec)
}

func (b *Batch) walkTo(i int, rec *jobs.Record) bool {
	o := &b.open[i]
	o.walked = true
	b.at = i + 1
	b.left--
	*rec = o.rec
	return true
}

// Item is what is remembered of the record that was walked to last.
func (b *Batch) Item() *Item { return &b.Items[b.at-1] }

// Body is the encoding of that record, to be sent again. It is borrowed.
func (b *Batch) Body() []byte {
	if len(b.open) > 0 {
		return b.open[b.at-1].body
	}
	return b.walk.Body()
}

// NextSeq is the record that is walked to next, in order. There must be one.
func (b *Batch) NextSeq() jobs.Seq { return b.Items[b.at].Seq }

// All reports whether all records were walked to.
func (b *Batch) All() bool {
	if len(b.open) > 0 {
		return b.left == 0
	}
	return b.at == len(b.Items)
}

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
