package runner

import (
	"brood/jobs"
	"brood/runner/arrivals"
	"brood/runner/feed"
	"brood/runner/ledger"
	"brood/runner/queue"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Of a run that works off a queue each delivery of a job is a record. What is known of it decides what becomes of it:
//
//	left by an earlier session           by its note, if there is one; as below, if it is known or in hand; otherwise it is given
//	                                     back, as it comes again
//	it is to be tried again, as          it is done, as it is or was put right: the queue keeps it aside meanwhile, or has it no
//	brood retry or resolve has it        more, and is answered by how it ends this time
//	the same job is in hand              that record has this delivery from now on; this one is skipped
//	another with its key is in hand      it is skipped, and the queue told that it is done
//	the same job was ok, or skipped      it is answered again, and not done again; unless the queue had confirmed the answer,
//	                                     and it is a table's row, which somebody has put back, or repeating costs nothing
//	it is unknown                        it is put aside again, until somebody decides
//	it has failed, of which the queue    it is answered again
//	has not heard, or only when it had
//	given it out once more, or since
//	when nobody has put it back
//	it has failed, and the queue knew    somebody wants it done again: it begins anew
//	it was given back                    it goes on counting its tries
//	nothing, or it was given back, and   for once: unknown, as it may have been done; otherwise it is done
//	since then the queue had given it
//	to somebody who said nothing
//	the same, and that was this run      it is done: what is not in its spool has not begun, as an intent comes after that. Only
//	                                     where the queue keeps whose a job is, and the run is where it was begun
//	nothing                              it is done

// deliver looks at the record at hand as a delivery, and reports whether that settles it. Otherwise s.tried is how often it
// has been tried in earlier deliveries.
func (s *source) deliver(final bool) (settled bool, err error) {
	s.tried = 0
	earlier := s.rec.Pos.Offset < s.adopted()
	if final {
		if !earlier {
			err = s.shifted()
		}
		return true, err
	}
	d := s.r.inbox
	known := ""
	if s.rec.Err == nil && s.r.keyed() {
		known = s.r.cfg.Key.Text(s.record())
	}
	if earlier {
		a, err := d.Left(s.seq, known, s.rec.Envelope)
		if err != nil {
			s.refuse(jobs.StatusFailed, jobs.ClassInput, err.Error())
			return true, nil
		}
		s.deliveries.Comes(a.Known)
		if _, decided := s.r.triedBefore[s.seq]; decided && !a.Again {
			d.Redo(s.seq)
			return false, nil
		}
		return s.left(a)
	}
	a := d.Arrived(s.seq, known)
	if a == nil {
		s.refuse(jobs.StatusFailed, jobs.ClassInput, "the queue has not delivered this: something else has written to the copy of what it delivers")
		return true, nil
	}
	first := s.deliveries.Comes(a.Known)
	switch {
	case s.rec.Err == nil && string(s.record().First(arrivals.JobColumn)) != a.Job.ID:
		return true, s.shifted()
	case a.Again:
		s.refuseHeld(a)
		return true, nil
	case s.rec.Err != nil:
		return false, nil //nolint:nilerr // a bad row is an outcome, see admit
	case first:
		return s.again(a, nil), nil
	}
	before, err := s.deliveries.Delivered(context.Background(), a.Known, a.Sum)
	if err != nil {
		return true, err
	}
	return s.again(a, before), nil
}

// shifted is what ends a session whose records are not those that the queue has just delivered: one would be done in the name of another.
func (s *source) shifted() error {
	return &spec.DatasetError{Err: fmt.Errorf("%s: record %d is not the job that the queue has just delivered: something has cut the run's copy, or written to it; what is in hand goes back to the queue", s.r.placeAt(s.rec.Pos), s.seq)}
}

// refuseHeld settles a delivery of a job that is in hand.
func (s *source) refuseHeld(a *arrivals.Arrival) {
	text := fmt.Sprintf("its lease was over, and it was delivered again: record %d is this job", a.First)
	if !a.Taken {
		text = fmt.Sprintf("record %d has the same key, and is in hand", a.First)
	}
	s.refuse(jobs.StatusSkipped, jobs.ClassDuplicate, text)
}

// left settles a record that an earlier session has left, unless there is a note of it.
func (s *source) left(a *arrivals.Arrival) (settled bool, err error) {
	if _, noted := s.past.Notes[s.seq]; noted || s.rec.Err != nil {
		return false, nil
	}
	defer s.leaveRetry()
	if a.Again {
		s.refuseHeld(a)
		return true, nil
	}
	before, err := s.deliveries.Delivered(context.Background(), a.Known, a.Sum)
	if err != nil {
		return true, err
	}
	if before != nil && before.Seq != s.seq && s.answerAgain(before, s.putBack(before, a)) {
		return true, nil
	}
	known := s.past.Retries[s.seq]
	s.r.inbox.Tried(s.seq, known.Attempts)
	s.refuse(jobs.StatusSkipped, jobs.ClassReleased, "brood was ended before it was done, and the queue delivers it again")
	return true, nil
}

// again settles a delivery of a job that is known, if that is what its last delivery means.
func (s *source) again(a *arrivals.Arrival, before *ledger.Owed) bool {
	if s.r.cfg.Effect == jobs.EffectOnce && mayBeDoneBy(a.Job, before, s.r.inbox.Traits().Names, s.r.stays) {
		s.refuse(jobs.StatusUnknown, jobs.ClassInterrupted, "the queue had given it to somebody before, of whom it has heard nothing: it may have been done")
		return true
	}
	if before == nil {
		s.tried = a.Job.Tries
		return false
	}
	verb, _ := queue.ParseVerb(before.Verb)
	if verb == queue.Later {
		s.tried = max(before.Tries, a.Job.Tries)
		s.r.inbox.Tried(s.seq, s.tried)
		return false
	}
	if before.Answered == ledger.ReplyConfirmed && verb == queue.Done && !a.Job.Doubt && s.repeats() {
		return false
	}
	return s.answerAgain(before, s.putBack(before, a))
}

// mayBeDoneBy reports whether somebody may have done a job of whom nobody has heard. Before is its last delivery to this run that is
// final; names says that the queue keeps whose a job is, and stays that the run is where it was begun, so that no other has its
// name.
func mayBeDoneBy(j *queue.Job, before *ledger.Owed, names, stays bool) bool {
	switch {
	case !j.Doubt:
		return false
	case before == nil:
		return !j.Own || !stays || j.Before != ""
	case before.Verb != ledger.VerbLater || !names: // its end is known; or nobody can tell whether that was the silent delivery
		return false
	default: // the silent delivery is the one that was given back, or the first one after it
		return !j.Own || !stays || before.Token != j.Silent && before.Token != j.Before
	}
}

// putBack reports whether whoever decides about the queue has put a job back that had failed. It had heard of that before it gave out
// this delivery; and where it counts how often somebody has done so, that has grown. Another job with the same key is as good as one that
// was put back.
func (s *source) putBack(before *ledger.Owed, a *arrivals.Arrival) bool {
	if !before.Answered.Heard() && !s.r.inbox.Heard(before.Seq) || a.Overtaken {
		return false
	}
	return !s.r.inbox.Traits().Counts || a.Job.ID != before.ID || a.Job.Token != before.Token
}

// answerAgain settles a delivery of a job that is settled already, as that was; back says that somebody has put it back if it had
// failed. It reports false if it is to be done.
func (s *source) answerAgain(before *ledger.Owed, back bool) bool {
	was := fmt.Sprintf("record %d was this job", before.Seq)
	verb, _ := queue.ParseVerb(before.Verb)
	if verb == queue.Later || verb == queue.Failed && back {
		return false
	}
	s.r.inbox.Was(s.seq, before)
	switch verb {
	case queue.Failed:
		s.refuse(jobs.StatusFailed, jobs.ClassDuplicate, was+", and has failed: "+before.Error)
	case queue.Park:
		s.refuse(jobs.StatusUnknown, jobs.ClassDuplicate, was+", and is unknown until brood resolve decides about it: "+before.Error)
	case queue.Done, queue.Later:
		s.refuse(jobs.StatusSkipped, jobs.ClassDuplicate, was+", and ended as "+before.Status.String()+": it is only answered again")
	}
	return true
}

// repeats reports whether a job that was done, and of which the queue knows that, is done again when it comes again: in a table
// somebody has put the row back; and where repeating costs nothing it is done, as an ID and a body may be another job's.
func (s *source) repeats() bool {
	return !s.r.keyed() && (s.r.inbox.Traits().Sure || s.r.cfg.Effect == jobs.EffectNone)
}

// keyed reports whether jobs are told from one another by a key of the user's.
func (r *session) keyed() bool {
	return len(r.cfg.Key.Columns) > 0 && r.cfg.Key.Columns[0] != arrivals.JobColumn
}

// adopted is where in the spool the records of this session begin.
func (s *source) adopted() int64 { return s.r.spooled() }

// givesBack reports whether a record that is to be tried again is given back to its queue until then. It is held where that is
// soon, as others need not have it meanwhile, and where the queue cannot wait.
func (s *settler) givesBack(t *try, d *decision) bool {
	if s.inbox == nil {
		return false
	}
	if s.inbox.Redoes(t.Seq) {
		return false
	}
	lease, held := s.inbox.Holds(t.Seq)
	if !held || s.ending() {
		return true
	}
	if lease == 0 {
		lease = shortestLease
	}
	return s.inbox.Traits().Delays && d.after > lease/2
}

// shortestLease is that of a queue that has not said how long it is.
const shortestLease = time.Second

// giveBack ends a record that is to be tried again, but by another delivery.
func (s *settler) giveBack(u *settlement, t *try, d *decision, out *sink.Outcome) {
	text := "it is given back to the queue, to be tried again"
	if d.after > 0 {
		text += " in " + d.after.Round(time.Millisecond).String()
	}
	if d.error != "" {
		text += ": " + d.error
	}
	u.after, u.tries = d.after, max(d.next-1, 0)
	s.finish(u, t, ledger.Outcome{Status: jobs.StatusSkipped, Class: jobs.ClassReleased, Error: text}, out)
	u.after, u.tries = 0, 0
}

// owe adds to a settlement what the queue is to be answered for a record that is final.
func (s *settler) owe(u *settlement, seq jobs.Seq, o *ledger.Outcome, out *sink.Outcome) {
	if s.inbox == nil {
		return
	}
	took := out.Elapsed
	if out.Attempts == 0 {
		took = -1
	}
	owed, ok := s.inbox.Ended(seq, took)
	if !ok {
		return
	}
	verb := queue.Done
	switch o.Status {
	case jobs.StatusFailed:
		verb = queue.Failed
	case jobs.StatusUnknown:
		verb = queue.Park
	case jobs.StatusSkipped:
		if o.Class == jobs.ClassReleased {
			verb = queue.Later
		}
	case jobs.StatusOK, jobs.StatusPending:
	}
	owed.At, owed.After, owed.Answered = time.Now(), u.after, ledger.ReplyOwed
	if owed.Verb != "" { // as it was before
		u.Owed = append(u.Owed, owed)
		return
	}
	owed.Verb, owed.Status, owed.Error = verb.String(), o.Status, o.Error
	owed.Tries = max(owed.Tries, out.Attempts, o.Attempts)
	if verb == queue.Later {
		owed.Tries = max(u.tries, owed.Tries-out.Attempts)
	}
	if s.inbox.Traits().Results && verb != queue.Later {
		owed.Result = s.resultOf(out)
	}
	u.Owed = append(u.Owed, owed)
}

// resultOf is what a job came to, as a JSON object of its columns; of one that only prints, what that was.
func (s *settler) resultOf(out *sink.Outcome) []byte {
	if out.Values == nil {
		if len(out.Text) == 0 {
			return []byte("{}")
		}
		return append(jobs.AppendJSONString([]byte(`{"output":`), out.Text), '}')
	}
	dst := []byte{'{'}
	for i, c := range s.cfg.Plan.Columns {
		if i >= len(out.Values) {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jobs.AppendJSONString(dst, []byte(c.Name)), ':')
		v := out.Values[i]
		switch {
		case c.JSON && len(v) == 0:
			dst = append(dst, "null"...)
		case c.JSON && json.Valid(v):
			dst = jobs.AppendOneLine(dst, v)
		default:
			dst = jobs.AppendJSONString(dst, v)
		}
	}
	return append(dst, '}')
}

// admitTried queues the record at hand as the next try of a job that has been tried before.
func (s *source) admitTried(it feed.Item) error {
	rec := s.record()
	s.loose++
	if err := s.admission.flush(); err != nil {
		return err
	}
	return s.r.feed.Admit(&feed.Retry{Item: it, Attempt: s.tried + 1, Due: time.Now(), Key: s.r.keyFor(rec), Body: s.body(rec)}, 0)
}
