package runner

import (
	"context"
	"errors"
	"time"
)

// errTime is why a session begins nothing more whose time is over.
var errTime = errors.New("its time is over (--max-time)")

// lastMoment is for what ends by itself when no more is taken off a queue.
const lastMoment = time.Second

// keepTime ends the session as brood drain would when its time is over. What was taken off a queue and not begun, as it is outside of the
// hours or the quota is used up, goes back: others may begin it.
func (r *session) keepTime(ctx context.Context) {
	d := r.cfg.MaxTime
	if d == 0 {
		return
	}
	if r.inbox != nil {
		d += lastMoment
	}
	if !sleep(ctx, d) || r.ending() {
		return
	}
	r.drain(errTime)
	if r.inbox == nil {
		r.Term.Logf("%v: finishing the records in hand", errTime)
	}
}
