package runner

import (
	"brood/jobs"
	"brood/runner/intake"
	"brood/runner/ledger"
	"context"
	"time"
)

// mostLetGo is how many records are let go of in one commit.
const mostLetGo = 20000

// How often it is looked for records that are old enough, at most and at least.
const (
	lookBackMost  = time.Second
	lookBackLeast = time.Hour
)

// letGo lets go of records that have been settled for longer than --forget. It is a goroutine of the session.
func (r *session) letGo(ctx context.Context, in *intake.Input) {
	q := r.cfg.Queue
	if q == nil || q.Forget == 0 {
		return
	}
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		all, err := r.letGoOld(ctx, in, time.Now().Add(-q.Forget))
		if err != nil && ctx.Err() == nil {
			r.Term.Logf("settled records stay that were to be let go of: %v", err)
		}
		if next := min(max(q.Forget/24, lookBackMost), lookBackLeast); all {
			t.Reset(next)
		} else {
			t.Reset(lookBackMost)
		}
	}
}

// letGoOld lets go of what has been settled since before a time, and reports whether that is all of it: what the source has not passed yet
// is there until it has, as it counts the lines.
func (r *session) letGoOld(ctx context.Context, in *intake.Input, before time.Time) (all bool, err error) {
	for ctx.Err() == nil {
		gone, err := r.deliveries.Bygone(ctx)
		if err != nil {
			return true, err
		}
		upTo, err := r.deliveries.Settled(ctx, gone.Records, before, mostLetGo)
		if err != nil || upTo == gone.Records {
			return true, err
		}
		if passed := jobs.Seq(r.passed.Load()); upTo > passed {
			if upTo = passed; upTo <= gone.Records {
				return false, nil
			}
		}
		next := ledger.Bygone{Records: upTo, Before: before}
		if next.Offset, next.Sum, err = in.Lines(gone.Offset, int64(upTo-gone.Records)); err != nil { //nolint:gosec // it is small
			return true, err
		}
		u := newSettlement()
		u.Bygone, u.Durable = &next, make(chan struct{})
		durable := u.Durable
		select {
		case r.updates <- u.Update:
		case <-ctx.Done():
			return true, nil
		}
		select {
		case <-durable:
		case <-ctx.Done():
			return true, nil
		}
		if err := in.LetGo(next.Offset); err != nil {
			return true, err
		}
	}
	return true, nil
}
