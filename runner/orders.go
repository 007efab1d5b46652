package runner

import (
	"brood/runner/control"
	"brood/runner/pace"
	"brood/runner/proc"
	"brood/worker/wire"
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"syscall"
	"time"
)

// serveControl serves orders until ctx ends. Without its socket a run works all the
// same.
func (r *session) serveControl(ctx context.Context) {
	if err := control.Serve(ctx, r.Dir, control.Handler(r)); err != nil {
		r.Term.Logf("this run cannot be told anything while it goes on: %v", err)
	}
}

// Pause begins nothing more, or lets it go on.
func (r *session) Pause(yes bool) {
	r.feed.Pause(yes)
	if yes {
		r.Term.Logf("paused")
	} else {
		r.guarding.decided()
		r.Term.Logf("continued")
	}
}

// SetRate changes the rate over all records; nil takes it away.
func (r *session) SetRate(rate *pace.Rate) {
	r.feed.SetRate(rate)
	if rate != nil {
		r.Term.Logf("at most %s from now on", rate)
	}
}

// End ends the run as a signal would. To be told to drain twice is not to be
// told to stop.
func (r *session) End(now bool) {
	first := r.signal.CompareAndSwap(0, int32(syscall.SIGTERM))
	if first {
		r.drain(errSignal)
		r.boundDrain(errSignal)
	}
	if now {
		r.kill()
	}
	if first {
		r.Term.Logf("told to end: %s", r.finishing())
	}
}

// DrainMachine has another machine finish what it has in hand, and leave.
func (r *session) DrainMachine(name string) error {
	if r.machines == nil {
		return errors.New("no other machines work on this run")
	}
	return r.machines.desk.Drain(name)
}

// Live is what a status shows.
func (r *session) Live() *control.Live {
	t := r.book.Totals()
	s := r.snapshot()
	out := &control.Live{Job: r.cfg.Job, Elapsed: s.Elapsed.Seconds(), Progress: -1, Draining: r.ending(), Input: t.Input, OK: t.OK, Failed: t.Failed, Skipped: t.Skipped, Unknown: t.Unknown, Rate: s.Rate, Jobs: r.crew.Jobs(), Workers: r.family.Live(), Recycled: r.recycled.Load(), LimitsKeptBy: r.keptBy}
	if r.machines != nil {
		out.Machines = r.machines.desk.Machines()
	}
	if s.Total > 0 {
		out.Progress = min(float64(s.Bytes)/float64(s.Total), 1)
	}
	f := r.feed.State()
	out.Paused, out.Waits, out.Adaptive, out.Fewer = f.Paused, f.Waits, f.Adaptive, f.Fewer
	if f.Paused && out.Waits == "" {
		out.Waits = r.guarding.pausedFor()
	}
	if f.Rate != nil {
		out.RateLimit = f.Rate.String()
	}
	return out
}

// since is when a record was begun; those whose clock does not run come last.
func since(h wire.Held) time.Duration {
	if h.Since == 0 {
		return math.MaxInt64
	}
	return h.Since
}

// Workers are those that live.
func (r *session) Workers() []control.WorkerState {
	out := []control.WorkerState{}
	for _, s := range r.crew.all() {
		c := s.live.Load()
		if c == nil {
			continue
		}
		w := control.WorkerState{Slot: s.number, PID: c.PID, Done: s.pad.page.Done()}
		all := s.pad.page.InHand(nil)
		if w.Records = len(all); w.Records > 0 {
			h := slices.MinFunc(all, func(a, b wire.Held) int { return cmp.Compare(since(a), since(b)) })
			n := uint64(h.Seq)
			w.Seq, w.Place = &n, s.placeOf(h.Seq)
			if h.Since > 0 {
				w.InHand = (wire.Now() - h.Since).Seconds()
			}
		}
		u := proc.UsageOf(c.PID)
		w.RSS, w.CPU = u.RSS, u.CPU.Seconds()
		out = append(out, w)
	}
	return out
}
