package feed

import (
	"brood/runner/ledger"
	"brood/runner/pace"
	"time"
)

// State is what a feed says of itself.
type State struct {
	Paused bool
	// Waits says why nothing is begun at the moment, or is empty.
	Waits string
	// Adaptive is how many slots may work at the moment, and nil if all may.
	Adaptive *int
	// Fewer says why the far side lets in only so many, if that is why.
	Fewer string
	Rate  *pace.Rate // nil: no limit
}

// State is how the feed stands.
func (f *Feed) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := State{Paused: f.paused, Waits: f.pacing.waitReason, Rate: f.pacing.Rate()}
	if f.gate.shut != "" {
		out.Waits = f.gate.shut
	}
	if out.Waits == "" {
		out.Waits = f.waitText(time.Now())
	}
	if f.adapting != nil {
		n := f.adapting.Allowed()
		out.Adaptive = &n
	}
	if n := f.gate.places.Limit(); n > 0 && (out.Adaptive == nil || n < *out.Adaptive) {
		out.Adaptive, out.Fewer = &n, f.gate.whyFewer
	}
	return out
}

// Waits says until when nothing is begun, if all that is left to begin waits for its
// time; otherwise it is empty.
func (f *Feed) Waits() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waitText(time.Now())
}

// Waiting is what holds the run up at the moment, or has since this was asked before, if that was a limit. It
// is for one who asks regularly.
func (f *Feed) Waiting() ledger.Wait {
	f.mu.Lock()
	defer f.mu.Unlock()
	limited := f.pacing.limited
	f.pacing.limited = false
	some := len(f.blocks) > 0 || len(f.waiting) > 0
	switch {
	case f.paused:
		return ledger.WaitPaused
	case f.gate.shut != "":
		return ledger.WaitMachine
	case some && f.throttledUntil.After(time.Now()):
		return ledger.WaitThrottle
	case limited, some && f.pacing.waitReason != "":
		return ledger.WaitLimit
	case f.gate.barred > 0 && (f.gate.places.Limited() || f.adapting != nil):
		return ledger.WaitFewer
	case len(f.blocks) == 0 && !f.ended && len(f.waiting) == 0 && f.idle():
		return ledger.WaitInput
	case len(f.blocks) > 0 && f.intents != nil && f.blocks[0].pos == f.blocks[0].ready && f.idle():
		return ledger.WaitIntent
	case len(f.blocks) == 0 && f.ended && f.open > 0 && f.gate.working == 0:
		return ledger.WaitRetry
	}
	return ledger.WaitNothing
}

// idle reports whether a worker has nothing in hand. The caller holds the lock.
func (f *Feed) idle() bool {
	for _, s := range f.gate.seats {
		if s.permits == 0 {
			return true
		}
	}
	return f.gate.working == 0
}
