package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/worker/wire"
	"fmt"
	"strings"
	"time"
)

// admit puts the record at hand where it belongs.
func (s *source) admit() error {
	final := s.skip != nil && s.skip.Has(uint(s.seq%ledger.ChunkSize))
	if s.r.inbox != nil {
		if settled, err := s.deliver(final); settled || err != nil {
			return err
		}
	}
	if final && s.admission == nil {
		return nil
	}
	rec := &s.rec
	if rec.Err != nil {
		if !final {
			s.refuse(jobs.StatusFailed, jobs.ClassInput, rec.Err.Error())
		}
		return nil // a bad row is an outcome
	}
	if s.chooser != nil && !s.choose(final) {
		return nil
	}
	if s.admission != nil {
		if done, err := s.admitKey(final); done || err != nil {
			return err
		}
	}
	s.rows.Differs()
	it := feed.Item{Seq: s.seq, Line: rec.Pos.Line, Offset: rec.Pos.Offset, File: int32(rec.Pos.File)}
	if s.r.feed.Keyed() {
		it.Pace = s.r.feed.PaceKey(s.record())
	}
	var asks []byte // what it has in common with others
	if s.same != nil {
		asks = s.same(s.record())
	}
	if note, left := s.past.Notes[s.seq]; left {
		s.lead(asks)
		return s.settleLeft(it, note)
	}
	taken, err := s.admission.take(s.record(), &it)
	if err != nil {
		return err
	}
	if taken != nil {
		s.refuseTaken(taken)
		return nil
	}
	if known, waits := s.past.Retries[s.seq]; waits {
		s.lead(asks)
		return s.admitRetry(it, known)
	}
	if len(asks) > 0 {
		if parked, err := s.park(it, asks); parked || err != nil {
			return err
		}
	}
	if s.tried > 0 {
		return s.admitTried(it)
	}
	if s.r.feed.Keyed() {
		return s.admitLoose(it)
	}
	var key []byte
	if s.admission != nil && s.r.feed.NeedsIntents() {
		key = s.admission.key[:]
	}
	s.block.Add(&it, s.r.shape, rec.Raw, rec.Values, s.r.cfg.Plan.NeedsRaw, key)
	return nil
}

// admitLoose queues the record at hand by itself, as its key decides when it may
// start.
func (s *source) admitLoose(it feed.Item) error {
	rec := s.record()
	s.loose++
	if err := s.admission.flush(); err != nil {
		return err
	}
	return s.r.feed.Admit(&feed.Retry{Item: it, Attempt: 1, Due: s.r.feed.Schedule(&it), Key: s.r.keyFor(rec), Body: s.body(rec)}, 0)
}

// lead has those behind the record at hand that ask the same wait for it.
func (s *source) lead(asks []byte) {
	if len(asks) > 0 {
		s.r.feed.Lead(s.seq, asks)
	}
}

// park parks the record at hand if one that asks the same is on its way, and reports that.
func (s *source) park(it feed.Item, asks []byte) (bool, error) {
	if err := s.admission.flush(); err != nil {
		return false, err
	}
	parked, err := s.r.feed.Park(s.seq, asks, func() *feed.Retry {
		rec := s.record()
		return &feed.Retry{Item: it, Attempt: 1, Key: s.r.keyFor(rec), Body: s.body(rec)}
	})
	if parked {
		s.loose++
	}
	return parked, err
}

// admitKey looks at the key of the record at hand, and reports whether that
// settles it.
func (s *source) admitKey(final bool) (done bool, err error) {
	ok, first, err := s.admission.see(s.record(), s.rec.Pos)
	switch {
	case err != nil:
		return true, &spec.WriteError{Err: err}
	case final:
		return true, nil
	case !ok:
		s.refuse(jobs.StatusFailed, jobs.ClassInput, fmt.Sprintf("%s: it has no key: %s is empty", s.r.placeAt(s.rec.Pos), strings.Join(s.r.cfg.Key.Columns, ", ")))
	case first != nil:
		text := fmt.Sprintf("duplicate of line %d", first.Line)
		if first.File != s.rec.Pos.File {
			text += " of " + s.r.cfg.Dataset.Name(first.File)
		}
		s.refuse(jobs.StatusSkipped, jobs.ClassDuplicate, text)
	default:
		return false, nil
	}
	return true, nil
}

