package table

import (
	"brood/runner/queue"
	"context"
	"database/sql"
	"time"
)

// orphans are rows that were running when the first Take began, of a table that does not say whose they are.
type orphans struct {
	after string // the last that was taken
	gone  bool   // there are no more
}

// lookAfter is how often rows whose lease is over are looked for while there are as many new ones as are asked for, or while it is
// waited for a row.
const lookAfter = 5 * time.Second

// Take claims rows.
func (c *client) Take(ctx context.Context, n int, wait time.Duration) ([]*queue.Job, error) {
	if n <= 0 || ctx.Err() != nil {
		return nil, nil
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	for first := true; ; first = false {
		rings := c.bell.rings() // before the look, so that none is missed
		jobs, err := c.claim(ctx, n, first)
		if len(jobs) > 0 {
			c.vain.Store(0)
			return jobs, nil
		}
		c.vain.Add(1)
		if err != nil || wait <= 0 {
			return nil, c.fail(err)
		}
		look := time.NewTimer(c.untilLook())
		select {
		case <-rings:
		case <-look.C:
		case <-end.C:
			wait = 0 // once more, as a job may have come in the meantime
		case <-ctx.Done():
			look.Stop()
			return nil, nil
		case <-c.closed:
			look.Stop()
			return nil, c.fail(errClosed)
		}
		look.Stop()
	}
}

// Where somebody rings, only rows that wait for their time, and leases that are over, have to be looked for: when it was looked in vain
// so often, that is done that many times as seldom.
const (
	inVain = 10
	seldom = 3
)

// untilLook is for how long it is waited before it is looked again.
func (c *client) untilLook() time.Duration {
	if c.bell != nil && c.vain.Load() > inVain {
		return seldom * c.spec.Poll
	}
	return c.spec.Poll
}

// claim looks once; all says that it looks for leases that are over wherever there are fewer new rows than are asked for, and not only
// now and then. Of rows that are there an error in what comes after them takes nothing away.
func (c *client) claim(ctx context.Context, n int, all bool) ([]*queue.Job, error) {
	var out []*queue.Job
	err := c.takes.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
		if c.orphans != nil && !c.orphans.gone {
			jobs, err := c.claimFrom(ctx, conn, left, n)
			if out = append(out, jobs...); err != nil || len(out) > 0 {
				return err
			}
		}
		jobs, err := c.claimFrom(ctx, conn, fresh, n)
		if out = append(out, jobs...); err != nil || c.orphans != nil {
			return err
		}
		if now := c.now(); all && len(out) < n || now.Sub(c.looked) >= min(lookAfter, c.spec.Lease/4) {
			c.looked = now
			if n -= len(out); n > 0 {
				jobs, err = c.claimFrom(ctx, conn, expired, n)
				out = append(out, jobs...)
			}
		}
		return err
	})
	return out, err
}

// claimFrom claims rows of one kind.
func (c *client) claimFrom(ctx context.Context, conn *sql.Conn, from source, n int) ([]*queue.Job, error) {
	after := ""
	if from == left {
		after = c.orphans.after
	}
	rows, err := c.kind.claim(ctx, conn, from, n, after)
	if err != nil {
		return nil, err
	}
	if from == left {
		if len(rows) < n {
			c.orphans.gone = true
		}
		if len(rows) > 0 {
			c.orphans.after = rows[len(rows)-1].id
		}
	}
	out := make([]*queue.Job, len(rows))
	for i, r := range rows {
		out[i] = c.job(r, from != fresh)
	}
	return out, nil
}

func (c *client) job(r claimed, doubt bool) *queue.Job {
	job := &queue.Job{ID: r.id, Body: appendRow(nil, c.cols.body, r.cells), Token: c.cols.token(r.tries), Doubt: doubt, Hold: r.tries}
	before := r.tries - 1
	if doubt {
		before-- // nobody has said how it ended
	}
	job.Tries = int(min(max(before, 0), 1<<30))
	if c.traits.Names && doubt && r.own {
		job.Own, job.Silent = true, c.cols.token(r.tries-1)
		if r.tries > 2 {
			job.Before = c.cols.token(r.tries - 2)
		}
	}
	if !c.cols.single() {
		job.Lease = c.spec.Lease
	}
	return job
}

// Renew makes leases as long as they were. Where there are none, a job stays whose it is.
func (c *client) Renew(ctx context.Context, held []*queue.Job) []error {
	errs := make([]error, len(held))
	if c.cols.single() {
		return errs
	}
	changes := make([]change, len(held))
	for i, job := range held {
		changes[i] = c.held(job)
	}
	c.each(ctx, changes, errs, c.kind.renew)
	return errs
}

// held is the row of a job that this client has taken.
func (c *client) held(job *queue.Job) change {
	tries, _ := job.Hold.(int64)
	return change{id: job.ID, tries: tries}
}

// Return makes rows new again, as if they had not been taken.
func (c *client) Return(ctx context.Context, unbegun []*queue.Job) error {
	changes := make([]change, len(unbegun))
	for i, job := range unbegun {
		changes[i] = c.held(job)
		changes[i].word, changes[i].unbegun = c.cols.word[wordNew], true
	}
	errs := make([]error, len(unbegun))
	c.each(ctx, changes, errs, c.kind.change)
	for _, err := range errs {
		if err != nil && err != queue.ErrLost { //nolint:errorlint // each's own
			return err
		}
	}
	return nil
}
