package runner

import (
	"brood/runner/spec"
	"context"
	"errors"
	"time"
)

// drainLimit is how long what is in hand may take when nothing new is begun for a reason;
// 0 is for ever. To finish it is what --halt soon and --max-time are for, so no default cuts that short.
func drainLimit(d spec.Drain, why error, timeout, killAfter time.Duration) time.Duration {
	var halted *spec.HaltError
	if d.Auto && (errors.As(why, &halted) || errors.Is(why, errTime)) {
		return 0
	}
	return d.Within(timeout, killAfter)
}

// drainWithin is the same of this run.
func (r *session) drainWithin(why error) time.Duration {
	return drainLimit(r.cfg.DrainTimeout, why, r.timeout(), r.cfg.KillAfter)
}

// boundDrain sees to it that what is in hand ends in time, or is killed. The first limit
// counts: a run that ends by itself, and may take for ever, can still be told to end.
func (r *session) boundDrain(why error) {
	d := r.drainWithin(why)
	if d == 0 || !r.drainBound.CompareAndSwap(false, true) {
		return
	}
	r.notice.drainsUntil(time.Now().Add(d))
	t := time.AfterFunc(d, func() {
		if r.killCtx.Err() != nil {
			return
		}
		r.kill()
		r.Term.Logf("the records in hand have not ended within --drain-timeout %s: stopping at once", d)
	})
	context.AfterFunc(r.killCtx, func() { t.Stop() })
}

// finishing says what happens now that a run was told to end.
func (r *session) finishing() string {
	if d := r.drainWithin(errSignal); d > 0 {
		return "finishing the records in hand, which may take " + d.String() + " (--drain-timeout)"
	}
	return "finishing the records in hand"
}