// leaveRetry ends the wait for another try of the record at hand, which has just been refused.
func (s *source) leaveRetry() {
	if _, waits := s.past.Retries[s.seq]; waits {
		delete(s.past.Retries, s.seq)
		s.bad.LeftRetries = append(s.bad.LeftRetries, s.seq)
	}
}

// admitRetry queues a record that the ledger knows to be waiting for a retry.
func (s *source) admitRetry(it feed.Item, known ledger.Retry) error {
	delete(s.past.Retries, s.seq)
	it.Waited = true
	it.FirstSentMS = known.First.UnixMilli()
	rec := s.record()
	if err := s.admission.flush(); err != nil {
		return err
	}
	return s.r.feed.Admit(&feed.Retry{
		Item: it, Attempt: known.Attempts + 1, Due: known.Due, Suspect: known.Crashes > 0, Key: s.r.keyFor(rec), Body: s.body(rec),
	}, known.Crashes)
}

// settleLeft settles a record that was in hand, or had been answered, when the
// last session ended.
func (s *source) settleLeft(it feed.Item, note ledger.Note) error {
	taken, err := s.admission.take(s.record(), &it)
	if err == nil {
		err = s.admission.flush()
	}
	if err != nil {
		return err
	}
	known, waits := s.past.Retries[s.seq]
	delete(s.past.Retries, s.seq)
	delete(s.past.Notes, s.seq)
	it.Waited = waits
	it.FirstSentMS = note.First.UnixMilli()
	rec := s.record()
	rec.Attempt = note.Attempt
	s.r.feed.Adopt()
	s.r.feed.SetCrashes(s.seq, known.Crashes)
	u := newSettlement()
	if err := s.r.settleNote(u, &try{Item: it, rec: rec, body: s.body(rec)}, &note); err != nil {
		return err
	}
	if taken != nil && len(u.again) > 0 {
		// It was not done, and another run has done it, or will: its key had
		// been given back, or was forgotten.
		u.again, u.Retries = nil, u.Retries[:0]
		s.r.finish(u, &try{Item: it, rec: rec}, ledger.Outcome{Status: jobs.StatusSkipped, Class: jobs.ClassDuplicate, Error: takenBy(taken)}, &sink.Outcome{})
	}
	return s.r.send(u)
}

func (s *source) body(rec *jobs.Record) []byte {
	return wire.AppendBody(nil, s.r.shape, rec.Raw, rec.Values, s.r.cfg.Plan.NeedsRaw)
}

func takenBy(t *keys.Taken) string {
	return fmt.Sprintf("another run has it: %s is of line %d of run %s, since %s", t.Key, t.Line, t.Run, t.At)
}

// refuseTaken settles a record that another run of the scope has.
func (s *source) refuseTaken(t *keys.Taken) {
	s.refuse(jobs.StatusSkipped, jobs.ClassDuplicate, takenBy(t))
	s.leaveRetry()
}

// refuse settles a record without a worker.
func (s *source) refuse(status jobs.Status, class jobs.Class, text string) {
	if s.bad == nil {
		s.bad = newSettlement()
	}
	rec, o := s.record(), ledger.Outcome{
		Seq: s.seq, Status: status, Class: class, Error: text, At: time.Now(),
		Place: ledger.Place{File: s.rec.Pos.File, Line: s.rec.Pos.Line, Offset: s.rec.Pos.Offset},
	}
	s.r.row(s.bad, rec, 0, o, &sink.Outcome{})
	if class != jobs.ClassInput || s.rows.Over() {
		return
	}
	if all := s.rows.Bad(s.r.failureOf(rec, &o)); all != nil {
		s.r.stopFor(alikeError(s.r.cfg, all)) // more of them get no better by waiting
	}
}
