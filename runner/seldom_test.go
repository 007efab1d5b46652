package runner

import (
	"testing"
	"time"
)

// TestSeldom: what may happen every second is said once a minute.
func TestSeldom(t *testing.T) {
	var s seldom
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		due   bool
	}{{0, true}, {0, false}, {time.Second, false}, {seldomTime - 1, false}, {seldomTime, true}, {seldomTime + time.Second, false}, {3 * seldomTime, true}} {
		if got := s.due(now.Add(c.after)); got != c.due {
			t.Errorf("after %s: %v", c.after, got)
		}
	}
}
