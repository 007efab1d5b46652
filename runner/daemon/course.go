package daemon

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// statusAfter is how long after one status the next is told.
	statusAfter = 5 * time.Second
	// extendBy is how much more time a run that is ending asks for at once, and extendAfter how
	// soon it asks again.
	extendBy    = 20 * time.Second
	extendAfter = 5 * time.Second
	// lastExtension is what it has after its books are closed, to make what is made of the
	// results.
	lastExtension = 90 * time.Second
	// afterKill is how long the books may take when what was in hand has been killed.
	afterKill = 10 * time.Second
	// shortest is the shortest time between two looks.
	shortest = 10 * time.Millisecond
)

// Sight is how a run stands.
type Sight struct {
	// Ready says that the ledger is there, the dataset or queue, and that a first worker has
	// shaken hands.
	Ready bool
	// Commits counts what has become durable.
	Commits uint64
	// Status is how it stands, for people, in one line.
	Status string
	// Draining says that nothing new is begun; what is in hand is killed at Until, or never if
	// that is zero.
	Draining bool
	Until    time.Time
}

// Course is what was said so far, and decides what is said next. It may be used from several
// goroutines.
type Course struct {
	service *Service

	mu       sync.Mutex
	ready    bool
	stopping bool
	reloads  bool
	status   string
	told     time.Time // the status
	commits  uint64    // when WATCHDOG was said last
	kept     time.Time
	extended time.Time
	counted  uint64 // commits, when more time was asked for last
}

// NewCourse is the course of a run that begins.
func NewCourse(s *Service) *Course { return &Course{service: s} }

// Look says what is to be said now that a run stands so, and returns after what time to look
// again if nothing happens before.
func (c *Course) Look(now time.Time, s *Sight) (time.Duration, error) {
	c.mu.Lock()
	message, again := c.next(now, s)
	c.mu.Unlock()
	return again, c.service.Tell(message)
}

// next is the message, and when to look again.
func (c *Course) next(now time.Time, s *Sight) (message string, again time.Duration) {
	var lines []string
	if s.Ready && !c.ready && !s.Draining {
		c.ready, c.told = true, time.Time{}
		c.commits, c.kept = s.Commits, now
		lines = append(lines, "READY=1")
	}
	again = statusAfter
	if s.Draining {
		if !c.stopping {
			c.stopping, c.told, c.extended = true, time.Time{}, time.Time{}
			lines = append(lines, "STOPPING=1")
		}
		lines = append(lines, c.extend(now, s)...)
		again = min(again, time.Second)
	}
	if w := c.watchdog(); w > 0 && (c.ready || c.stopping) {
		var due time.Duration
		if due = c.kept.Add(w / 2).Sub(now); due <= 0 {
			// Only the books that move are alive; that it was not said is noticed by the other
			// side when the other half has gone by, and until then it is looked again and again.
			if due = w / 16; s.Commits != c.commits {
				c.commits, c.kept, due = s.Commits, now, w/2
				lines = append(lines, "WATCHDOG=1")
			}
		}
		again = min(again, due)
	}
	if s.Status != c.status && (now.Sub(c.told) >= statusAfter || c.told.IsZero()) {
		c.status, c.told = s.Status, now
		lines = append(lines, "STATUS="+strings.Map(inLine, s.Status))
	}
	return strings.Join(lines, "\n"), max(again, shortest)
}

func (c *Course) watchdog() time.Duration {
	if c.service == nil {
		return 0
	}
	return c.service.Watchdog
}

// extend asks for more time while what is in hand goes on: the books must have moved since it
// was asked for last, and what is in hand must not be overdue.
func (c *Course) extend(now time.Time, s *Sight) []string {
	first := c.extended.IsZero()
	if !first && (now.Sub(c.extended) < extendAfter || s.Commits == c.counted) {
		return nil
	}
	by := extendBy
	if !s.Until.IsZero() {
		if by = min(by, s.Until.Add(afterKill).Sub(now)); by <= 0 {
			return nil
		}
	}
	c.extended, c.counted = now, s.Commits
	return []string{extension(by)}
}

func extension(by time.Duration) string {
	return fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", by.Microseconds())
}

// End says that the run has ended, and its books are closed: this process is about to leave.
func (c *Course) End(status string) error {
	c.mu.Lock()
	lines := []string{"STATUS=" + strings.Map(inLine, status), extension(lastExtension)}
	if c.watchdog() > 0 {
		lines = append(lines, "WATCHDOG=1")
	}
	if !c.stopping {
		c.stopping = true
		lines = append([]string{"STOPPING=1"}, lines...)
	}
	c.mu.Unlock()
	return c.service.Tell(strings.Join(lines, "\n"))
}

// Reload says that the run is being reloaded while f lasts. Clock is CLOCK_MONOTONIC, by which
// the service manager tells this from another reload: sd_notify(3). Before the run is ready, and
// when it is ending, there is nothing to be said.
func (c *Course) Reload(clock time.Duration, f func() error) error {
	c.mu.Lock()
	says := c.ready && !c.stopping && !c.reloads
	if says {
		c.reloads = true
	}
	c.mu.Unlock()
	if !says {
		return f()
	}
	_ = c.service.Tell(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", clock.Microseconds())) // who does not listen does not wait
	err := f()
	c.mu.Lock()
	c.reloads = false
	stopping := c.stopping
	c.mu.Unlock()
	if !stopping { // it would take back that it is
		_ = c.service.Tell("READY=1")
	}
	return err
}

// inLine keeps a text within its line.
func inLine(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}
