package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/sink"
	"fmt"
	"math/rand/v2"
	"time"
)

// throttleTime is how long everyone waits after a throttle verdict that does
// not say how long.
const throttleTime = time.Second

// settle decides what an answer means for its record: final, or another try.
// The record and the result are borrowed.
func (r *run) settle(u *update, slot int, b *batch, rec *jobs.Record, res *jobs.Result) {
	it := &b.items[b.answered-1]
	switch res.Verdict {
	case jobs.VerdictOK:
		r.settleOK(u, slot, rec, res)
		return
	case jobs.VerdictThrottle:
		wait := res.RetryAfter
		if wait == 0 {
			wait = throttleTime
		}
		r.feed.hold(wait)
		u.again = append(u.again, &retry{item: *it, attempt: rec.Attempt, due: time.Now().Add(wait), body: copyOf(b.walk.Body())})
		return
	case jobs.VerdictAbort:
		u.attempts = append(u.attempts, attemptOf(slot, rec, res))
		r.abort(fmt.Sprintf("job %s asked to stop at %s: %s", r.cfg.Job, r.placeOf(it), res.Error))
		// The record stays pending: it goes back, and nobody takes it any more.
		u.again = append(u.again, &retry{item: *it, attempt: rec.Attempt, body: copyOf(b.walk.Body())})
		return
	case jobs.VerdictRetry:
		if rec.Attempt <= r.cfg.Retries {
			r.tryLater(u, slot, b, it, rec, res)
			return
		}
	case jobs.VerdictFailed, jobs.VerdictSkipped:
	}
	status := jobs.StatusFailed
	if res.Verdict == jobs.VerdictSkipped {
		status = jobs.StatusSkipped
	}
	u.attempts = append(u.attempts, attemptOf(slot, rec, res))
	crashes := r.forget(u, it.seq, rec.Attempt)
	u.fail(r, rec, ledger.Outcome{
		Seq: it.seq, Status: status, Class: res.Class, Error: res.Error, Attempts: rec.Attempt, Crashes: crashes,
		Place: it.place(), At: time.Now(),
	}, &sink.Outcome{Elapsed: res.Elapsed, Text: res.Text, Values: res.Values})
}

func (r *run) settleOK(u *update, slot int, rec *jobs.Record, res *jobs.Result) {
	if rec.Attempt > 1 || (r.feed.crashed.Load() && r.feed.crashesOf(rec.Seq) > 0) {
		u.attempts = append(u.attempts, attemptOf(slot, rec, res))
		r.forget(u, rec.Seq, rec.Attempt)
	}
	u.buf = r.encoder.AppendRow(u.buf, rec, &sink.Outcome{
		Status: jobs.StatusOK, Attempts: rec.Attempt, Elapsed: res.Elapsed, Text: res.Text, Values: res.Values,
	})
	u.final(rec.Seq)
}

// forget drops what was kept for a record that is now final. It returns how
// often it had killed a worker.
func (r *run) forget(u *update, seq jobs.Seq, attempt int) int {
	crashes := r.feed.crashesOf(seq)
	if attempt > 1 || crashes > 0 {
		u.settled = append(u.settled, seq)
	}
	return crashes
}

func (r *run) tryLater(u *update, slot int, b *batch, it *item, rec *jobs.Record, res *jobs.Result) {
	due := time.Now().Add(max(r.backoff(rec.Attempt), res.RetryAfter))
	u.attempts = append(u.attempts, attemptOf(slot, rec, res))
	u.retries = append(u.retries, ledger.Retry{Seq: it.seq, Attempts: rec.Attempt, Crashes: r.feed.crashesOf(it.seq), Due: due})
	u.again = append(u.again, &retry{item: *it, attempt: rec.Attempt + 1, due: due, body: copyOf(b.walk.Body())})
}

// backoff is how long to wait after a try: the minimum, doubled for each try
// after the first, up to the maximum; and of that between half and all, so
// that records that failed together do not come back together.
func (r *run) backoff(attempt int) time.Duration {
	d := r.cfg.BackoffMin
	for i := 1; i < attempt && d < r.cfg.BackoffMax; i++ {
		d *= 2
	}
	d = min(d, r.cfg.BackoffMax)
	if d <= 0 {
		return 0
	}
	return d/2 + time.Duration(rand.Int64N(int64(d/2)+1))
}

func attemptOf(slot int, rec *jobs.Record, res *jobs.Result) ledger.Attempt {
	return ledger.Attempt{
		Seq: rec.Seq, Attempt: rec.Attempt, At: time.Now(), Verdict: res.Verdict.String(),
		Class: res.Class, Error: res.Error, Elapsed: res.Elapsed, Slot: slot,
	}
}

func copyOf(b []byte) []byte { return append([]byte(nil), b...) }

func (it *item) place() ledger.Place {
	return ledger.Place{File: int(it.file), Line: it.line, Offset: it.offset}
}

// death is how a worker ended that should have gone on.
type death struct {
	class jobs.Class // ClassCrash or ClassTimeout
	how   string     // for people
	said  string     // the last of its standard error
	took  time.Duration
}

func (d *death) error() string {
	s := "the worker died with this record in hand (" + d.how + ")"
	if d.class == jobs.ClassTimeout {
		s = d.how
	}
	if d.said != "" {
		s += ": " + d.said
	}
	return s
}

// blame decides about the record that a dead worker had in hand, by what it
// would cost to do it again.
func (r *run) blame(u *update, slot int, b *batch, rec *jobs.Record, d *death) {
	it := &b.items[b.answered-1]
	crashes := r.feed.crash(it.seq)
	u.attempts = append(u.attempts, ledger.Attempt{
		Seq: it.seq, Attempt: rec.Attempt, At: time.Now(), Verdict: string(d.class), Class: d.class, Error: d.error(), Elapsed: d.took, Slot: slot,
	})
	status := jobs.StatusFailed
	switch {
	case r.cfg.Effect == jobs.EffectOnce:
		status = jobs.StatusUnknown
	case crashes < r.cfg.MaxCrashes:
		u.retries = append(u.retries, ledger.Retry{Seq: it.seq, Attempts: rec.Attempt - 1, Crashes: crashes, Due: time.Now()})
		u.again = append(u.again, &retry{item: *it, attempt: rec.Attempt, alone: true, body: copyOf(b.walk.Body())})
		return
	case r.cfg.Effect == jobs.EffectKeyed:
		status = jobs.StatusUnknown
	}
	r.forget(u, it.seq, rec.Attempt)
	u.fail(r, rec, ledger.Outcome{
		Seq: it.seq, Status: status, Class: d.class, Error: d.error(), Attempts: rec.Attempt, Crashes: crashes,
		Place: it.place(), At: time.Now(),
	}, &sink.Outcome{})
}
