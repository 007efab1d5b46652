package sink

import (
	"brood/jobs"
	"bytes"
	"testing"
)

// However much has come early, memory is what waits at a time: boards are used again, and
// all is given back that is not needed soon.
func TestShelfIsUsedAgain(t *testing.T) {
	const pieces, size = 40, 60 << 10 // at a time
	o := NewOrder(0, nil)
	row := make([]byte, size)
	most := 0
	for round := range 50 {
		for i := pieces; i > 0; i-- {
			row[0] = byte(i)
			o.Hold(jobs.Seq(round*(pieces+1)+i), 1, row)
			most = max(most, o.Memory())
		}
		var storing []*Segment
		if round%3 == 0 { // a commit, which ends when all was written
			storing = o.Unstored()
		}
		o.Advance(1)
		for i := 1; i <= pieces; i++ {
			s := o.Pop()
			if s == nil || len(s.Bytes) != size || s.Bytes[0] != byte(i) {
				t.Fatalf("round %d: %d came out wrong: %+v", round, i, s)
			}
			o.Done(s)
		}
		if n := len(storing) * size; o.Memory() < n {
			t.Fatalf("round %d: %d bytes are in memory, and %d are being stored", round, o.Memory(), n)
		}
		for _, s := range storing {
			o.Forget(s)
		}
		if o.Memory() != 0 {
			t.Fatalf("round %d: %d bytes are in use by nothing", round, o.Memory())
		}
	}
	if least := pieces * size; most < least || most > least+2*boardSize {
		t.Errorf("%d bytes in memory for %d", most, least)
	}
	if n := len(o.shelf.spare); n == 0 || n > spareBoards {
		t.Errorf("%d boards are kept", n)
	}
	if made := testing.AllocsPerRun(1, func() { hold(o, row) }); made > 10 {
		t.Errorf("%.0f allocations for one segment", made)
	}
}

func hold(o *Order, row []byte) {
	o.Hold(o.Next(), 1, row)
	o.Done(o.Pop())
	o.Unstored()
}

// A segment that is larger than a board has one of its own, which is not kept.
func TestShelfOfLargeOnes(t *testing.T) {
	var s shelf
	small, on := s.put([]byte("small"))
	large, own := s.put(bytes.Repeat([]byte("x"), boardSize+1))
	again, same := s.put([]byte("again"))
	if string(small) != "small" || string(again) != "again" || len(large) != boardSize+1 || on != same || own == on {
		t.Errorf("%s, %s, %d bytes", small, again, len(large))
	}
	if s.memory != 2*boardSize+1+3*pieceCost {
		t.Errorf("%d bytes", s.memory)
	}
	for _, b := range []*board{own, on, same} {
		s.take(b)
	}
	if s.memory != 0 || len(s.spare) != 1 || s.open != nil {
		t.Errorf("%d bytes are in use, %d boards are kept", s.memory, len(s.spare))
	}
}
