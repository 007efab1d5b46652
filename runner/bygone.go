package runner

import (
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
		if err := r.letGoOld(ctx, in, time.Now().Add(-q.Forget)); err != nil && ctx.Err() == nil {
			r.Term.Logf("settled records stay that were to be let go of: %v", err)
		}
		t.Reset(min(max(q.Forget/24, lookBackMost), lookBackLeast))
	}
}

// letGoOld lets go of what has been settled since before a time.
func (r *session) letGoOld(ctx context.Context, in *intake.Input, before time.Time) error {
	for ctx.Err() == nil {
		gone, err := r.deliveries.Bygone(ctx)
		if err != nil {
			return err
		}
		upTo, err := r.deliveries.Settled(ctx, gone.Records, before, mostLetGo)
		if err != nil || upTo == gone.Records {
			return err
		}
		next := ledger.Bygone{Records: upTo}
		if next.Offset, next.Sum, err = in.Lines(gone.Offset, int64(upTo-gone.Records)); err != nil { //nolint:gosec // it is small
			return err
		}
		u := newSettlement()
		u.Bygone, u.Durable = &next, make(chan struct{})
		durable := u.Durable
		select {
		case r.updates <- u.Update:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-durable:
		case <-ctx.Done():
			return nil
		}
		if err := in.LetGo(next.Offset); err != nil {
			return err
		}
	}
	return nil
}
