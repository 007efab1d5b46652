package pipe

import (
	"testing"
	"time"
)

// TestGather: who answers quickly and has much to do is left alone for a while; whoever is slow, or has
// little to do, is not waited for.
func TestGather(t *testing.T) {
	const us = time.Microsecond
	for _, c := range []struct {
		every   time.Duration
		answers int
		asked   int
		want    time.Duration
	}{
		{20 * us, 1, 64, 500 * us}, // half of what it has is 640
		{20 * us, 1, 32, 320 * us},
		{200 * us, 10, 32, 320 * us}, // the same, in one go
		{20 * us, 1, 3, 0},
		{20 * us, 1, 0, 0},
		{150 * us, 1, 64, 0},
		{time.Second, 1, 64, 0},
	} {
		var g gathering
		now := time.Unix(0, 0)
		if g.nap(64) != 0 {
			t.Error("it naps before anything is known")
		}
		for range 50 {
			now = now.Add(c.every)
			g.note(now, c.answers)
			g.note(now, 0)
		}
		if got := g.nap(c.asked); got != c.want {
			t.Errorf("%d answers every %s, %d asked: %s, want %s", c.answers, c.every, c.asked, got, c.want)
		}
	}
}
