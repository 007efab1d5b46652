package runner

import (
	"brood/worker/wire"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// A worker owes answers and does nothing: it works on no record, and sends no byte
// though it is listened to. It may have announced a frame that never comes, or has
// lost its answers; no timeout of a record sees that, and the run would wait for
// ever. The rule is kept in looks, not in time, so that a run that was suspended
// does not take its workers for idle.
const (
	stallLooks = 30
	stallLook  = time.Second
	stallLeast = 2 * time.Second // in all, where --timeout is short
	stallRest  = 10              // how many times as long it is to the next look where nobody owes anything
)

// errStalled is why a worker was killed that owed answers.
var errStalled = errors.New("it owed answers, and neither worked nor sent any")

// debt is what a worker owes, and how it looked.
type debt struct {
	owed      atomic.Int64  // records given and not answered
	heard     atomic.Uint64 // bytes of answers
	listening atomic.Bool   // somebody reads them
	stalled   atomic.Bool   // it was killed for that

	last  look // of the goroutine that looks alone
	looks int
}

// look is all that may change while a worker is alive.
type look struct {
	owes, listening, working bool
	heard, done              uint64
	begun                    int64
}

// idle takes one more look, and reports whether it has been the same one too often.
func (d *debt) idle(l look) bool {
	if !l.owes || !l.listening || l.working || l != d.last {
		d.last, d.looks = l, 0
		return false
	}
	d.looks++
	return d.looks >= stallLooks
}

// counted reads answers and counts their bytes.
type counted struct {
	f io.Reader
	d *debt
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.f.Read(p)
	c.d.heard.Add(uint64(n))
	return n, err
}

// look looks at a worker.
func (c *child) look() look {
	p := c.slot.pad.page
	working := slices.ContainsFunc(p.InHand(nil), func(h wire.Held) bool { return h.Since != 0 })
	return look{
		owes: c.debt.owed.Load() > 0, listening: c.debt.listening.Load(), working: working,
		heard: c.debt.heard.Load(), done: p.Done(), begun: c.lastBegun(),
	}
}

// dun kills workers that owe answers and do nothing.
func (r *session) dun(ctx context.Context) {
	every := stallLook
	if t := r.cfg.Timeout; t > 0 {
		every = min(every, max(t, stallLeast)/stallLooks)
	}
	for wait := every; sleep(ctx, wait); {
		wait = every * stallRest
		for _, s := range r.crew.all() {
			c := s.live.Load()
			if c == nil {
				continue
			}
			if c.debt.owed.Load() == 0 {
				c.debt.looks = 0
				continue
			}
			wait = every
			if !c.debt.idle(c.look()) {
				continue
			}
			if suspended(c.PID) { // somebody has stopped it, and will continue it
				c.debt.looks = 0
				continue
			}
			c.debt.stalled.Store(true)
			c.Kill()
		}
	}
}

// suspended says whether a process was stopped by a signal: proc_pid_stat(5).
func suspended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	i := bytes.LastIndexByte(stat, ')')
	return err == nil && i >= 0 && i+2 < len(stat) && (stat[i+2] == 'T' || stat[i+2] == 't')
}
