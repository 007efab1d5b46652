package runner

import (
	"sync/atomic"
	"time"
)

// seldomTime is how often at most something is said that may happen every second.
const seldomTime = time.Minute

// seldom says when it is time to say something again.
type seldom struct{ until atomic.Int64 } // Unix nanoseconds

// due reports whether it is, and then it is not for a while. It may be called from several
// goroutines.
func (s *seldom) due(now time.Time) bool {
	until := s.until.Load()
	return now.UnixNano() >= until && s.until.CompareAndSwap(until, now.Add(seldomTime).UnixNano())
}
