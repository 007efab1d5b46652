package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/ledger"
	"brood/runner/sink"
	"context"
	"fmt"
)

// intend makes intents ahead of the slots. It is a goroutine of the run.
func (r *session) intend(ctx context.Context) error {
	for {
		g := r.feed.NextGroup(ctx, r.epoch)
		if g == nil {
			return nil
		}
		u := newSettlement()
		for _, x := range g.Expired {
			if err := r.expire(u, x); err != nil {
				return err
			}
			r.feed.PassBy(&x.Item)
		}
		if len(g.Rows) > 0 {
			u.Intents, u.Durable = g.Rows, g.Durable
		}
		if err := r.send(u); err != nil {
			return err
		}
		if len(g.Rows) == 0 {
			continue
		}
		select {
		case <-g.Durable:
			r.feed.Grant(g)
		case <-ctx.Done():
			return nil
		}
	}
}

// expire ends a record whose key the far side may have forgotten.
func (s *settler) expire(u *settlement, x *feed.Retry) error {
	if err := s.feed.Fetch(x); err != nil {
		return err
	}
	rec, err := s.recordOf(x)
	if err != nil {
		return err
	}
	rec.Attempt = max(x.Attempt-1, 1) // the one it would have been has not been tried
	s.finish(u, &try{Item: x.Item, rec: rec}, ledger.Outcome{
		Status: jobs.StatusUnknown, Class: jobs.ClassExpired,
		Error: fmt.Sprintf("its idempotency key may have been forgotten: it was first sent more than --key-lifetime %s ago", s.cfg.KeyLifetime),
	}, &sink.Outcome{})
	return nil
}
