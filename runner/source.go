package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// source reads the dataset into blocks, and leaves out what is final already.
type source struct {
	r      *run
	reader *dataset.Reader
	seq    jobs.Seq // of the next record
	rec    dataset.Record
	block  *block
	bad    *update // results of rows that cannot be read
	keyed  bool    // intents hold the records' keys

	past *past
	// skip is which records of the chunk at hand are final, or nil.
	skip *bitmap
}

// read is the source's goroutine.
func (s *source) read(ctx context.Context) error {
	defer s.r.feed.end()
	if err := s.begin(); err != nil {
		return err
	}
	for {
		if s.block = s.r.feed.blank(ctx); s.block == nil {
			return nil
		}
		more, err := s.fill(ctx)
		s.r.noteInput(s.seq)
		s.r.feed.push(s.block)
		s.sendBad()
		if err != nil || !more {
			return err
		}
	}
}

// begin goes to the first chunk that is not done.
func (s *source) begin() error {
	if at, ok := s.past.skipFrom(0); ok {
		return s.jump(at)
	}
	return nil
}

func (s *source) jump(chunk uint64) error {
	c := s.past.chunks[chunk]
	s.seq = jobs.Seq(chunk * ledger.ChunkSize)
	err := s.reader.SeekTo(dataset.Position{File: c.File, Offset: c.Offset, Line: c.Line})
	if err != nil {
		return s.inputError(err)
	}
	return nil
}

func (s *source) inputError(err error) error {
	var spoolErr *dataset.WriteError
	if errors.As(err, &spoolErr) {
		return &WriteError{err}
	}
	return &DatasetError{err}
}

// fill fills the block, as far as that is possible without waiting for
// standard input, and reports whether there may be more.
func (s *source) fill(ctx context.Context) (bool, error) {
	for len(s.block.data) < blockBytes && len(s.block.items) < blockRecords && !s.bad.large() {
		if ctx.Err() != nil {
			return false, nil //nolint:nilerr // the run is ending
		}
		if s.r.cfg.Limit > 0 && uint64(s.seq) >= s.r.cfg.Limit {
			s.r.inputDone.Store(true)
			return false, nil
		}
		if (len(s.block.items) > 0 || s.bad != nil) && !s.reader.Ready() {
			return true, nil
		}
		if s.seq%ledger.ChunkSize == 0 {
			if err := s.enterChunk(uint64(s.seq / ledger.ChunkSize)); err != nil {
				return false, err
			}
		}
		err := s.reader.Next(&s.rec)
		if errors.Is(err, io.EOF) {
			s.r.inputDone.Store(true)
			return false, nil
		}
		if err != nil {
			if ctx.Err() != nil {
				return false, nil //nolint:nilerr // the run is ending, and has closed what is read
			}
			return false, s.inputError(err)
		}
		if s.seq%ledger.ChunkSize == 0 {
			p := s.rec.Pos
			s.r.book.noteStart(uint64(s.seq/ledger.ChunkSize), p)
		}
		if err := s.admit(); err != nil {
			return false, err
		}
		s.seq++
	}
	return true, nil
}

// enterChunk is called before the first record of a chunk is read. It passes
// over chunks that are done.
func (s *source) enterChunk(chunk uint64) error {
	if at, ok := s.past.skipFrom(chunk); ok {
		if err := s.jump(at); err != nil {
			return err
		}
		chunk = at
	}
	s.skip = s.past.takeFinal(chunk)
	return nil
}

// admit puts the record at hand where it belongs.
func (s *source) admit() error {
	if s.skip != nil && s.skip.has(uint(s.seq%ledger.ChunkSize)) {
		return nil
	}
	rec := &s.rec
	if rec.Err != nil {
		s.reject()
		return nil //nolint:nilerr // a bad row is an outcome
	}
	it := item{seq: s.seq, line: rec.Pos.Line, offset: rec.Pos.Offset, file: int32(rec.Pos.File)}
	if done, err := s.knownOf(&it); done || err != nil {
		return err
	}
	b := s.block
	var gap uint64
	if n := len(b.items); n > 0 {
		gap = uint64(s.seq - b.items[n-1].seq - 1)
	}
	b.data = wire.AppendRecordHead(b.data, gap, 1)
	b.data = wire.AppendBody(b.data, s.r.shape.Kind, rec.Raw, rec.Values, s.r.cfg.Plan.NeedsRaw)
	it.end = uint32(len(b.data))
	b.items = append(b.items, it)
	if s.keyed {
		key := s.r.cfg.Key.Sum(s.record())
		b.keys = append(b.keys, key[:]...)
	}
	return nil
}

// record is the record at hand, as jobs know it. It is valid until the next one
// is read.
func (s *source) record() *jobs.Record {
	return &jobs.Record{Seq: s.seq, Attempt: 1, Raw: s.rec.Raw, Values: s.rec.Values, Shape: s.r.shape}
}

