package feed

import (
	"context"
	"time"
)

// wait waits for either channel, or for a time if it is not negative, and
// reports false if ctx has ended.
func wait(ctx context.Context, wake, changed <-chan struct{}, most time.Duration) bool {
	var timeout <-chan time.Time
	if most >= 0 {
		t := time.NewTimer(most)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-changed:
	case <-timeout:
	}
	return ctx.Err() == nil
}
