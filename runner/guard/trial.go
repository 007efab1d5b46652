// Package guard tells a run whose set-up is broken from one with bad records in it, by
// what becomes of the first ones, so that no list is eaten by a typing error. It counts
// and decides; to stop the run, or to go on all the same, is left to who asks it. It
// promises to have an opinion about the beginning of a session alone: once that has gone
// well it looks no more, and costs nothing.
package guard

import (
	"brood/jobs"
	"math"
	"time"
)

const (
	// Few is how many first tries must come to nothing before nothing is said to work: it
	// may be the record, or the moment, once or twice.
	Few = 3
	// FewTime is how long only so many are made at a time where a record may be lost by
	// it. A program that breaks down does so at once; one that is slow must not wait for
	// others of its kind.
	FewTime = 500 * time.Millisecond
)

// Trial says whether any worker has ever answered. Until one has, a worker that dies, or
// that cannot begin with its record, is a reason to think that none can work: when that
// has happened as often as there are slots, and to Few records at least, nothing works.
type Trial struct {
	slots   int
	careful bool
	few     bool // only Few are tried, for now
	works   bool
	broken  bool
	failed  int
	tried   map[jobs.Seq]bool // records that may be to blame for a failure
}

// NewTrial returns a trial of so many slots. Careful says that a record may be lost with
// its worker, so that no more are handed out than it takes to see that nothing works.
func NewTrial(slots int, careful bool) *Trial {
	return &Trial{slots: slots, careful: careful, few: careful, tried: make(map[jobs.Seq]bool)}
}

// Works takes in that a worker has answered: they can.
func (t *Trial) Works() { t.works = true }

// Widen takes in that FewTime is over.
func (t *Trial) Widen() { t.few = false }

// enough is how many tries must come to nothing.
func (t *Trial) enough() int {
	if t.few {
		return Few
	}
	return max(Few, t.slots)
}

// Room is how many slots may have a record in hand.
func (t *Trial) Room() int {
	if t.works || !t.careful {
		return math.MaxInt
	}
	return t.enough() - t.failed
}

// Failed takes in that a try of a record has come to nothing. Touched says that the record
// may be to blame for that: then it counts only once. Spared reports that it need not be
// blamed this time, as it is the first, or as nothing works anyway; and news that nothing
// works, which is said once.
func (t *Trial) Failed(seq jobs.Seq, touched bool) (spared, news bool) {
	if t.works || t.broken {
		return t.broken, false
	}
	spared = !t.tried[seq]
	if spared || !touched {
		t.failed++
	}
	if touched {
		t.tried[seq] = true
	}
	t.broken = t.failed >= t.enough()
	return spared || t.broken, t.broken
}

// Tries is how many have come to nothing.
func (t *Trial) Tries() int { return t.failed }

// Sign is what an answer says about the set-up.
type Sign uint8

// The signs.
const (
	Works   Sign = iota // whatever it says, the record was worked on
	Neither             // it is to be asked again
	Missing             // what works on records could not be started, and nothing was done
	Unfound             // the same in the words of a shell, which may have done something before
)

// SignOf is what an answer says. The statuses are those of POSIX, Shell Command Language,
// 2.8.2, which other programs that start one use as well.
func SignOf(res *jobs.Result) Sign {
	switch res.Verdict {
	case jobs.VerdictThrottle:
		return Neither
	case jobs.VerdictRetry, jobs.VerdictFailed:
		switch res.Class {
		case jobs.ClassStart:
			return Missing
		case "exit:126", "exit:127":
			return Unfound
		default: // it was started
		}
	case jobs.VerdictOK, jobs.VerdictSkipped, jobs.VerdictAbort, jobs.VerdictUnknown:
	}
	return Works
}
