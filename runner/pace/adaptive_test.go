package pace

import (
	"testing"
	"time"
)

// farSide answers what it can at a time and refuses the rest, in rounds.
func farSide(a *Adaptive, now *time.Time, capacity int) (answered, refused int) {
	begun := *now
	*now = now.Add(100 * time.Millisecond)
	n := a.Allowed()
	for i := range n {
		if i < capacity {
			a.OK(*now, n)
			answered++
		} else {
			a.Slow(*now, begun)
			refused++
		}
	}
	return answered, refused
}

func TestAdaptiveSettles(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 10, 24, 100, 500} {
		a := NewAdaptive(1000)
		now := time.Unix(1e9, 0)
		for range 300 { // 30 s
			farSide(a, &now, capacity)
		}
		answered, refused := 0, 0
		for range 600 {
			ok, no := farSide(a, &now, capacity)
			answered, refused = answered+ok, refused+no
		}
		if used := float64(answered) / float64(600*capacity); used < 0.85 {
			t.Errorf("capacity %d: %.2f of it used", capacity, used)
		}
		if share := float64(refused) / float64(answered+refused); share > 0.02 {
			t.Errorf("capacity %d: %.3f refused", capacity, share)
		}
	}
}

func TestAdaptiveFollows(t *testing.T) {
	a := NewAdaptive(100)
	now := time.Unix(1e9, 0)
	for _, capacity := range []int{40, 10, 60, 5, 100} {
		for range 2000 {
			farSide(a, &now, capacity)
		}
		if n := a.Allowed(); n < capacity*85/100 || n > capacity+1 {
			t.Errorf("the limit is %d where the capacity is %d", n, capacity)
		}
	}
	a.SetMost(7)
	if a.Allowed() > 7 {
		t.Errorf("the limit is %d, above the most", a.Allowed())
	}
	for range 50 {
		now = now.Add(time.Second)
		a.Slow(now, now)
	}
	if a.Allowed() != 1 {
		t.Errorf("the limit is %d, want the floor", a.Allowed())
	}
	for range 100 {
		a.OK(now, 0) // nothing is in use: no reason to allow more
	}
	if a.Allowed() != 1 {
		t.Errorf("the limit grew to %d unused", a.Allowed())
	}
}

func TestBreaker(t *testing.T) {
	spec, err := ParseBreaker("50%/4 for 1m")
	if err != nil || spec.String() != "50%/4 for 1m" {
		t.Fatal(spec, err)
	}
	b := NewBreaker(spec)
	now := time.Unix(1e9, 0)
	note := func(record uint64, failed bool) bool {
		changed, _ := b.Note(now, record, now, failed)
		return changed
	}
	for i, failed := range []bool{true, false, false} {
		if note(uint64(i), failed) {
			t.Fatal("it opened before there were enough tries")
		}
	}
	if !note(3, true) {
		t.Fatal("it did not open at 2 of 4")
	}
	room, again, why := b.Room(now, 5)
	if room != 0 || !again.Equal(now.Add(time.Minute)) || why == "" {
		t.Fatal(room, again, why)
	}
	if note(4, false) {
		t.Error("a record that was under way has closed it")
	}
	now = now.Add(time.Minute)
	if room, _, _ = b.Room(now, 5); room != 1 {
		t.Fatalf("%d to try, want 1", room)
	}
	b.Start(10)
	if room, again, _ = b.Room(now, 5); room != 0 || !again.IsZero() {
		t.Fatal("another beside the one that is tried")
	}
	b.Back(10) // it was not tried after all
	if room, _, _ = b.Room(now, 5); room != 1 {
		t.Fatal("no other is tried in its place")
	}
	b.Start(11)
	if !note(11, true) {
		t.Fatal("nothing was said of the probe that failed")
	}
	if room, _, _ = b.Room(now.Add(59*time.Second), 5); room != 0 {
		t.Fatal("it did not stay open")
	}
	now = now.Add(time.Minute)
	b.Start(12)
	if !note(12, false) {
		t.Fatal("it did not close")
	}
	if room, _, _ = b.Room(now, 5); room != 5 {
		t.Fatal("it is not closed")
	}
	for i := range 3 { // all is forgotten
		if note(uint64(20+i), true) {
			t.Fatal("it opened too soon")
		}
	}
	for _, bad := range []string{"", "50", "50%/20", "0%/20 for 1m", "101%/20 for 1m", "50%/0 for 1m", "50%/20 for 0s", "50%/20 for ever"} {
		if _, err := ParseBreaker(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestBreakerOfClass counts the failures of one class alone.
func TestBreakerOfClass(t *testing.T) {
	b, err := ParseBreaker("50%/4 of policy for 1m")
	if err != nil || b.Class != "policy" || b.Percent != 50 || b.Of != 4 || !b.Counts("policy") || b.Counts("bounce") {
		t.Fatalf("%+v %v", b, err)
	}
	for _, bad := range []string{"50%/4 of for 1m", "50%/4 of a b for 1m", "50% of policy/4 for 1m"} {
		if _, err := ParseBreaker(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
