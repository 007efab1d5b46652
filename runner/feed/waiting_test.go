package feed

import (
	"brood/runner/ledger"
	"brood/runner/pace"
	"testing"
	"testing/synctest"
	"time"
)

// TestWaiting: what holds a run up, one thing after the other.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Pace: pace.Spec{Rate: &pace.Rate{N: 1, Per: time.Second}}})
		want := func(w ledger.Wait, when string) {
			t.Helper()
			if got := x.feed.Waiting(); got != w {
				t.Errorf("%s it waits for %q, want %q", when, got, w)
			}
		}
		want(ledger.WaitInput, "before the first record")
		x.push("a", "b")
		want(ledger.WaitNothing, "with records")
		x.feed.Pause(true)
		want(ledger.WaitPaused, "when it is paused")
		x.feed.Pause(false)
		var b Batch
		for range 2 {
			if _, err := x.feed.TryTake(x.seat, nil, 1, &b); err != nil {
				t.Fatal(err)
			}
		}
		want(ledger.WaitLimit, "at the limit")
		x.feed.Slow(&Item{}, time.Minute, 0)
		want(ledger.WaitThrottle, "when everybody is to wait")
		time.Sleep(2 * time.Minute)
		if ok, err := x.feed.TryTake(x.seat, nil, 1, &b); !ok || err != nil {
			t.Fatal(ok, err)
		}
		x.feed.End()
		want(ledger.WaitNothing, "with the last in hand")
		x.again(retry(1, time.Now().Add(time.Hour)))
		x.feed.mu.Lock()
		x.feed.gate.leave(x.seat)
		x.feed.mu.Unlock()
		want(ledger.WaitRetry, "with a record that waits")
	})
}
