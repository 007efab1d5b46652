package pace

import (
	"math"
	"time"
)

// Adaptive finds how much the far side can do at a time, by additive increase
// and multiplicative decrease, as TCP does (Chiu and Jain, 1989). It begins with
// little and grows with every answer until something is refused. From then on it
// goes up by one for each round of answers to just below where that was, and
// stays; it tries one more from time to time, and less often each time that is
// refused, so that a far side which is used to the full is seldom asked for more.
//
// It is not safe for concurrent use. Times are given to it, so that it can be
// tested without waiting.
type Adaptive struct {
	most    int
	limit   float64
	ceiling float64 // where it was refused last; +Inf: never
	cut     time.Time
	// Between two attempts to go beyond what was refused.
	patience time.Duration
	probe    time.Time // when the next one is due
	probing  bool      // the limit is one that was refused before
	begun    bool      // something has been refused: the beginning is over
}

const (
	adaptiveFirst = 2    // slots at the beginning
	cutMuch       = 0.75 // what is left of the limit when something is refused
	cutLittle     = 0.9  // if it was only one more that was tried
	patienceLeast = 2 * time.Second
	patienceMost  = time.Minute
)

// NewAdaptive returns one that never goes above most.
func NewAdaptive(most int) *Adaptive {
	return &Adaptive{most: most, limit: float64(min(adaptiveFirst, most)), ceiling: math.Inf(1), patience: patienceLeast}
}

// SetMost changes what it never goes above.
func (a *Adaptive) SetMost(most int) {
	a.most = most
	a.limit = min(a.limit, float64(most))
}

// Allowed is how many records may be worked on at a time, at least 1.
func (a *Adaptive) Allowed() int { return int(a.limit) }

// OK notes that a record was answered, while inUse were worked on. What is not
// used up is no reason to allow more.
func (a *Adaptive) OK(now time.Time, inUse int) {
	if inUse < a.Allowed() {
		return
	}
	step := 1 / a.limit // one more for a round
	switch {
	case !a.begun:
		step = 1 // twice as many after a round
	case a.limit+1 < a.ceiling:
	case a.probing:
		// More than what was refused goes well, for at least a round.
		if a.limit+step >= a.ceiling+2 {
			a.ceiling, a.probing, a.patience = math.Inf(1), false, patienceLeast
		}
	case now.Before(a.probe):
		step = 0
	default:
		a.probing = true
		step = math.Floor(a.limit) + 1 - a.limit
	}
	a.limit = min(a.limit+step, float64(a.most))
}

// Slow notes that the far side has refused a record that was begun at a time, or
// was too slow, or could not be reached.
func (a *Adaptive) Slow(now, begun time.Time) {
	if begun.Before(a.cut) {
		return // it was begun before the limit was lowered
	}
	share := cutMuch
	switch {
	case a.probing:
		share = cutLittle
		a.patience = min(2*a.patience, patienceMost)
	case a.begun && math.IsInf(a.ceiling, 1):
		share = cutLittle // it was only one more than a round before
	}
	a.begun = true
	a.ceiling = math.Floor(a.limit)
	a.limit = max(1, math.Floor(a.limit*share))
	a.cut, a.probing, a.probe = now, false, now.Add(a.patience)
}
