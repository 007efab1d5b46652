package runner

import (
	"brood/jobs"
	_ "brood/jobs/quoted"
	"brood/runner/arrivals"
	"brood/runner/book"
	"brood/runner/feed"
	"brood/runner/hand"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/runner/term"
	"brood/worker/wire"
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// try is one try of one record, while it is decided what it means. The record
// and the body are borrowed.
type try struct {
	feed.Item
	slot int
	rec  *jobs.Record
	body []byte // the record's encoding, to be sent again
	// later is how long another try waits at least.
	later time.Duration
	// spared says that it need not be the record that has ended its worker.
	spared bool
	// decided says that the job has decided about it, and does not ask for another try.
	decided bool
}

// settler decides about records, when an answer has come or is not to be expected any
// more, and sees to what that means: rows of the output, what the ledger must know, other
// tries, an end of the run. Slots, the source and the maker of intents use it at the same
// time.
type settler struct {
	cfg     *spec.Config
	policy  policy
	shape   *jobs.Shape
	encoder *sink.Encoder
	command func(rec *jobs.Record, slot int) string // for the joblog
	feed    *feed.Feed
	updates chan *book.Update
	redone  map[jobs.Seq]bool // tried again though they have a row in the output
	// triedBefore is how many tries of a record do not count, see ledger.Reader.TriedBefore.
	triedBefore map[jobs.Seq]int
	halting     halting
	guarding    *guarding
	trouble     trouble                   // why records of this session failed or are unknown
	slowing     seldom                    // how often it is said that all are slowed down
	mask        atomic.Pointer[jobs.Mask] // of secrets; nil: there are none
	inbox       *arrivals.Desk            // of the queue; nil: there is none
	ending      func() bool               // nothing more is begun
	term        *term.Term
	drain       context.CancelCauseFunc // begins nothing more, for a reason
	kill        context.CancelFunc      // ends what is in hand as well
}

func newSettler(cfg *spec.Config, shape *jobs.Shape, t *term.Term) *settler {
	return &settler{cfg: cfg, policy: newPolicy(cfg), shape: shape, term: t, guarding: newGuarding(cfg), trouble: trouble{tally: reasons.NewTally(reasons.Kept)}}
}

// settle decides what an answer, which was heard, means for its record, and sees to it.
// The result is borrowed.
func (s *settler) settle(u *settlement, t *try, res *jobs.Result) {
	u.Took(res.Elapsed)
	if res.Verdict == jobs.VerdictOK && !t.Waited {
		s.settleOK(u, t, res) // as the policy would say, and in a hurry
		return
	}
	if res.Verdict == jobs.VerdictUnknown && res.Stopped {
		// As if its worker had been killed for it.
		s.loseWith(u, t, hand.Loss{Class: res.Class, Text: res.Error, Blamed: true, Took: res.Elapsed}, res)
		return
	}
	crashes := 0
	if res.Verdict != jobs.VerdictOK {
		crashes = s.feed.CrashesOf(t.Seq)
	}
	t.decided = res.Verdict == jobs.VerdictOK || res.Verdict == jobs.VerdictFailed || res.Verdict == jobs.VerdictSkipped
	if res.Verdict == jobs.VerdictThrottle {
		u.Throttled++
	}
	d := s.policy.answered(t.rec.Attempt, crashes+s.triedBefore[t.Seq], res)
	// The tries of a record that has waited are all worth knowing.
	d.recorded = d.recorded || (d.status == jobs.StatusOK && t.Waited)
	if d.recorded {
		u.Attempts = append(u.Attempts, ledger.Attempt{
			Seq: t.Seq, Attempt: t.rec.Attempt, At: time.Now(), Verdict: ledger.Answered(res.Verdict),
			Class: res.Class, Error: res.Error, Elapsed: res.Elapsed, Slot: t.slot,
		})
	}
	s.enact(u, t, &d, &sink.Outcome{Elapsed: res.Elapsed, Text: res.Text, Values: res.Values})
	if d.aborts {
		s.drain(&spec.AbortError{Reason: fmt.Sprintf("job %s asked to stop at %s: %s", s.cfg.Job, reasons.Where(t.Seq, s.placeOf(&t.Item)), res.Error)})
	}
	if d.slows != nil {
		s.slow(t, d.slows, res.Error)
	}
}

// lose decides about a record that was in hand when its worker ended, and sees to it.
func (s *settler) lose(u *settlement, t *try, l hand.Loss) {
	u.Took(l.Took)
	s.loseWith(u, t, l, &jobs.Result{})
}

// loseWith is lose, where there is an answer that says what the record has come to before
// it was stopped.
func (s *settler) loseWith(u *settlement, t *try, l hand.Loss, res *jobs.Result) {
	crashes := 0
	if l.Blamed {
		crashes = s.feed.Crash(t.Seq)
	}
	u.Attempts = append(u.Attempts, ledger.Attempt{
		Seq: t.Seq, Attempt: t.rec.Attempt, At: time.Now(), Verdict: ledger.Lost(l.Class), Class: l.Class, Error: l.Text, Elapsed: l.Took, Slot: t.slot,
	})
	d := s.policy.lost(t.rec.Attempt, crashes, &l)
	s.enact(u, t, &d, &sink.Outcome{Elapsed: l.Took, Text: res.Text, Values: res.Values})
}

// enact puts a decision into a settlement. Out brings what the job has made of the
// record.
func (s *settler) enact(u *settlement, t *try, d *decision, out *sink.Outcome) {
	switch d.status {
	case jobs.StatusPending:
		if s.givesBack(t, d) {
			s.giveBack(u, t, d, out)
			return
		}
		s.sendAgain(u, t, d)
	case jobs.StatusOK:
		if t.Waited {
			u.LeftRetries = append(u.LeftRetries, t.Seq)
		}
		s.rowOK(u, t, out)
	case jobs.StatusFailed, jobs.StatusSkipped, jobs.StatusUnknown:
		if d.freesKey {
			s.giveKeyBack(u, t)
		}
		s.finish(u, t, ledger.Outcome{Status: d.status, Class: d.class, Error: d.error}, out)
	}
}

// observe notes how a try has ended, for those who look whether things go well, see
// feed.
func (s *settler) observe(t *try, res *jobs.Result, class jobs.Class, took time.Duration) {
	if !s.feed.Observes() {
		return
	}
	if news := s.feed.Observe(t.Seq, res, class, took); news != "" {
		s.term.Logf("%s", news)
	}
}

// settleOK settles the answer ok of a record that has not waited.
func (s *settler) settleOK(u *settlement, t *try, res *jobs.Result) {
	s.rowOK(u, t, &sink.Outcome{Elapsed: res.Elapsed, Text: res.Text, Values: res.Values})
}

// rowOK adds the row of a record that ended ok.
func (s *settler) rowOK(u *settlement, t *try, out *sink.Outcome) {
	out.Status, out.Attempts = jobs.StatusOK, t.rec.Attempt
	if s.cfg.Results != "" {
		s.keepPrinted(u, t.rec, &ledger.Outcome{Status: jobs.StatusOK}, out)
	}
	u.Buf = s.encoder.AppendRow(u.Buf, t.rec, out)
	u.Final(t.Seq, s.redone[t.Seq])
	s.owe(u, t.Seq, &ledger.Outcome{Status: jobs.StatusOK}, out)
	s.logJob(u, t.rec, t.slot, &ledger.Outcome{Status: jobs.StatusOK}, out)
	s.countHalt(1, 0)
	if s.feed.Shares() {
		u.ended = append(u.ended, feed.Ending{Seq: t.Seq, Answered: true})
	}
	if !s.guarding.differ.Load() {
		s.endsDiffer()
	}
}

// slow lets others wait because of a record.
func (s *settler) slow(t *try, why *slowing, text string) {
	if why.lessWillDo && !s.feed.AtFloor() {
		return
	}
	if s.feed.Slow(&t.Item, why.wait, why.who) && (why.loud || s.slowing.due(time.Now())) {
		s.term.Logf("nothing new is begun for %s: %s: %s", why.wait, reasons.Where(t.Seq, s.placeOf(&t.Item)), text)
	}
}

// finish ends a record otherwise than ok. What o says counts, out brings what
// the job has made of it.
func (s *settler) finish(u *settlement, t *try, o ledger.Outcome, out *sink.Outcome) {
	o.Seq, o.Attempts, o.Place, o.At = t.Seq, t.rec.Attempt, t.Place(), time.Now()
	o.Crashes = s.forget(u, t)
	if s.feed.Shares() {
		u.ended = append(u.ended, feed.Ending{Seq: t.Seq, Answered: t.decided})
	}
	if s.cfg.Plan.FailedOutput == jobs.FailedToStderr && s.cfg.OutputFormat == sink.FormatText {
		for line := range bytes.Lines(out.Text) {
			s.term.WorkerAt(t.slot, int64(t.Seq), s.placeOf(&t.Item), "stdout", string(bytes.TrimRight(line, "\r\n")))
		}
	}
	if !s.guarding.works.Load() {
		s.guarding.isFinal(t.Seq)
	}
	s.row(u, t.rec, max(t.slot, 1), o, out)
	if !s.guarding.differ.Load() {
		s.readEnd(t.rec, &o, strings.HasPrefix(o.Error, mayBeDone))
	}
}

// row adds the row of a record that ended otherwise than ok. What o says counts, out
// brings what the job has made of it, if anything. Slot is 0 if no worker has had it.
func (s *settler) row(u *settlement, rec *jobs.Record, slot int, o ledger.Outcome, out *sink.Outcome) {
	out.Status, out.Class, out.Error, out.Attempts = o.Status, o.Class, o.Error, o.Attempts
	s.keepPrinted(u, rec, &o, out)
	if out.Values == nil {
		out.Values = s.endedValues(o.Status, o.Class)
	}
	u.Buf = s.encoder.AppendRow(u.Buf, rec, out)
	u.Final(rec.Seq, s.redone[rec.Seq])
	u.Outcomes = append(u.Outcomes, o)
	s.owe(u, rec.Seq, &o, out)
	s.logJob(u, rec, slot, &o, out)
	if o.Status != jobs.StatusSkipped {
		s.trouble.add(s.failureOf(rec, &o))
		s.countHalt(0, 1)
	}
}

// endedValues is what the job's columns say of a record that ends without an
// answer of the job.
func (s *settler) endedValues(status jobs.Status, class jobs.Class) [][]byte {
	for _, e := range s.cfg.Plan.Ended {
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
func (s *settler) giveKeyBack(u *settlement, t *try) {
	if s.cfg.OncePer != "" {
		u.Freed = append(u.Freed, s.cfg.Key.Text(t.rec))
	}
}

// forget drops what was kept for a record that is now final. It returns how
// often it had killed a worker.
func (s *settler) forget(u *settlement, t *try) int {
	if t.Waited {
		u.LeftRetries = append(u.LeftRetries, t.Seq)
	}
	if !s.feed.AnyCrashes() {
		return 0
	}
	return s.feed.CrashesOf(t.Seq)
}

// sendAgain queues a record for another try and notes in the ledger that the
// one at hand is over.
func (s *settler) sendAgain(u *settlement, t *try, d *decision) {
	due := time.Now().Add(max(d.after, t.later))
	u.Retries = append(u.Retries, ledger.Retry{
		Seq: t.Seq, Attempts: d.next - 1, Crashes: s.feed.CrashesOf(t.Seq), Due: due, First: t.Sent(),
	})
	if t.spared {
		s.guarding.putOff(ledger.Retry{Seq: t.Seq, Attempts: t.rec.Attempt - 1, Crashes: max(s.feed.CrashesOf(t.Seq)-1, 0), Due: due, First: t.Sent()})
	}
	x := &feed.Retry{Item: t.Item, Attempt: d.next, Due: due, Suspect: d.suspect, Key: s.keyFor(t.rec), Body: bytes.Clone(t.body)}
	x.Waited = true
	u.again = append(u.again, x)
}

// keyFor is the key for a record's intent: nil if it needs none, or if the key
// follows from the position.
func (s *settler) keyFor(rec *jobs.Record) []byte {
	if !s.feed.NeedsIntents() || len(s.cfg.Key.Columns) == 0 {
		return nil
	}
	sum, _ := s.cfg.Key.Sum(rec)
	return sum[:]
}

// recordOf decodes the record of a retry, whose body is in memory.
func (s *settler) recordOf(x *feed.Retry) (*jobs.Record, error) {
	frame := wire.AppendBatchHead(nil, x.Seq, 1)
	frame = wire.AppendRecordHead(frame, 0, x.Attempt)
	b, err := wire.ReadBatch(append(frame, x.Body...), s.shape, s.cfg.Plan.NeedsRaw)
	if err != nil {
		return nil, err
	}
	rec := &jobs.Record{}
	_, err = b.Next(rec)
	return rec, err
}
