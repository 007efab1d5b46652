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
		offsets := map[jobs.Seq]int{first: 0} // where the bytes of each segment begin
		for _, s := range all {
			offsets[s.First+jobs.Seq(s.Count)] = offsets[s.First] + len(s.Bytes)
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		o := NewOrder(first, nil)
		stored := map[jobs.Seq][]byte{} // the ledger
		twice := map[jobs.Seq]bool{}
		var late []*Segment // being stored; they may be handed out meanwhile
		var out []byte
		for _, s := range all {
			if o.InTurn(s.First) && random.IntN(2) == 0 {
				out = append(out, s.Bytes...)
				o.Advance(s.Count)
			} else {
				o.Hold(s.First, s.Count, s.Bytes)
			}
			if random.IntN(3) == 0 {
				for _, s := range o.Unstored() {
					if twice[s.First] {
						t.Fatalf("seed %d: segment %d is to be stored twice", seed, s.First)
					}
					twice[s.First] = true
					late = append(late, s)
				}
			} else if random.IntN(2) == 0 {
				for _, s := range late { // what is stored is still what it was
					stored[s.First] = bytes.Clone(s.Bytes)
					o.Forget(s)
				}
				late = nil
			}
			for s := o.Pop(); s != nil; s = o.Pop() {
				if s.Stored {
					out = append(out, stored[s.First]...)
				} else {
					out = append(out, s.Bytes...)
				}
				o.Done(s)
			}
		}
		for _, s := range late {
			if want := whole[offsets[s.First]:offsets[s.First+jobs.Seq(s.Count)]]; !bytes.Equal(s.Bytes, want) {
				t.Fatalf("seed %d: what is being stored of record %d became\n%s\nof\n%s", seed, s.First, s.Bytes, want)
			}
			o.Forget(s)
		}
		if !bytes.Equal(out, whole) || o.Waiting() != 0 || o.Memory() != 0 {
			t.Fatalf("seed %d: %d segments and %d bytes wait; handed out\n%s\nwant\n%s", seed, o.Waiting(), o.Memory(), out, whole)
		}
	}
}

// TestOrderWaits: nothing is handed out while an earlier record is missing.
func TestOrderWaits(t *testing.T) {
	o := NewOrder(5, []Segment{{First: 9, Count: 1, Stored: true}})
	o.Hold(7, 2, []byte("78"))
	if s := o.Pop(); s != nil || o.Next() != 5 || o.Waiting() != 2 || o.Memory() == 0 {
		t.Errorf("%+v came; next %d, %d wait in %d bytes", s, o.Next(), o.Waiting(), o.Memory())
	}
	// What an earlier session has stored is not stored again.
	fresh := o.Unstored()
	if len(fresh) != 1 || fresh[0].First != 7 {
		t.Fatalf("%d segments to be stored", len(fresh))
	}
	o.Forget(fresh[0])
	if len(o.Unstored()) != 0 {
		t.Error("it is to be stored again")
	}
	o.Advance(2)
	// There is room for what this one has stored, and only the ledger has what another has.
	s := o.Pop()
	if s == nil || s.First != 7 || !s.Stored || string(s.Bytes) != "78" {
		t.Fatalf("%+v, want that of record 7, which is stored", s)
	}
	o.Done(s)
	if s := o.Pop(); s == nil || s.First != 9 || !s.Stored || s.Bytes != nil {
		t.Errorf("%+v, want that of record 9, which is in the ledger alone", s)
	}
	if o.Next() != 10 || o.Memory() != 0 {
		t.Errorf("next is %d, want 10; %d bytes are in memory", o.Next(), o.Memory())
	}
}

// TestLittleRoom: what is stored leaves memory where much is in use, at the latest when more comes.
func TestLittleRoom(t *testing.T) {
	o := NewOrder(0, nil)
	o.Hold(1, 1, []byte("first"))
	o.Forget(o.Unstored()[0])
	for i := range jobs.Seq(5) {
		o.Hold(2+i, 1, make([]byte, boardSize))
	}
	for _, s := range o.Unstored() {
		o.Forget(s)
	}
	if n := o.Memory(); n > keptMemory {
		t.Errorf("%d bytes are in memory and stored", n)
	}
	o.Advance(1)
	for i := range 2 {
		s := o.Pop()
		if s == nil || !s.Stored || s.Bytes != nil {
			t.Fatalf("%d: %+v is still in memory", i, s)
		}
		o.Done(s)
	}
}

// TestRewind: what could not be delivered is held again, and comes out once more.
func TestRewind(t *testing.T) {
	o := NewOrder(0, nil)
	o.Hold(3, 1, []byte("3"))
	o.Advance(3)
	s := o.Pop()
	if s == nil || s.First != 3 {
		t.Fatalf("%+v", s)
	}
	o.Done(s)
	o.Rewind(2) // the record
	o.Hold(2, 2, []byte("23"))
	fresh := o.Unstored()
	if len(fresh) != 1 || fresh[0].First != 2 {
		t.Errorf("%d segments to be stored", len(fresh))
	}
	if s := o.Pop(); s == nil || s.First != 2 || string(s.Bytes) != "23" || o.Next() != 4 {
		t.Errorf("%+v came; next %d", s, o.Next())
	} else if o.Done(s); string(s.Bytes) != "23" {
		t.Error("the bytes have gone, and they are being stored")
	}
	if o.Forget(fresh[0]); fresh[0].Bytes != nil || o.Memory() != 0 {
		t.Errorf("%d bytes are in memory", o.Memory())
	}
}

// TestPass: records that have no results here keep nobody waiting, whether those behind them have come or not; what
// has had its turn may be told of again.
func TestPass(t *testing.T) {
	o := NewOrder(0, nil)
	o.Pass(0, 2)
	if o.Next() != 2 {
		t.Errorf("next %d, want 2", o.Next())
	}
	o.Hold(5, 1, []byte("5"))
	o.Pass(3, 1)
	o.Pass(4, 1)
	o.Pass(6, 10)
	if s := o.Pop(); s != nil || o.Next() != 2 {
		t.Errorf("%+v came before record 2", s)
	}
	if !o.InTurn(2) {
		t.Error("it is the turn of record 2")
	}
	o.Advance(1)
	s := o.Pop()
	if s == nil || s.First != 5 || o.Next() != 16 || o.Waiting() != 0 {
		t.Fatalf("%+v came; next %d", s, o.Next())
	}
	o.Pass(0, 2)
	o.Pass(3, 2)
	o.Pass(10, 8)
	if o.Next() != 18 || len(o.passed) != 0 {
		t.Errorf("next %d; %v", o.Next(), o.passed)
	}
}
