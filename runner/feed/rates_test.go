package feed

import (
	"brood/runner/pace"
	"brood/runner/spec"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// above is how long before its turn a start of these was, at a rate of so many a second with a burst, by the generic cell rate algorithm
// (ITU-T I.371); none, if each was in its turn.
func above(at []time.Time, rate, burst int) (most time.Duration) {
	each := time.Second / time.Duration(rate)
	var full time.Time // when nothing is owed any more
	for _, t := range at {
		if full.Before(t) {
			full = t
		}
		full = full.Add(each)
		most = max(most, full.Sub(t)-time.Duration(burst)*each)
	}
	return most
}

// starts are those that slots have taken of a feed, each of which then has it in hand for some time.
type starts struct {
	all   []time.Time
	byKey map[uint64][]time.Time
}

// takeAll has so many slots take all there is.
func (x *fixture) takeAll(slots int, took time.Duration) *starts {
	x.t.Helper()
	out := &starts{byKey: make(map[uint64][]time.Time)}
	done := make(chan error)
	for range slots {
		s := x.feed.Seat(1)
		go func() {
			b := &Batch{}
			for {
				ok, err := x.feed.Take(context.Background(), s, nil, 3, b)
				if !ok || err != nil {
					done <- err
					return
				}
				now := time.Now()
				x.feed.mu.Lock()
				for i := range b.Items {
					out.all = append(out.all, now)
					out.byKey[b.Items[i].Pace] = append(out.byKey[b.Items[i].Pace], now)
				}
				x.feed.mu.Unlock()
				time.Sleep(took)
				for i := range b.Items {
					x.feed.EndKey(&b.Items[i])
				}
				x.feed.CloseRecords(len(b.Items))
			}
		}()
	}
	for range slots {
		if err := <-done; err != nil {
			x.t.Error(err)
		}
	}
	return out
}

// TestRatesAreNeverAbove has as many slots as eight machines have take what may start: no start is before its turn, over all and of each key, and
// of the rate at least 95 % is used. Whoever starts them is of no concern: it is here that turns are given out.
func TestRatesAreNeverAbove(t *testing.T) {
	const all, each, keys, seconds = 100, 5, 24, 30
	for _, took := range []time.Duration{time.Millisecond, 130 * time.Millisecond, 300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			x := newFixture(t, Config{
				Slots:   32,
				Pace:    pace.Spec{Rate: rate(t, fmt.Sprint(all, "/s")), By: rate(t, fmt.Sprint(each, "/s"))},
				PaceKey: spec.PaceKey{Column: "line", Domain: true},
			})
			for i := range all * seconds {
				x.loose(fmt.Sprintf("u%d@k%d.example", i, i%keys))
			}
			x.feed.End()
			s := x.takeAll(32, took)
			if len(s.all) != all*seconds || len(s.byKey) != keys {
				t.Fatalf("%d started, of %d keys", len(s.all), len(s.byKey))
			}
			if d := above(s.all, all, all/10); d > 0 {
				t.Errorf("a start was %v before its turn", d)
			}
			for _, at := range s.byKey {
				if d := above(at, each, 1); d > 0 {
					t.Errorf("a start was %v before the turn of its key", d)
				}
			}
			if used := float64(len(s.all)) / all / s.all[len(s.all)-1].Sub(s.all[0]).Seconds(); used < 0.95 {
				t.Errorf("%.1f %% of the rate are used", 100*used)
			}
		})
	}
}

// TestTurns has a worker that is far be given no more at once than have their turn in a moment.
func TestTurns(t *testing.T) {
	for text, want := range map[string]int{"": 256, "100/s": 1, "1/h": 1, "2000/s": 10, "1000000/s": 256} {
		c := Config{}
		if text != "" {
			c.Pace.Rate = rate(t, text)
		}
		if got := newFixture(t, c).feed.Turns(256); got != want {
			t.Errorf("%q: %d at once, want %d", text, got, want)
		}
	}
}
