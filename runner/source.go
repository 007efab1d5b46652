package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/dataset"
	"brood/runner/feed"
	"brood/runner/guard"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/shard"
	"brood/runner/spec"
	"context"
	"errors"
	"io"
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

	// deal says which records are of this run; nil: all. Passed is how many that have been read are of
	// other shards, and closed whether the ledger knows that of the chunk at hand.
	deal   *shard.Deal
	passed uint64
	closed bool

	same func(*jobs.Record) []byte // see jobs.Definition.Same; nil: none are

	deliveries *ledger.Deliveries // of a run that works off a queue
	tried      int                // how often the record at hand was tried in earlier deliveries

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
	s.r.passed.Store(uint64(s.seq))
	thrifty := false
	for {
		if s.block = s.r.feed.Blank(ctx); s.block == nil {
			return nil
		}
		more, err := s.fill(ctx)
		err = errors.Join(err, s.admission.flush())
		s.r.book.NoteInput(s.seq, s.passed)
		s.r.passed.Store(uint64(s.seq))
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
			thrifty = true // it is more than a block
			if s.r.inbox == nil {
				beThrifty()
			}
		}
	}
}

// begin goes to the first chunk that is not done.
func (s *source) begin() error {
	if s.readsAll() {
		return nil
	}
	if at, ok := s.skipFrom(0); ok {
		return s.jump(at)
	}
	return nil
}

// skipFrom is the first chunk after those that are done and need not be read. Of a shard those must be from where the
// output ends: only who reads them knows of which records there are no results to wait for.
func (s *source) skipFrom(chunk uint64) (uint64, bool) {
	at, ok := s.past.SkipFrom(chunk)
	if ok && s.deal != nil && !s.r.cfg.Unordered {
		at = min(at, uint64(s.r.written/ledger.ChunkSize))
		ok = at > chunk
	}
	return at, ok
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
	if s.deal != nil { // by where they stand: who deals by keys reads all
		s.passed = uint64(s.seq) - s.deal.Part().Before(uint64(s.seq))
	}
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
		if s.deal != nil && !s.mine() {
			s.pass()
			continue
		}
		s.corrections.Apply(s.reader, s.seq, &s.rec)
		if err := s.admit(); err != nil {
			return false, err
		}
		s.seq++
	}
	return true, nil
}

// mine reports whether the record at hand, as it stands in the dataset, is of this shard.
func (s *source) mine() bool {
	if !s.deal.Keyed() {
		return s.deal.Part().OwnsSeq(s.seq)
	}
	return s.deal.Owns(s.record(), s.rec.Err == nil)
}

// pass leaves the record at hand to the shard that it is of.
func (s *source) pass() {
	if s.bad == nil {
		s.bad = newSettlement()
	}
	s.bad.Pass(s.seq, s.closed)
	s.passed++
	s.seq++
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
	if at, ok := s.skipFrom(chunk); ok && !s.readsAll() {
		if err := s.jump(at); err != nil {
			return err
		}
		chunk = at
	}
	c := s.past.Chunks[chunk]
	s.closed = c != nil && c.Closed
	s.skip = s.past.TakeFinal(chunk)
	return nil
}

// looseRecords bounds how many records are queued by themselves before it is
// looked at whether there are too many.
const looseRecords = 4096

// record is the record at hand, as jobs know it. It is valid until the next one
// is read.
func (s *source) record() *jobs.Record {
	return &jobs.Record{Seq: s.seq, Attempt: 1, Raw: s.rec.Raw, Values: s.rec.Values, Shape: s.r.shape}
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
