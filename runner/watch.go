package runner

import (
	"brood/runner/term"
	"brood/worker/wire"
	"context"
	"math"
	"syscall"
	"time"
)

// watchLeast is the shortest time between two looks at the workers.
const watchLeast = 5 * time.Millisecond

// medianTime is how often it is looked at what the median is now.
const medianTime = 50 * time.Millisecond

// lateBy is how much too late the watch must wake for it to say that the whole
// process was not running.
const lateBy = 100 * time.Millisecond

// watch kills workers that take longer with a record than its timeout allows.
// It reads their pages, so it costs them nothing.
func (r *run) watch(ctx context.Context) {
	if r.cfg.Timeout <= 0 && r.cfg.TimeoutPercent <= 0 {
		return
	}
	woken := wire.Now()
	for {
		limit := r.timeout()
		next := limit
		if limit == 0 {
			limit, next = math.MaxInt64/2, medianTime
		}
		if r.cfg.TimeoutPercent > 0 {
			next = min(next, medianTime)
		}
		now := wire.Now()
		if now-woken > lateBy {
			// This process was stopped, and may be the first to know.
			r.resumed.Store(int64(now))
		}
		for _, s := range r.crew.all() {
			c := s.live.Load()
			if c == nil {
				continue
			}
			// The time the run was suspended does not count.
			_, since, busy := s.page.InHand()
			if !busy || since == 0 {
				continue
			}
			left := max(since, time.Duration(r.resumed.Load())) + limit - now
			if left <= 0 {
				if c.timedOut.CompareAndSwap(false, true) {
					c.Signal(syscall.SIGKILL)
				}
				continue
			}
			next = min(next, left)
		}
		next = max(next, watchLeast)
		woken = wire.Now() + next
		if !sleep(ctx, nil, next) {
			return
		}
	}
}

// snapshot is the state of the run for the progress display.
func (r *run) snapshot() term.Snapshot {
	t := r.book.totals()
	final := t.OK + t.Failed + t.Skipped + t.Unknown
	elapsed := time.Since(r.started)
	// What has been read and is not done yet does not count.
	share := float64(final) / float64(max(t.Input, 1))
	return term.Snapshot{
		Final: final, Failed: t.Failed, Unknown: t.Unknown, Elapsed: elapsed,
		Rate:  float64(final-r.already) / elapsed.Seconds(),
		Bytes: int64(share * float64(r.reader.Consumed())), Total: r.reader.Total(),
	}
}

// showProgress keeps the progress display up to date.
func (r *run) showProgress(ctx context.Context) {
	for sleep(ctx, nil, 200*time.Millisecond) {
		r.cfg.Term.Update(r.snapshot())
	}
	r.cfg.Term.End()
}
