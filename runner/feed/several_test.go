package feed

import (
	"brood/jobs"
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// holder is a worker that can have several records in hand.
type holder int

func (h *holder) InHand() int { return int(*h) }

// takeSeveral takes up to n records for a slot whose worker has some in hand, if any can leave now.
func (x *fixture) takeSeveral(s *Seat, h *holder, n int) []string {
	x.t.Helper()
	ctx, cancel := context.WithCancel(x.t.Context())
	b := &Batch{}
	done := make(chan bool, 1)
	go func() {
		ok, err := x.feed.Take(ctx, s, h, n, b)
		if err != nil {
			x.t.Error(err)
		}
		done <- ok
	}()
	synctest.Wait()
	cancel()
	if !<-done {
		return nil
	}
	*h += holder(len(b.Items))
	return x.read(b)
}

// TestPermitsOfSeveral: where a worker has several records in hand each has a permit, and there are
// as many as -j says.
func TestPermitsOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Slots: 5, Several: true})
		x.push("a", "b", "c", "d", "e", "f", "g", "h")
		one, two := x.feed.Seat(4), x.feed.Seat(4)
		var first, second holder
		got := x.takeSeveral(one, &first, 4)
		x.want(got, "0/1 1/1 2/1 3/1")
		got = x.takeSeveral(two, &second, 4)
		x.want(got, "4/1")
		got = x.takeSeveral(two, &second, 3)
		x.want(got, "")
		// What has ended at one worker is for the other.
		first = 2
		x.feed.Ended(one, 2)
		got = x.takeSeveral(two, &second, 3)
		x.want(got, "5/1 6/1")
		if n := x.feed.gate.working; n != 5 {
			t.Errorf("%d permits are out, want 5", n)
		}
		// Fewer at a time: nothing leaves until so many have ended.
		x.feed.SetSlots(2)
		first = 1
		got = x.takeSeveral(one, &first, 3)
		x.want(got, "")
		second, first = 1, 0
		x.feed.Ended(two, 1)
		got = x.takeSeveral(one, &first, 3)
		x.want(got, "7/1")
	})
}

// TestSuspectsAlone: a record that may have ended a worker with others leaves for one that has
// nothing in hand, and alone; others do not wait for that.
func TestSuspectsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Slots: 8, Several: true})
		x.push("a", "b", "c")
		s := x.feed.Seat(4)
		h := holder(1)
		for _, seq := range []jobs.Seq{20, 21} {
			r := retry(seq, time.Now())
			r.Suspect = true
			x.again(r)
		}
		x.again(retry(30, time.Now().Add(time.Second)))
		got := x.takeSeveral(s, &h, 4)
		x.want(got, "0/1 1/1 2/1")
		got = x.takeSeveral(s, &h, 1)
		x.want(got, "")
		time.Sleep(2 * time.Second)
		got = x.takeSeveral(s, &h, 3)
		x.want(got, "30/2")
		// One that waits is woken when it has nothing in hand any more.
		k := x.waiting(t.Context(), s, &h)
		h = 0
		x.feed.Ended(s, 0)
		if !<-k.done || !k.batch.Alone {
			t.Error("the suspect has not left alone")
		}
		x.want(x.read(&k.batch), "20/2")
		got = x.takeSeveral(s, &h, 4)
		x.want(got, "21/2")
	})
}

// TestAnyOrder: the records of a batch are found in any order, each once.
func TestAnyOrder(t *testing.T) {
	x := newFixture(t, Config{})
	x.push("a", "b", "c")
	b := x.batch(3)
	if err := b.Open(shape, false); err != nil {
		t.Fatal(err)
	}
	if err := b.Spread(); err != nil {
		t.Fatal(err)
	}
	var rec jobs.Record
	if !b.Find(2, &rec) || string(rec.Raw) != "c" || b.Item().Seq != 2 || string(b.Body()) != "\x01c" || b.All() {
		t.Errorf("%q, item %d, body %q", rec.Raw, b.Item().Seq, b.Body())
	}
	if b.Find(2, &rec) || b.Find(7, &rec) {
		t.Error("it was found again, or is none of these")
	}
	if more, err := b.Next(&rec); !more || err != nil || string(rec.Raw) != "a" || b.Item().Seq != 0 {
		t.Errorf("next is %q, %v", rec.Raw, err)
	}
	if !b.Find(1, &rec) || !b.All() {
		t.Error("not all were found")
	}
	if more, err := b.Next(&rec); more || err != nil {
		t.Errorf("there is another: %v, %v", more, err)
	}
}