// knownOf deals with a record of which earlier sessions have left something: it
// waits for a retry, or was in hand when the last one ended.
func (s *source) knownOf(it *item) (bool, error) {
	known, waits := s.past.retries[s.seq]
	note, left := s.past.notes[s.seq]
	if !waits && !left {
		return false, nil
	}
	delete(s.past.retries, s.seq)
	delete(s.past.notes, s.seq)
	rec := &jobs.Record{Seq: s.seq, Attempt: known.Attempts + 1, Raw: s.rec.Raw, Values: s.rec.Values, Shape: s.r.shape}
	body := wire.AppendBody(nil, s.r.shape.Kind, rec.Raw, rec.Values, s.r.cfg.Plan.NeedsRaw)
	if waits {
		it.waited = true
		it.first = known.First.UnixMilli()
	}
	if !left {
		x := &retry{item: *it, attempt: rec.Attempt, due: known.Due, alone: known.Crashes > 0, key: s.r.keyFor(rec), body: body}
		return true, s.r.feed.admit(x, known.Crashes)
	}
	it.first = note.First.UnixMilli()
	rec.Attempt = note.Attempt
	s.r.feed.adopt()
	s.r.feed.setCrashes(s.seq, known.Crashes)
	u := newUpdate()
	if err := s.r.settleNote(u, &try{item: *it, rec: rec, body: body}, &note); err != nil {
		return true, err
	}
	return true, s.r.send(u)
}

// reject settles a row that cannot be read, without a worker.
func (s *source) reject() {
	if s.bad == nil {
		s.bad = newUpdate()
	}
	s.bad.fail(s.r, &jobs.Record{Seq: s.seq, Raw: s.rec.Raw, Values: s.rec.Values, Shape: s.r.shape},
		ledger.Outcome{
			Seq: s.seq, Status: jobs.StatusFailed, Class: jobs.ClassInput, Error: s.rec.Err.Error(), At: time.Now(),
			Place: ledger.Place{File: s.rec.Pos.File, Line: s.rec.Pos.Line, Offset: s.rec.Pos.Offset},
		}, &sink.Outcome{})
}

func (s *source) sendBad() {
	if s.bad != nil {
		s.r.updates <- s.bad
		s.bad = nil
	}
}

// past is what earlier sessions have left for the source.
type past struct {
	chunks  map[uint64]*ledger.Chunk
	final   map[uint64]*bitmap // which records of chunks that are not closed are final
	retries map[jobs.Seq]ledger.Retry
	notes   map[jobs.Seq]ledger.Note
}

// isFinal reports whether a record is done.
func (p *past) isFinal(seq jobs.Seq) bool {
	id := uint64(seq / ledger.ChunkSize)
	if c := p.chunks[id]; c != nil && c.Closed {
		return true
	}
	b := p.final[id]
	return b != nil && b.has(uint(seq%ledger.ChunkSize))
}

// skipFrom returns the first chunk after closed ones, if chunk is closed and
// it is known where that one begins.
func (p *past) skipFrom(chunk uint64) (uint64, bool) {
	at := chunk
	best, found := uint64(0), false
	for {
		c, ok := p.chunks[at]
		if !ok {
			return best, found
		}
		if at > chunk {
			best, found = at, true
		}
		if !c.Closed {
			return best, found
		}
		at++
	}
}

// takeFinal returns which records of a chunk are final. A chunk that is closed
// but had to be read all the same, as nothing behind it is known, is all final.
func (p *past) takeFinal(chunk uint64) *bitmap {
	if c := p.chunks[chunk]; c != nil && c.Closed {
		return allFinal
	}
	b := p.final[chunk]
	delete(p.final, chunk)
	return b
}

// loadPast reads what earlier sessions have left.
func loadPast(ctx context.Context, l *ledger.Reader) (*past, error) {
	p := &past{
		chunks: make(map[uint64]*ledger.Chunk), final: make(map[uint64]*bitmap),
		retries: make(map[jobs.Seq]ledger.Retry), notes: make(map[jobs.Seq]ledger.Note),
	}
	chunks, err := l.Chunks(ctx, ledger.BitsOfOpen)
	if err != nil {
		return nil, err
	}
	for i := range chunks {
		c := &chunks[i]
		p.chunks[c.Chunk] = c
		if c.Closed {
			continue
		}
		final := &bitmap{}
		final.load(c.Bits)
		others, err := l.OutcomesIn(ctx, c.Chunk)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			final.set(uint(o.Seq%ledger.ChunkSize), 1)
		}
		p.final[c.Chunk] = final
	}
	waiting, err := l.Retries(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range waiting {
		p.retries[r.Seq] = r
	}
	left, err := l.Notes(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range left {
		p.notes[n.Seq] = n
	}
	return p, nil
}

// placeOf words where a record stands, for messages.
func (r *run) placeOf(it *item) string {
	path := r.cfg.Dataset.Paths[it.file]
	if path == dataset.Stdin {
		path = "stdin"
	}
	return fmt.Sprintf("%s:%d", path, it.line)
}
