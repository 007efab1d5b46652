package feed

import (
	"brood/jobs"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Whatever is pushed, sent again and taken in whatever way, every record leaves once for each
// time it was handed over, new ones in order, and the feed is over when all are closed.
func TestNothingIsLostOrDoubled(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := newFixture(t, Config{})
		var inHand []string
		expected, left := map[string]int{}, map[string]int{}
		last, ended := -1, false
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				if len(x.feed.free) == 0 {
					continue // the source would wait
				}
				n := rapid.IntRange(1, 5).Draw(rt, "records")
				for i := range n {
					expected[fmt.Sprintf("%d/1", int(x.next)+i)]++
				}
				x.push(slices.Repeat([]string{"x"}, n)...)
			case 1, 2:
				for _, r := range x.take(rapid.IntRange(1, 4).Draw(rt, "most")) {
					left[r]++
					inHand = append(inHand, r)
					var seq, try int
					if _, err := fmt.Sscanf(r, "%d/%d", &seq, &try); err != nil {
						rt.Fatal(err)
					}
					if try == 1 {
						if seq != last+1 {
							rt.Fatalf("record %d left after record %d", seq, last)
						}
						last = seq
					}
				}
			case 3:
				if len(inHand) == 0 {
					continue
				}
				var seq jobs.Seq
				var try int
				if _, err := fmt.Sscanf(inHand[0], "%d/%d", &seq, &try); err != nil {
					rt.Fatal(err)
				}
				inHand = inHand[1:]
				if try > 3 || rapid.Bool().Draw(rt, "final") {
					x.feed.CloseRecords(1)
					continue
				}
				r := retry(seq, time.Now())
				r.Attempt = try + 1
				expected[fmt.Sprintf("%d/%d", seq, try+1)]++
				if err := x.feed.Again(r); err != nil {
					rt.Fatal(err)
				}
			}
		}
		for got := x.take(4); got != nil; got = x.take(4) {
			for _, r := range got {
				left[r]++
				inHand = append(inHand, r)
			}
		}
		for r, n := range expected {
			if left[r] != n {
				rt.Errorf("%s was handed over %d times and left %d times", r, n, left[r])
			}
		}
		x.feed.End()
		for range inHand {
			select {
			case <-x.feed.Over():
				ended = true
			default:
			}
			x.feed.CloseRecords(1)
		}
		select {
		case <-x.feed.Over():
		default:
			rt.Error("all records are closed, and the feed is not over")
		}
		if ended {
			rt.Error("the feed was over before the last record was closed")
		}
	})
}

func TestWaitsWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		if got := x.feed.Waits(); got != "" {
			t.Errorf("an empty feed says %q", got)
		}
		for seq, after := range []time.Duration{time.Minute, time.Hour} {
			x.feed.Adopt()
			if err := x.feed.Again(retry(jobs.Seq(seq), time.Now().Add(after))); err != nil {
				t.Fatal(err)
			}
		}
		if got := x.feed.Waits(); got != "" {
			t.Errorf("while more may come it says %q", got)
		}
		x.feed.End()
		if got, want := x.feed.Waits(), "2 wait for their time, the next until "+time.Now().Add(time.Minute).Format(time.TimeOnly); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		time.Sleep(time.Minute)
		x.want(x.take(1), "0/2")
		if got, want := x.feed.Waits(), "the last one waits until "+time.Now().Add(59*time.Minute).Format(time.TimeOnly); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestDepth(t *testing.T) {
	x := newFixture(t, Config{})
	x.push("a", "b", "c")
	x.take(1)
	x.feed.Adopt()
	if err := x.feed.Again(retry(9, time.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	if got := x.feed.Depth(); got != 3 {
		t.Errorf("%d records are in the feed, want 3", got)
	}
}
