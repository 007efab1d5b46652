package rest

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestWatch: it rests once when nothing has come for a while, and again after something has.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rests atomic.Int64
		w := newWatch(after, func() { rests.Add(1) })
		defer w.Stop()
		pass := func(d time.Duration, want int64) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if rests := rests.Load(); rests != want {
				t.Errorf("it has rested %d times, want %d", rests, want)
			}
		}
		for range 10 { // it is busy
			w.Comes()
			pass(after/2, 0)
		}
		pass(2*after, 1)
		pass(time.Hour, 1)
		w.Comes()
		pass(after/2, 1)
		pass(2*after, 2)
	})
}
