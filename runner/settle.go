package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/worker/wire"
	"fmt"
	"math/rand/v2"
	"time"
)

// throttleTime is how long everyone waits after a throttle verdict that does
// not say how long.
const throttleTime = time.Second

// try is one try of one record, while it is decided what it means. The record
// and the body are borrowed.
type try struct {
	feed.Item
	slot int
	rec  *jobs.Record
	body []byte // the record's encoding, to be sent again
}

// settle decides what an answer means for its record: final, or another try.
// The result is borrowed.
func (r *session) settle(u *settlement, t *try, res *jobs.Result) {
	if res.Error != "" {
		res.Error = r.hide(res.Error)
	}
	if res.Verdict == jobs.VerdictOK {
		r.settleOK(u, t, res)
		return
	}
	switch res.Verdict {
	case jobs.VerdictThrottle:
		wait := res.RetryAfter
		if wait == 0 {
			wait = throttleTime
		}
		// Without a time to wait, doing less at once is what slows everybody
		// down where that is adaptive, as long as there is less to do.
		if res.RetryAfter > 0 || r.feed.AtFloor() {
			r.feed.Slow(&t.Item, wait, res.Delays)
		}
		r.sendAgain(u, t, t.rec.Attempt, time.Now().Add(wait), false)
		return
	case jobs.VerdictAbort:
		u.Attempts = append(u.Attempts, attemptOf(t, res))
		r.abort(fmt.Sprintf("job %s asked to stop at %s: %s", r.cfg.Job, r.placeOf(&t.Item), res.Error))
		// The record stays pending: it goes back, and nobody takes it any more.
		r.sendAgain(u, t, t.rec.Attempt, time.Now(), false)
		return
	case jobs.VerdictUnknown:
		if res.Stopped {
			// As if its worker had been killed for it.
			r.lose(u, t, loss{class: res.Class, text: res.Error, blamed: true, took: res.Elapsed})
			return
		}
		if r.cfg.OnUnknown != spec.OnUnknownRetry {
			r.settleUnknown(u, t, res)
			return
		}
		if r.tryLater(u, t, res) {
			return
		}
		if r.cfg.Effect != jobs.EffectNone {
			r.settleUnknown(u, t, res)
			return
		}
	case jobs.VerdictRetry:
		if res.Delays >= jobs.DelaysKey {
			if r.feed.Slow(&t.Item, res.RetryAfter, res.Delays) {
				r.Term.Logf("nothing new is begun for %s: %s", res.RetryAfter, res.Error)
			}
		}
		if r.tryLater(u, t, res) {
			return
		}
	case jobs.VerdictOK, jobs.VerdictFailed, jobs.VerdictSkipped:
	}
	status := jobs.StatusFailed
	if res.Verdict == jobs.VerdictSkipped {
		status = jobs.StatusSkipped
	}
	u.Attempts = append(u.Attempts, attemptOf(t, res))
	r.giveKeyBack(u, t)
	r.finish(u, t, ledger.Outcome{Status: status, Class: res.Class, Error: res.Error},
		&sink.Outcome{Elapsed: res.Elapsed, Text: res.Text, Values: res.Values})
}

// tryLater queues a record for another try, if it may have one.
func (r *session) tryLater(u *settlement, t *try, res *jobs.Result) bool {
	tries := t.rec.Attempt - r.feed.CrashesOf(t.Seq) // those that were answered
	if tries > r.cfg.Retries {
		return false
	}
	u.Attempts = append(u.Attempts, attemptOf(t, res))
	r.sendAgain(u, t, t.rec.Attempt+1, time.Now().Add(max(r.backoff(tries), res.RetryAfter)), false)
	return true
}

// settleUnknown ends a record of which the job cannot tell whether it was done.
func (r *session) settleUnknown(u *settlement, t *try, res *jobs.Result) {
	u.Attempts = append(u.Attempts, attemptOf(t, res))
	o := ledger.Outcome{Status: jobs.StatusUnknown, Class: res.Class, Error: res.Error}
	if r.cfg.OnUnknown == spec.OnUnknownSkip {
		o.Status, o.Error = jobs.StatusSkipped, mayBeDone+o.Error
	}
	r.finish(u, t, o, &sink.Outcome{Elapsed: res.Elapsed, Text: res.Text, Values: res.Values})
}

