package arrivals

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/queue"
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestPaceBegins: a stretch need not be over for quick jobs to be had ahead, in bounds that grow with what has ended; slow ones are not.
func TestPaceBegins(t *testing.T) {
	at := time.Unix(1000, 0)
	for name, x := range map[string]struct {
		n         int
		took      time.Duration
		every     time.Duration
		low, high int
	}{
		"the first":            {1, time.Millisecond, 0, 4 + growth, 4 + growth},
		"three at once":        {3, time.Millisecond, 0, 4 + 3*growth, 4 + 3*growth},
		"a hundred a second":   {9, time.Millisecond, 10 * time.Millisecond, 4 + 18, 4 + 25},
		"slow ones":            {3, quick + time.Millisecond, time.Millisecond, 4, 4},
		"as slow as may be":    {1, quick, 0, 4 + growth, 4 + growth},
		"more than is allowed": {30000, 0, time.Microsecond, 4 + mostAhead, 4 + mostAhead},
	} {
		var p pace
		now := at
		for range x.n {
			p.ended(now, x.took)
			now = now.Add(x.every)
		}
		if got := p.most(4); got < x.low || got > x.high {
			t.Errorf("%s: %d, want %d to %d", name, got, x.low, x.high)
		}
	}
}

// TestPaceBounds: whatever ends when: no fewer than the slots can begin, no more than the bound.
func TestPaceBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pace
		now := time.Unix(1000, 0)
		slots := rapid.IntRange(0, 64).Draw(t, "slots")
		for range rapid.IntRange(0, 60).Draw(t, "ends") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(300*time.Millisecond)).Draw(t, "after")))
			p.ended(now, time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "took")))
			if n := p.most(slots); n < slots || n > slots+mostAhead {
				t.Fatalf("%d for %d slots", n, slots)
			}
		}
	})
}

// TestRoom: while there are enough ahead none is taken until it is worth it; while slots may have to wait each is.
func TestRoom(t *testing.T) {
	w := open(t, 0, nil)
	w.SetSlots(4)
	w.pace = pace{rate: 400, mean: time.Millisecond, inited: true} // 80 ahead
	for open, want := range map[int]int{0: 84, 3: 81, 4: 80, 5: 79, 63: 21, 64: 20, 65: 0, 70: 0, 83: 0, 84: 0, 90: 0} {
		if w.open = open; max(w.room(), 0) != want {
			t.Errorf("%d are open: %d more may be taken, want %d", open, w.room(), want)
		}
	}
	w.pace = pace{}
	for open, want := range map[int]int{0: 4, 3: 1, 4: 0, 5: 0} {
		if w.open = open; w.room() != want {
			t.Errorf("%d of 4 slow ones: %d, want %d", open, w.room(), want)
		}
	}
}

// sizes is a queue that remembers how many were asked for.
type sizes struct {
	*fake
	asked []int
}

func (s *sizes) Take(ctx context.Context, n int, wait time.Duration) ([]*queue.Job, error) {
	s.asked = append(s.asked, n)
	return s.fake.Take(ctx, n, wait)
}

// TestFewInDoubt: where a job that is not in the spool when brood dies is in doubt few are taken at a time, whatever there is room for.
func TestFewInDoubt(t *testing.T) {
	for doubts, want := range map[bool]int{true: mostInDoubt, false: 84} {
		synctest.Test(t, func(t *testing.T) {
			var s *sizes
			w := open(t, 200, func(c *Config, f *fake) {
				s = &sizes{fake: f}
				c.Client, c.Doubts = s, doubts
			})
			w.SetSlots(4)
			w.pace = pace{rate: 400, mean: time.Millisecond, inited: true}
			ctx, cancel := context.WithCancel(t.Context())
			w.Begin(nil)
			go func() { _ = w.Fill(ctx, w.spool) }()
			synctest.Wait()
			if got := slices.Max(s.asked); got != want {
				t.Errorf("doubts %v: %d at a time, want %d", doubts, got, want)
			}
			if w.f.tookSoFar() < 64 {
				t.Errorf("doubts %v: %d were taken", doubts, w.f.tookSoFar())
			}
			cancel()
			synctest.Wait()
		})
	}
}

// TestHaste: who works off the last jobs of a run that ends with them is told to be quick, once; not while others are in hand, and not
// any more when new ones have come.
func TestHaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 2, nil)
		hurried := 0
		w.Hurry(func() { hurried++ })
		w.SetSlots(2)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w.Begin(nil)
		go w.Answer(ctx)
		over := make(chan error, 1)
		go func() { over <- w.Fill(ctx, w.spool) }()
		wait := func(what string, haste bool, times int) {
			t.Helper()
			time.Sleep(2 * lookAgain) // it looks again, and finds what is there
			synctest.Wait()
			if w.Haste() != haste || hurried != times {
				t.Errorf("%s: haste %v, told %d times; want %v, %d", what, w.Haste(), hurried, haste, times)
			}
		}
		wait("two are in hand", false, 0)
		var owed []ledger.Owed
		end := func(seq jobs.Seq) {
			w.Arrived(seq, "")
			o, _ := w.Ended(seq, time.Second)
			o.Verb, o.Status = queue.Done.String(), jobs.StatusOK
			owed = append(owed, o)
		}
		end(0)
		wait("one is in hand", false, 0)
		end(1)
		wait("both have ended", true, 1)
		w.f.mu.Lock()
		w.f.ready = append(w.f.ready, &queue.Job{ID: "3", Body: []byte("x")})
		w.f.mu.Unlock()
		wait("another has come", false, 1)
		end(2)
		wait("it has ended", true, 2)
		select {
		case err := <-over:
			t.Fatalf("it has ended, and the queue has not heard of three: %v", err)
		default:
		}
		w.Owe(owed)
		if <-over; len(w.f.answers) != 3 {
			t.Errorf("%d answers", len(w.f.answers))
		}
	})
}

// TestHasteIsForDraining: a run that stays is never in haste.
func TestHasteIsForDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 1, func(c *Config, _ *fake) { c.Drain = false })
		w.Hurry(func() { t.Error("it is told to be quick") })
		w.SetSlots(1)
		ctx, cancel := context.WithCancel(t.Context())
		w.Begin(nil)
		go func() { _ = w.Fill(ctx, w.spool) }()
		synctest.Wait()
		w.Arrived(0, "")
		w.Ended(0, time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.Haste() {
			t.Error("it is in haste")
		}
		cancel()
		synctest.Wait()
	})
}

// TestDryEnds: who waits for the last answers ends with the session.
func TestDryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 1, nil)
		w.SetSlots(1)
		ctx, cancel := context.WithCancel(t.Context())
		w.Begin(nil)
		over := make(chan struct{})
		go func() {
			_ = w.Fill(ctx, w.spool)
			close(over)
		}()
		synctest.Wait()
		w.Arrived(0, "")
		time.Sleep(lookAgain / 2)
		cancel()
		<-over
	})
}
