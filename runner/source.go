package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/dataset"
	"brood/runner/feed"
	"brood/runner/guard"
	"brood/runner/intake"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// source reads the dataset into blocks, and leaves out what is final already.
type source struct {
	r         *session
	reader    *dataset.Reader
	seq       jobs.Seq // of the next record
	rec       dataset.Record
	block     *feed.Block
	bad       *settlement // results of rows that cannot be read, or are duplicates
	admission *admission
	loose     int          // records of this block that were queued by themselves
	rows      *guard.Alike // whether the first rows are all bad

	// chooser says which records are to be worked on, and chosen how many of those that have
	// been read were, if Config.RecordLimit counts them.
	chooser *intake.Chooser
	chosen  uint64

	same func(*jobs.Record) []byte // see jobs.Definition.Same; nil: none are

	past        *book.Past
	corrections intake.Corrections
	// skip is which records of the chunk at hand are final, or nil.
	skip *book.Bitmap
}

// read is the source's goroutine.
func (s *source) read(ctx context.Context) error {
	defer s.r.feed.End()
	if err := s.begin(); err != nil {
		return err
	}
	thrifty := false
	for {
		if s.block = s.r.feed.Blank(ctx); s.block == nil {
			return nil
		}
		more, err := s.fill(ctx)
		err = errors.Join(err, s.admission.flush())
		s.r.book.NoteInput(s.seq)
		if why := s.tooMany(); why != nil {
			s.r.stopFor(why)
			return nil
		}
		s.r.feed.Push(s.block)
		s.sendBad()
		if err != nil || !more {
			return err
		}
		if !thrifty {
			beThrifty() // it is more than a block
			thrifty = true
		}
	}
}

// begin goes to the first chunk that is not done.
func (s *source) begin() error {
	if s.readsAll() {
		return nil
	}
	if at, ok := s.past.SkipFrom(0); ok {
		return s.jump(at)
	}
	return nil
}

// atLimit reports whether as many records have been read as there may be.
func (s *source) atLimit() bool {
	read := uint64(s.seq)
	if s.countsChosen() {
		read = s.chosen
	}
	return s.r.cfg.RecordLimit > 0 && read >= s.r.cfg.RecordLimit
}

// tooMany is why the run may not have as many records as were read, see jobs.Plan.Most.
func (s *source) tooMany() *spec.AbortError {
	read := uint64(s.seq)
	if s.countsChosen() {
		read = s.chosen
	}
	if most := s.r.cfg.Plan.Most; most != nil && read > most.Records {
		return &spec.AbortError{Reason: most.Why}
	}
	return nil
}

// count counts the record at hand, as it stands in the dataset, unless it is left out.
func (s *source) count() {
	if !s.countsChosen() {
		return
	}
	if s.rec.Err == nil {
		if yes, err := s.chooser.Chooses(s.record()); !yes && err == nil {
			return
		}
	}
	s.chosen++
}

func (s *source) jump(chunk uint64) error {
	c := s.past.Chunks[chunk]
	s.seq = jobs.Seq(chunk * ledger.ChunkSize)
	err := s.reader.SeekTo(dataset.Position{File: c.File, Offset: c.Offset, Line: c.Line})
	if err != nil {
		return intake.ReadError(err)
	}
	return nil
}

// fill fills the block, as far as that is possible without waiting for
// standard input, and reports whether there may be more.
func (s *source) fill(ctx context.Context) (bool, error) {
	s.loose = 0
	for s.loose < looseRecords && !s.block.Full() && (s.bad == nil || !s.bad.Large()) {
		if ctx.Err() != nil {
			return false, nil //nolint:nilerr // the run is ending
		}
		if s.atLimit() {
			s.r.book.InputEnds()
			return false, nil
		}
		if ready := s.reader.Ready(); !ready && (s.block.Len() > 0 || s.bad != nil || s.loose > 0) {
			return true, nil
		} else if !ready {
			if err := s.admission.flush(); err != nil {
				return false, err
			}
		} else if err := s.admission.flushOld(); err != nil {
			return false, err
		}
		if s.seq%ledger.ChunkSize == 0 {
			if err := s.enterChunk(uint64(s.seq / ledger.ChunkSize)); err != nil {
				return false, err
			}
		}
		err := s.reader.Next(&s.rec)
		if errors.Is(err, io.EOF) {
			if err := s.end(); err != nil {
				return false, err
			}
			s.r.book.InputEnds()
			return false, nil
		}
		if err != nil {
			if ctx.Err() != nil {
				return false, nil //nolint:nilerr // the run is ending, and has closed what is read
			}
			return false, intake.ReadError(err)
		}
		if s.seq%ledger.ChunkSize == 0 {
			p := s.rec.Pos
			s.r.book.NoteStart(uint64(s.seq/ledger.ChunkSize), p)
		}
		s.count()
		s.corrections.Apply(s.reader, s.seq, &s.rec)
		if err := s.admit(); err != nil {
			return false, err
		}
		s.seq++
	}
	return true, nil
}

// end is called when all of the dataset has been read. Of one that grows it says what is
// left for another time.
func (s *source) end() error {
	taken, err := s.reader.Taken()
	if err != nil {
		return intake.ReadError(err)
	}
	s.r.taken = taken
	if left := s.reader.Left(); left != nil {
		s.r.Term.Logf("%s has no line end yet, and is left for another time", s.r.placeAt(*left))
	}
	if s.reader.Grew() {
		how := "--input-changed=accept-append"
		if s.r.cfg.Dataset.WholeLines {
			how = "--append"
		}
		s.r.Term.Logf("the dataset has grown since it was opened; to take the new rows as well: brood resume %s %s", s.r.cfg.Name, how)
	}
	return nil
}

// enterChunk is called before the first record of a chunk is read. It passes
// over chunks that are done.
func (s *source) enterChunk(chunk uint64) error {
	if at, ok := s.past.SkipFrom(chunk); ok && !s.readsAll() {
		if err := s.jump(at); err != nil {
			return err
		}
		chunk = at
	}
	s.skip = s.past.TakeFinal(chunk)
	return nil
}

// admit puts the record at hand where it belongs.
func (s *source) admit() error {
	final := s.skip != nil && s.skip.Has(uint(s.seq%ledger.ChunkSize))
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

// looseRecords bounds how many records are queued by themselves before it is
// looked at whether there are too many.
const looseRecords = 4096

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

// record is the record at hand, as jobs know it. It is valid until the next one
// is read.
func (s *source) record() *jobs.Record {
	return &jobs.Record{Seq: s.seq, Attempt: 1, Raw: s.rec.Raw, Values: s.rec.Values, Shape: s.r.shape}
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

func (s *source) sendBad() {
	if s.bad != nil {
		s.r.updates <- s.bad.Update
		s.bad = nil
	}
}

// placeOf words where a record stands, for messages.
func (s *settler) placeOf(it *feed.Item) string {
	return s.placeAt(dataset.Position{File: int(it.File), Line: it.Line})
}

func (s *settler) placeAt(p dataset.Position) string { return intake.Place(&s.cfg.Dataset, p) }
