package runner

import (
	"brood/runner/hand"
	"brood/runner/proc"
	"brood/runner/spec"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dustin/go-humanize"
)

// It is looked how large a worker is before it can have become too large, if it
// goes on growing up to memCare times as fast as it has since the last look, but
// neither more often nor less often than this.
const (
	memOften  = 20 * time.Millisecond
	memSeldom = 250 * time.Millisecond
	memCare   = 4
)

// The shares of a limit at which the next worker is started, and at which the
// present one gets nothing more until that is ready.
const (
	wornAt   = 0.8
	wornOut  = 1.0
	memLeast = 0.8 // a fresh worker may have so much of its limit
)

// wear is how far a worker has come, and how far it may.
type wear struct {
	most   spec.Recycle
	given  uint64 // records
	since  time.Time
	looked time.Time
	next   time.Time // when to look again
	mem    int64
}

// look notes how large a worker is now, and says when to look again.
func (w *wear) look(now time.Time, mem int64) {
	grown, took := mem-w.mem, now.Sub(w.looked)
	w.looked, w.mem = now, mem
	left := float64(w.most.Mem)
	if float64(mem) < wornAt*left {
		left *= wornAt
	}
	wait := memSeldom
	if left -= float64(mem); grown > 0 {
		wait = time.Duration(left / memCare * float64(took) / float64(grown))
	}
	w.next = now.Add(min(max(wait, memOften), memSeldom))
}

func (r *session) newWear() wear {
	vary := func(n, most float64) float64 { return n * (most - 0.2*rand.Float64()) }
	l := r.cfg.Recycle
	now := time.Now()
	w := wear{since: now, looked: now, most: spec.Recycle{
		Tasks: uint64(vary(float64(l.Tasks), 1.1)), Age: time.Duration(vary(float64(l.Age), 1.1)),
		Mem: int64(vary(float64(l.Mem), 1)), // never above what was asked for
	}}
	if l.Tasks > 0 {
		w.most.Tasks = max(w.most.Tasks, 1)
	}
	return w
}

// Worn is how worn a worker is: 1 is all that it may be.
func (c *child) Worn() float64 {
	w := &c.wear
	l := w.most
	share := 0.0
	if l.Tasks > 0 {
		share = max(share, float64(w.given)/float64(l.Tasks))
	}
	if l.Age > 0 {
		share = max(share, time.Since(w.since).Seconds()/l.Age.Seconds())
	}
	if l.Mem > 0 {
		if now := time.Now(); !now.Before(w.next) {
			w.look(now, proc.TreeUsage(c.PID).RSS)
		}
		share = max(share, float64(w.mem)/float64(l.Mem))
	}
	return share
}

// Allowance is what is left of --max-tasks-per-worker.
func (c *child) Allowance() uint64 {
	if l := c.wear.most.Tasks; l > 0 {
		return l - min(c.wear.given, l)
	}
	return hand.Unlimited
}

// checkFresh refuses limits of memory that a worker exceeds, or almost, before it
// has done anything.
func (s *slot) checkFresh(c *child) error {
	recycle, limit := s.r.cfg.Recycle.Mem, s.r.cfg.Limits.Mem
	if (recycle == 0 && limit == 0) || s.r.fresh.Swap(true) {
		return nil // the first one tells
	}
	size := proc.TreeUsage(c.PID).RSS
	for _, l := range []struct {
		flag string
		mem  int64
	}{{"max-mem-per-worker", recycle}, {"limit-mem", limit}} {
		if l.mem > 0 && float64(size) > memLeast*float64(l.mem) {
			s.replace(newTalk(s, c))
			return &spec.AbortError{Reason: fmt.Sprintf("--%s %s is too little: a fresh worker has %s; give it at least %s", l.flag, humanize.IBytes(uint64(l.mem)), humanize.IBytes(uint64(size)), humanize.IBytes(uint64(float64(size)/memLeast)+1<<20))}
		}
	}
	return nil
}
