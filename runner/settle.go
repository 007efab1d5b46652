package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/hand"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/worker/wire"
	"bytes"
	"fmt"
	"time"
)

// try is one try of one record, while it is decided what it means. The record
// and the body are borrowed.
type try struct {
	feed.Item
	slot int
	rec  *jobs.Record
	body []byte // the record's encoding, to be sent again
}

// settle decides what an answer means for its record, and sees to it. The result is
// borrowed.
func (r *session) settle(u *settlement, t *try, res *jobs.Result) {
	if res.Error != "" {
		res.Error = r.hide(res.Error)
	}
	if res.Verdict == jobs.VerdictOK && !t.Waited {
		r.settleOK(u, t, res) // as the policy would say, and in a hurry
		return
	}
	if res.Verdict == jobs.VerdictUnknown && res.Stopped {
		// As if its worker had been killed for it.
		r.lose(u, t, hand.Loss{Class: res.Class, Text: res.Error, Blamed: true, Took: res.Elapsed})
		return
	}
	crashes := 0
	if res.Verdict != jobs.VerdictOK {
		crashes = r.feed.CrashesOf(t.Seq)
	}
	d := r.policy.answered(t.rec.Attempt, crashes, res)
	// The tries of a record that has waited are all worth knowing.
	d.recorded = d.recorded || (d.status == jobs.StatusOK && t.Waited)
	if d.recorded {
		u.Attempts = append(u.Attempts, ledger.Attempt{
			Seq: t.Seq, Attempt: t.rec.Attempt, At: time.Now(), Verdict: ledger.Answered(res.Verdict),
			Class: res.Class, Error: res.Error, Elapsed: res.Elapsed, Slot: t.slot,
		})
	}
	r.enact(u, t, &d, &sink.Outcome{Elapsed: res.Elapsed, Text: res.Text, Values: res.Values})
	if d.aborts {
		r.abort(fmt.Sprintf("job %s asked to stop at %s: %s", r.cfg.Job, r.placeOf(&t.Item), res.Error))
	}
	if d.slows != nil {
		r.slow(t, d.slows, res.Error)
	}
}

// lose decides about a record that was in hand when its worker ended, and sees to it.
func (r *session) lose(u *settlement, t *try, l hand.Loss) {
	crashes := 0
	if l.Blamed {
		crashes = r.feed.Crash(t.Seq)
	}
	u.Attempts = append(u.Attempts, ledger.Attempt{
		Seq: t.Seq, Attempt: t.rec.Attempt, At: time.Now(), Verdict: ledger.Lost(l.Class), Class: l.Class, Error: l.Text, Elapsed: l.Took, Slot: t.slot,
	})
	d := r.policy.lost(t.rec.Attempt, crashes, &l)
	r.enact(u, t, &d, &sink.Outcome{Elapsed: l.Took})
}

// enact puts a decision into a settlement. Out brings what the job has made of the
// record.
func (r *session) enact(u *settlement, t *try, d *decision, out *sink.Outcome) {
	switch d.status {
	case jobs.StatusPending:
		r.sendAgain(u, t, d)
	case jobs.StatusOK:
		if t.Waited {
			u.LeftRetries = append(u.LeftRetries, t.Seq)
		}
		r.rowOK(u, t, out)
	case jobs.StatusFailed, jobs.StatusSkipped, jobs.StatusUnknown:
		if d.freesKey {
			r.giveKeyBack(u, t)
		}
		r.finish(u, t, ledger.Outcome{Status: d.status, Class: d.class, Error: d.error}, out)
	}
}

// observe notes how a try has ended, for those who look whether things go well, see
// feed.
func (r *session) observe(t *try, res *jobs.Result, class jobs.Class, took time.Duration) {
	if !r.feed.Observes() {
		return
	}
	if news := r.feed.Observe(t.Seq, res, class, took); news != "" {
		r.Term.Logf("%s", news)
	}
}

// settleOK settles the answer ok of a record that has not waited.
func (r *session) settleOK(u *settlement, t *try, res *jobs.Result) {
	r.rowOK(u, t, &sink.Outcome{Elapsed: res.Elapsed, Text: res.Text, Values: res.Values})
}

// rowOK adds the row of a record that ended ok.
func (r *session) rowOK(u *settlement, t *try, out *sink.Outcome) {
	out.Status, out.Attempts = jobs.StatusOK, t.rec.Attempt
	u.Buf = r.encoder.AppendRow(u.Buf, t.rec, out)
	u.Final(t.Seq, r.redone[t.Seq])
	r.countHalt(1, 0)
}

// slow lets others wait because of a record.
func (r *session) slow(t *try, s *slowing, why string) {
	if s.lessWillDo && !r.feed.AtFloor() {
		return
	}
	if r.feed.Slow(&t.Item, s.wait, s.who) && s.told {
		r.Term.Logf("nothing new is begun for %s: %s", s.wait, why)
	}
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
func (r *session) sendAgain(u *settlement, t *try, d *decision) {
	due := time.Now().Add(d.after)
	u.Retries = append(u.Retries, ledger.Retry{
		Seq: t.Seq, Attempts: d.next - 1, Crashes: r.feed.CrashesOf(t.Seq), Due: due, First: t.Sent(),
	})
	x := &feed.Retry{Item: t.Item, Attempt: d.next, Due: due, Suspect: d.suspect, Key: r.keyFor(t.rec), Body: bytes.Clone(t.body)}
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
