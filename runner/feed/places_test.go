package feed

import (
	"brood/runner/pace"
	"testing"
	"testing/synctest"
	"time"
)

// seats are those of n slots, the first of the fixture's own.
func (x *fixture) seats(n int) []*Seat {
	out := []*Seat{x.seat}
	for len(out) < n {
		out = append(out, x.feed.Seat(1))
	}
	return out
}

// Eight at work, six turned away, whatever the order: the two that were let in keep their
// permits, and no other gets one, also not while those two have nothing to do.
func TestTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Slots: 8})
		x.push("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l")
		seats := x.seats(8)
		for _, s := range seats {
			if x.takeBy(s, 1) == nil {
				t.Fatal("nothing for a slot though nobody was turned away")
			}
		}
		for i, s := range seats {
			if i == 2 || i == 5 {
				x.feed.LetIn(s)
			} else if !x.feed.TurnAway(s, &Item{}, "too many") {
				t.Fatalf("slot %d: nothing less can be done", i)
			}
		}
		if st := x.feed.State(); st.Adaptive == nil || *st.Adaptive != 2 || st.Fewer != "too many" {
			t.Errorf("the state says %+v", st)
		}
		for i, s := range seats {
			if got := x.takeBy(s, 1); (got != nil) != (i == 2 || i == 5) {
				t.Errorf("slot %d takes %q", i, got)
			}
			if i == 2 || i == 5 {
				x.feed.mu.Lock()
				x.feed.gate.leave(s) // it has nothing to do
				x.feed.mu.Unlock()
			}
		}
		if got := x.takeBy(seats[2], 1); got == nil {
			t.Error("who has a place gets nothing")
		}
		x.feed.Leave(seats[5]) // its worker goes
		if got := x.takeBy(seats[0], 1); got == nil {
			t.Error("the place of one who has gone is not given to another")
		}
	})
}

// One more tries after a while, only if all who have a place work; it has the place if it is
// let in, and if not all is as before. That fewer work is said once.
func TestOneMoreTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Slots: 3})
		x.push("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l")
		seats := x.seats(3)
		for _, s := range seats {
			x.takeBy(s, 1)
		}
		x.feed.LetIn(seats[0])
		x.feed.TurnAway(seats[1], &Item{}, "too many")
		x.feed.TurnAway(seats[2], &Item{}, "too many")
		if n, why := x.feed.LetIn(seats[0]); why != "" {
			t.Errorf("%d: %s is said while it is found out", n, why)
		}
		time.Sleep(time.Second)
		if n, why := x.feed.LetIn(seats[0]); n != 1 || why != "too many" {
			t.Errorf("it is said: %d, %q", n, why)
		}
		if n, why := x.feed.LetIn(seats[0]); why != "" {
			t.Errorf("it is said again: %d, %q", n, why)
		}
		x.want(x.takeBy(seats[1], 1), "")
		time.Sleep(time.Second)
		if x.takeBy(seats[1], 1) == nil {
			t.Fatal("nobody tries")
		}
		x.want(x.takeBy(seats[2], 1), "")
		if !x.feed.TurnAway(seats[1], &Item{}, "too many") || *x.feed.State().Adaptive != 1 {
			t.Error("who has tried is not just turned away")
		}
		time.Sleep(4 * time.Second)
		x.feed.mu.Lock()
		x.feed.gate.leave(seats[0])
		x.feed.mu.Unlock()
		x.want(x.takeBy(seats[2], 1), "") // there is one who has nothing to do
		x.takeBy(seats[0], 1)
		if x.takeBy(seats[2], 1) == nil {
			t.Fatal("nobody tries")
		}
		x.feed.LetIn(seats[2])
		if x.takeBy(seats[1], 1) == nil {
			t.Fatal("nobody tries though the last was let in")
		}
		x.feed.LetIn(seats[1])
		if st := x.feed.State(); st.Adaptive != nil || x.feed.Crowded() {
			t.Errorf("all were let in, and the state says %+v", st)
		}
	})
}

// A slot that is alone cannot do less. What was turned away counts for no limit.
func TestTurnedAwayAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Slots: 2, Pace: pace.Spec{Quota: 2, Rate: &pace.Rate{N: 1, Per: time.Hour}, Burst: 2}})
		time.Sleep(2 * time.Hour)
		x.push("a", "b", "c")
		seats := x.seats(2)
		x.want(x.takeBy(seats[0], 1), "0/1")
		if x.feed.TurnAway(seats[0], &Item{}, "too many") || x.feed.Crowded() {
			t.Error("a slot that is alone was left without a permit")
		}
		x.want(x.takeBy(seats[1], 1), "1/1")
		x.want(x.takeBy(seats[0], 1), "") // as many as the rate and the quota allow
		if !x.feed.TurnAway(seats[1], &Item{}, "too many") {
			t.Fatal("nothing less can be done though there are two")
		}
		if _, used := x.feed.Quota(); used != 1 {
			t.Errorf("%d of the quota are used, want 1", used)
		}
		x.want(x.takeBy(seats[0], 1), "2/1")
	})
}

// A slot at the gate looks again when one more may try, without being told.
func TestWaitsForPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Slots: 2})
		x.push("a", "b", "c")
		seats := x.seats(2)
		x.takeBy(seats[0], 1)
		x.takeBy(seats[1], 1)
		x.feed.LetIn(seats[0])
		x.feed.TurnAway(seats[1], &Item{}, "too many")
		from := time.Now()
		b := &Batch{}
		if ok, err := x.feed.Take(t.Context(), seats[1], idler(true), 1, b); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if d := time.Since(from); d != 2*time.Second {
			t.Errorf("it has tried again after %s", d)
		}
	})
}