func (r *session) settleOK(u *settlement, t *try, res *jobs.Result) {
	if t.Waited {
		u.Attempts = append(u.Attempts, attemptOf(t, res))
		r.forget(u, t)
	}
	u.Buf = r.encoder.AppendRow(u.Buf, t.rec, &sink.Outcome{
		Status: jobs.StatusOK, Attempts: t.rec.Attempt, Elapsed: res.Elapsed, Text: res.Text, Values: res.Values,
	})
	u.Final(t.Seq, r.redone[t.Seq])
	r.countHalt(1, 0)
}

// finish ends a record otherwise than ok. What o says counts, out brings what
// the job has made of it.
func (r *session) finish(u *settlement, t *try, o ledger.Outcome, out *sink.Outcome) {
	o.Seq, o.Attempts, o.Place, o.At = t.Seq, t.rec.Attempt, t.Place(), time.Now()
	o.Crashes = r.forget(u, t)
	r.row(u, t.rec, o, out)
}

// endedValues is what the job's columns say of a record that ends without an
// answer of the job.
func (r *session) endedValues(status jobs.Status, class jobs.Class) [][]byte {
	for _, e := range r.cfg.Plan.Ended {
		if e.Status != status.String() || (e.Class != "" && e.Class != class) {
			continue
		}
		var out [][]byte
		for _, v := range e.Values {
			out = append(out, []byte(v))
		}
		return out
	}
	return nil
}

// giveKeyBack lets other runs have the key of a record that had no effect.
func (r *session) giveKeyBack(u *settlement, t *try) {
	if r.cfg.OncePer != "" {
		u.Freed = append(u.Freed, r.cfg.Key.Text(t.rec))
	}
}

// giveUp ends a record without a result.
func (r *session) giveUp(u *settlement, t *try, status jobs.Status, l *loss, text string) {
	r.finish(u, t, ledger.Outcome{Status: status, Class: l.class, Error: text}, &sink.Outcome{Elapsed: l.took})
}

// forget drops what was kept for a record that is now final. It returns how
// often it had killed a worker.
func (r *session) forget(u *settlement, t *try) int {
	if t.Waited {
		u.LeftRetries = append(u.LeftRetries, t.Seq)
	}
	if !r.feed.AnyCrashes() {
		return 0
	}
	return r.feed.CrashesOf(t.Seq)
}

// sendAgain queues a record for another try and notes in the ledger that the
// one at hand is over.
func (r *session) sendAgain(u *settlement, t *try, attempt int, due time.Time, alone bool) {
	u.Retries = append(u.Retries, ledger.Retry{
		Seq: t.Seq, Attempts: attempt - 1, Crashes: r.feed.CrashesOf(t.Seq), Due: due, First: t.Sent(),
	})
	x := &feed.Retry{Item: t.Item, Attempt: attempt, Due: due, Suspect: alone, Key: r.keyFor(t.rec), Body: copyOf(t.body)}
	x.Waited = true
	u.again = append(u.again, x)
}

// keyFor is the key for a record's intent: nil if it needs none, or if the key
// follows from the position.
func (r *session) keyFor(rec *jobs.Record) []byte {
	if !r.feed.NeedsIntents() || len(r.cfg.Key.Columns) == 0 {
		return nil
	}
	sum, _ := r.cfg.Key.Sum(rec)
	return sum[:]
}

// backoff is how long to wait after a try: the minimum, doubled for each try
// after the first, up to the maximum; and of that between half and all, so
// that records that failed together do not come back together.
func (r *session) backoff(attempt int) time.Duration {
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

func attemptOf(t *try, res *jobs.Result) ledger.Attempt {
	return ledger.Attempt{
		Seq: t.Seq, Attempt: t.rec.Attempt, At: time.Now(), Verdict: ledger.Answered(res.Verdict),
		Class: res.Class, Error: res.Error, Elapsed: res.Elapsed, Slot: t.slot,
	}
}

func copyOf(b []byte) []byte { return append([]byte(nil), b...) }

// recordOf decodes the record of a retry, whose body is in memory.
func (r *session) recordOf(x *feed.Retry) (*jobs.Record, error) {
	frame := wire.AppendBatchHead(nil, x.Seq, 1)
	frame = wire.AppendRecordHead(frame, 0, x.Attempt)
	b, err := wire.ReadBatch(append(frame, x.Body...), r.shape, r.cfg.Plan.NeedsRaw)
	if err != nil {
		return nil, err
	}
	rec := &jobs.Record{}
	_, err = b.Next(rec)
	return rec, err
}
