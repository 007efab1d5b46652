package runner

import (
	"brood/runner/spec"
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

// patience is how long a record may take.
type patience struct {
	cfg    *spec.Config
	median median
}

// timeout is how long a record may take now; 0 is for ever.
func (p *patience) timeout() time.Duration {
	if p.cfg.TimeoutPercent == 0 {
		return p.cfg.Timeout
	}
	m := p.median.value()
	if m == 0 {
		return 0
	}
	return max(time.Duration(float64(m)*p.cfg.TimeoutPercent/100), shortestTimeout)
}

// timeoutWords says which timeout it was.
func (p *patience) timeoutWords() string {
	if p.cfg.TimeoutPercent == 0 {
		return "--timeout " + p.cfg.Timeout.String()
	}
	return fmt.Sprintf("--timeout %g%% of the median, now %s,", p.cfg.TimeoutPercent, p.timeout().Round(time.Millisecond))
}

// stoppable reports whether a record may be asked to stop.
func (p *patience) stoppable() bool {
	return (p.cfg.Timeout > 0 || p.cfg.TimeoutPercent > 0 || p.cfg.Limits.CPU > 0) && p.cfg.KillAfter > 0
}
