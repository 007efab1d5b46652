package sink

import (
	"brood/jobs"
	"container/heap"
)

// Segment is the bytes of results of records that follow one another.
type Segment struct {
	First jobs.Seq
	Count int
	Bytes []byte
	// Stored says that the bytes are in the ledger; here they are nil, unless there is room.
	Stored bool
	on     *board // where the bytes are
	// storing says that the owner is storing the bytes, and gone that it is done with
	// the segment.
	storing, gone bool
}

// Order puts segments into the order of the input. What comes early is kept in
// memory until the owner has stored it elsewhere and calls Forget.
//
// Every record belongs to exactly one segment. A segment that comes when it is
// its turn need not be held at all: see InTurn and Advance.
type Order struct {
	next  jobs.Seq
	queue segments
	fresh []*Segment // held since the last call of Unstored
	kept  []*Segment // that are stored, and in memory all the same
	shelf shelf
	// passed are records ahead that have no results here, in order.
	passed []stretch
}

// stretch is records that follow one another.
type stretch struct{ first, end jobs.Seq }

// NewOrder returns an order whose next record is next, with the segments that
// an earlier session has stored.
func NewOrder(next jobs.Seq, stored []Segment) *Order {
	o := &Order{next: next}
	for i := range stored {
		heap.Push(&o.queue, &stored[i])
	}
	return o
}

// Next is the first record that has not been handed out.
func (o *Order) Next() jobs.Seq { return o.next }

// Memory is how many bytes of memory are in use for what waits, or is being stored.
func (o *Order) Memory() int { return o.shelf.memory }

// Waiting is how many segments wait.
func (o *Order) Waiting() int { return len(o.queue) }

// InTurn reports whether a segment that begins at first would be the next.
func (o *Order) InTurn(first jobs.Seq) bool { return first == o.next }

// Advance notes that count records have been handed out past the order, as
// they were in turn.
func (o *Order) Advance(count int) {
	o.next += jobs.Seq(count)
	o.pass()
}

// Rewind takes back that the records from first on have been handed out: they were not
// delivered after all, and will be held again.
func (o *Order) Rewind(first jobs.Seq) { o.next = first }

// Pass notes that records have no results here, and nobody need wait for any. It is told of them in order; again of
// some that have had their turn, perhaps.
func (o *Order) Pass(first jobs.Seq, count int) {
	end := first + jobs.Seq(count)
	if n := len(o.passed); n > 0 && o.passed[n-1].end == first {
		o.passed[n-1].end = end
	} else if end > o.next {
		o.passed = append(o.passed, stretch{first, end})
	}
	o.pass()
}

// pass goes on to the next record that has results.
func (o *Order) pass() {
	for len(o.passed) > 0 && o.passed[0].first <= o.next {
		o.next = max(o.next, o.passed[0].end)
		o.passed = o.passed[1:]
	}
}

// Hold keeps a segment until its turn. The bytes are copied.
func (o *Order) Hold(first jobs.Seq, count int, bytes []byte) {
	s := &Segment{First: first, Count: count}
	s.Bytes, s.on = o.shelf.put(bytes)
	if len(o.kept) > 0 && (o.shelf.memory > keptMemory || len(o.kept) > keptSegments) {
		o.unkeep()
	}
	heap.Push(&o.queue, s)
	o.fresh = append(o.fresh, s)
}

// Pop returns the next segment if it is its turn, or nil. The owner calls Done when it is
// done with the bytes.
func (o *Order) Pop() *Segment {
	if len(o.queue) == 0 || o.queue[0].First != o.next {
		return nil
	}
	s := heap.Pop(&o.queue).(*Segment)
	o.Advance(s.Count)
	return s
}

// Done notes that a segment which was handed out is not needed any more.
func (o *Order) Done(s *Segment) {
	s.gone = true
	if !s.storing {
		o.drop(s)
	}
}

// drop gives back the memory of a segment, if it has any.
func (o *Order) drop(s *Segment) {
	if s.on != nil {
		o.shelf.take(s.on)
		s.Bytes, s.on = nil, nil
	}
}

// Unstored returns the segments that wait and have not been returned before:
// it is the caller who stores them now. Their bytes stay until Forget.
func (o *Order) Unstored() []*Segment {
	var out []*Segment
	for _, s := range o.fresh {
		if !s.gone {
			s.storing = true
			out = append(out, s)
		}
	}
	clear(o.fresh) // nothing that is gone is held by it
	o.fresh = o.fresh[:0]
	return out
}

// keptMemory is up to how much is in use that what is stored stays in memory as well: where the turn
// of a segment comes soon it need not be read back.
const keptMemory = 2 << 20

// keptSegments bounds how many of these are known, as some have had their turn since.
const keptSegments = 1 << 14

// Forget notes that a segment is stored, and drops its bytes if there is little room for them.
func (o *Order) Forget(s *Segment) {
	s.Stored, s.storing = true, false
	if s.gone || o.shelf.memory > keptMemory {
		o.drop(s)
		return
	}
	o.kept = append(o.kept, s)
}

// unkeep drops what is in memory and stored as well.
func (o *Order) unkeep() {
	for _, s := range o.kept {
		o.drop(s)
	}
	clear(o.kept)
	o.kept = o.kept[:0]
}

type segments []*Segment

func (q segments) Len() int           { return len(q) }
func (q segments) Less(i, j int) bool { return q[i].First < q[j].First }
func (q segments) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *segments) Push(x any)        { *q = append(*q, x.(*Segment)) }
func (q *segments) Pop() any {
	old := *q
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return s
}
