package sink

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// cut makes segments of the records from first on, and the bytes of all.
func cut(random *rand.Rand, first jobs.Seq, n int) (all []*Segment, whole []byte) {
	for range n {
		s := &Segment{First: first, Count: 1 + random.IntN(4)}
		for i := range s.Count {
			if random.IntN(5) > 0 { // as text, some records have nothing
				s.Bytes = fmt.Appendf(s.Bytes, "%d\n", int(first)+i)
			}
		}
		whole = append(whole, s.Bytes...)
		first += jobs.Seq(s.Count)
		all = append(all, s)
	}
	return all, whole
}

// TestOrder: in whatever order segments come, stored elsewhere meanwhile or not,
// they are handed out in that of the input, each once; and no memory is kept.
func TestOrder(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 0))
		first := jobs.Seq(random.IntN(3)) * 1000
		all, whole := cut(random, first, random.IntN(30))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		o := NewOrder(first, nil)
		stored := map[jobs.Seq][]byte{} // the ledger
		var late []*Segment             // being stored; they may be handed out meanwhile
		var out []byte
		for _, s := range all {
			if o.InTurn(s.First) && random.IntN(2) == 0 {
				out = append(out, s.Bytes...)
				o.Advance(s.Count)
			} else {
				o.Hold(s)
			}
			if random.IntN(3) == 0 {
				for _, s := range o.Unstored() {
					if _, twice := stored[s.First]; twice {
						t.Fatalf("seed %d: segment %d is to be stored twice", seed, s.First)
					}
					stored[s.First] = s.Bytes
					late = append(late, s)
				}
			} else if random.IntN(2) == 0 {
				for _, s := range late {
					o.Forget(s)
				}
				late = nil
			}
			for s := o.Pop(); s != nil; s = o.Pop() {
				if s.Bytes == nil && s.Stored {
					s.Bytes = stored[s.First]
				}
				out = append(out, s.Bytes...)
			}
		}
		if !bytes.Equal(out, whole) || o.Waiting() != 0 || o.Memory() != 0 {
			t.Fatalf("seed %d: %d segments and %d bytes wait; handed out\n%s\nwant\n%s", seed, o.Waiting(), o.Memory(), out, whole)
		}
	}
}

// TestOrderWaits: nothing is handed out while an earlier record is missing.
func TestOrderWaits(t *testing.T) {
	o := NewOrder(5, []Segment{{First: 9, Count: 1, Stored: true}})
	o.Hold(&Segment{First: 7, Count: 2, Bytes: []byte("78")})
	if s := o.Pop(); s != nil || o.Next() != 5 || o.Waiting() != 2 || o.Memory() != 2 {
		t.Errorf("%+v came; next %d, %d wait in %d bytes", s, o.Next(), o.Waiting(), o.Memory())
	}
	// What an earlier session has stored is not stored again.
	fresh := o.Unstored()
	if len(fresh) != 1 || fresh[0].First != 7 {
		t.Fatalf("%d segments to be stored", len(fresh))
	}
	o.Forget(fresh[0])
	if o.Memory() != 0 || len(o.Unstored()) != 0 {
		t.Errorf("after that %d bytes, %d segments", o.Memory(), len(o.Unstored()))
	}
	o.Advance(2)
	for _, first := range []jobs.Seq{7, 9} {
		if s := o.Pop(); s == nil || s.First != first || !s.Stored || s.Bytes != nil {
			t.Errorf("%+v, want that of record %d, which is stored", s, first)
		}
	}
	if o.Next() != 10 {
		t.Errorf("next is %d, want 10", o.Next())
	}
}

// TestRewind: what could not be delivered is held again, and comes out once more.
func TestRewind(t *testing.T) {
	o := NewOrder(0, nil)
	o.Hold(&Segment{First: 3, Count: 1, Bytes: []byte("3")})
	o.Advance(3)
	if s := o.Pop(); s == nil || s.First != 3 {
		t.Fatalf("%+v", s)
	}
	o.Rewind(2)
	o.Hold(&Segment{First: 2, Count: 2, Bytes: []byte("23")})
	fresh := o.Unstored()
	if len(fresh) != 1 || fresh[0].First != 2 {
		t.Errorf("%d segments to be stored", len(fresh))
	}
	if s := o.Pop(); s == nil || s.First != 2 || o.Next() != 4 || o.Memory() != 0 {
		t.Errorf("%+v came; next %d, %d bytes", s, o.Next(), o.Memory())
	}
}
