package runner

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// timeoutSample is how many of the last records the median is of.
const timeoutSample = 255

// timeoutLeast is how many records must have ended before the median of how long
// they took counts.
const timeoutLeast = 3

// median is the running median of how long records take.
type median struct {
	mu   sync.Mutex
	last [timeoutSample]time.Duration
	n    int // noted in all
	of   int // n when value was found
	now  time.Duration
}

func (m *median) note(d time.Duration) {
	m.mu.Lock()
	m.last[m.n%timeoutSample] = d
	m.n++
	m.mu.Unlock()
}

// value is the median; 0 while there are too few records.
func (m *median) value() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n < timeoutLeast {
		return 0
	}
	if m.n != m.of {
		sample := slices.Clone(m.last[:min(m.n, timeoutSample)])
		slices.Sort(sample)
		m.now, m.of = sample[len(sample)/2], m.n
	}
	return m.now
}

// shortestTimeout bounds a timeout that is a share of the median from below:
// records that take no time at all differ by more than any share.
const shortestTimeout = 50 * time.Millisecond

// timeout is how long a record may take now; 0 is for ever.
func (r *session) timeout() time.Duration {
	if r.cfg.TimeoutPercent == 0 {
		return r.cfg.Timeout
	}
	m := r.median.value()
	if m == 0 {
		return 0
	}
	return max(time.Duration(float64(m)*r.cfg.TimeoutPercent/100), shortestTimeout)
}

// timeoutWords says which timeout it was.
func (r *session) timeoutWords() string {
	if r.cfg.TimeoutPercent == 0 {
		return "--timeout " + r.cfg.Timeout.String()
	}
	return fmt.Sprintf("--timeout %g%% of the median, now %s,", r.cfg.TimeoutPercent, r.timeout().Round(time.Millisecond))
}
