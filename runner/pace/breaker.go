package pace

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// BreakerSpec says when a run stops for a while because nothing succeeds. The
// zero value is never.
type BreakerSpec struct {
	Percent float64       // of the last Of tries
	Of      int           // tries
	Class   string        // of the failures that count; empty: all do
	Pause   time.Duration // then one record is tried
	text    string
}

// Counts reports whether a failure of a class counts.
func (b BreakerSpec) Counts(class string) bool { return b.Class == "" || b.Class == class }

// ParseBreaker reads N%/N for TIME, such as 50%/20 for 1m; or for failures of one
// class alone N%/N of CLASS for TIME.
func ParseBreaker(s string) (BreakerSpec, error) {
	b := BreakerSpec{text: s}
	bad := fmt.Errorf("%q is not a share of so many tries and a time, such as \"50%%/20 for 1m\"", s)
	what, pause, ok := strings.Cut(s, " for ")
	what, class, named := strings.Cut(what, " of ")
	b.Class = strings.TrimSpace(class)
	share, of, ok2 := strings.Cut(what, "%/")
	if !ok || !ok2 || named != (b.Class != "") || strings.ContainsAny(b.Class, " \t") {
		return b, bad
	}
	var err error
	if b.Percent, err = strconv.ParseFloat(strings.TrimSpace(share), 64); err != nil || !(b.Percent > 0 && b.Percent <= 100) {
		return b, bad
	}
	if b.Of, err = strconv.Atoi(strings.TrimSpace(of)); err != nil || b.Of < 1 || b.Of > 1e6 {
		return b, bad
	}
	if b.Pause, err = time.ParseDuration(strings.TrimSpace(pause)); err != nil || b.Pause <= 0 {
		return b, bad
	}
	return b, nil
}

func (b BreakerSpec) String() string { return b.text }

// MarshalJSON gives it as it was written.
func (b BreakerSpec) MarshalJSON() ([]byte, error) { return json.Marshal(b.text) }

// UnmarshalJSON reads what MarshalJSON has written.
func (b *BreakerSpec) UnmarshalJSON(p []byte) error {
	var s string
	err := json.Unmarshal(p, &s)
	if err == nil && s != "" {
		*b, err = ParseBreaker(s)
	}
	return err
}

// Breaker is a circuit breaker: closed while all is well, open for a while when
// too much fails, and then half open, until one record that is tried tells which
// it will be.
type Breaker struct {
	spec   BreakerSpec
	last   []bool // failures, a ring of the last tries
	n      int    // tries since it was closed
	failed int    // in last
	opened time.Time
	until  time.Time // it is open; or half open, from then on
	open   bool
	probe  uint64 // the record that is tried
	tries  bool   // there is one
}

// NewBreaker returns a closed breaker; nil for the zero value, which is one that
// never opens.
func NewBreaker(s BreakerSpec) *Breaker {
	if s.Of == 0 {
		return nil
	}
	return &Breaker{spec: s, last: make([]bool, s.Of)}
}

// Room returns how many of n records may start now; if none, when to look again,
// and why. Without a time only the record that is tried brings news.
func (b *Breaker) Room(now time.Time, n int) (room int, again time.Time, why string) {
	switch {
	case b == nil || !b.open:
		return n, now, ""
	case now.Before(b.until):
		return 0, b.until, fmt.Sprintf("--breaker %s: %d of the last %d tries failed", b.spec, b.failed, len(b.last))
	case b.tries:
		return 0, time.Time{}, fmt.Sprintf("--breaker %s: one record is being tried", b.spec)
	}
	return 1, now, ""
}

// Start notes that a record has started.
func (b *Breaker) Start(record uint64) {
	if b != nil && b.open {
		b.probe, b.tries = record, true
	}
}

// Back notes that a record has come back untried, or undecided.
func (b *Breaker) Back(record uint64) {
	if b != nil && b.tries && record == b.probe {
		b.tries = false
	}
}

// Note notes how a try of a record has ended, which was begun at a time. It
// returns true if the breaker has changed, and what to say about it.
func (b *Breaker) Note(now time.Time, record uint64, begun time.Time, failed bool) (changed bool, text string) {
	if b == nil {
		return false, ""
	}
	if b.open {
		if !b.tries || record != b.probe {
			return false, "" // it was begun before
		}
		b.tries = false
		if failed {
			b.until = now.Add(b.spec.Pause)
			return true, fmt.Sprintf("the record that was tried failed; paused until %s", b.until.Format(time.DateTime))
		}
		b.open, b.n, b.failed, b.opened = false, 0, 0, now
		clear(b.last)
		return true, "the record that was tried went well; going on"
	}
	if begun.Before(b.opened) {
		return false, ""
	}
	at := &b.last[b.n%len(b.last)]
	if *at {
		b.failed--
	}
	if *at = failed; failed {
		b.failed++
	}
	b.n++
	if b.n < len(b.last) || float64(b.failed)*100 < b.spec.Percent*float64(len(b.last)) {
		return false, ""
	}
	b.open, b.tries, b.until = true, false, now.Add(b.spec.Pause)
	return true, fmt.Sprintf("%d of the last %d tries failed; paused until %s, then one record is tried", b.failed, len(b.last), b.until.Format(time.DateTime))
}
