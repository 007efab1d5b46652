package desk

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/shard"
	"brood/runner/spec"
	"context"
	"errors"
	"io"
)

// Visit is told of a record, and how it ended otherwise than ok.
type Visit func(s *jobs.Shape, seq jobs.Seq, rec *dataset.Record, o *ledger.Outcome) error

// Export walks over the records of a run that have one of the given statuses,
// in the order of the dataset, as they stand now. Stretches without any are passed over
// where the ledger knows where they end. Those that are ok or pending come without an
// outcome, and those that were forgotten not at all. It returns what all records have in common.
func Export(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, want map[jobs.Status]bool, visit Visit) (*jobs.Shape, error) {
	in, err := openCopy(ctx, dir, l, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	x := &export{ctx: ctx, l: l, want: want, limit: cfg.RecordLimit, reader: in.Reader, deal: cfg.Deal(), visit: visit}
	if x.chooser, err = intake.NewChooser(cfg.Where, in.Reader.Shape()); err != nil {
		return nil, err
	}
	chunks, err := l.Chunks(ctx, ledger.BitsOfAll)
	if err != nil {
		return nil, err
	}
	if x.corrections, err = l.Corrections(ctx); err != nil {
		return nil, err
	}
	if x.gone, err = forgotten(ctx, l); err != nil {
		return nil, err
	}
	x.chunks = make(map[uint64]*ledger.Chunk, len(chunks))
	for i := range chunks {
		x.chunks[chunks[i].Chunk] = &chunks[i]
	}
	return in.Reader.Shape(), x.walk()
}

type export struct {
	ctx   context.Context
	l     *ledger.Reader
	want  map[jobs.Status]bool
	limit uint64
	// chooser says which of those that have not been read yet will be left out, and chosen how
	// many of those that have been were not, if the limit counts them.
	chooser *intake.Chooser
	chosen  uint64
	reader  *dataset.Reader
	deal    *shard.Deal // of those of which nothing is known, which are of the run
	visit   Visit
	chunks  map[uint64]*ledger.Chunk
	// corrections stand in place of records.
	corrections intake.Corrections
	gone        map[jobs.Seq]bool // were forgotten
	// Of the chunk at hand.
	status func(at uint) jobs.Status
	others map[uint]*ledger.Outcome
}

func (x *export) walk() error {
	var rec dataset.Record
	for seq := jobs.Seq(0); !x.atLimit(seq); seq++ {
		if seq%ledger.ChunkSize == 0 {
			at, err := x.enter(uint64(seq / ledger.ChunkSize))
			if err != nil {
				return err
			}
			seq = jobs.Seq(at * ledger.ChunkSize)
		}
		if err := x.reader.Next(&rec); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return intake.ReadError(err)
		}
		status := x.status(uint(seq % ledger.ChunkSize))
		if !x.chooses(seq, &rec, status) || !x.want[status] || x.gone[seq] {
			continue
		}
		if status == jobs.StatusPending && !x.deal.Owns(x.record(seq, &rec), rec.Err == nil) {
			continue
		}
		x.corrections.Apply(x.reader, seq, &rec)
		if err := x.visit(x.reader.Shape(), seq, &rec, x.others[uint(seq%ledger.ChunkSize)]); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) record(seq jobs.Seq, rec *dataset.Record) *jobs.Record {
	return &jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: x.reader.Shape()}
}

// atLimit reports whether there are no more records before one.
func (x *export) atLimit(seq jobs.Seq) bool {
	before := uint64(seq)
	if x.chooser != nil {
		before = x.chosen
	}
	return x.limit > 0 && before >= x.limit
}

// chooses reports whether a record is, or will be, one that is worked on or has been, or is
// settled as one that is not.
func (x *export) chooses(seq jobs.Seq, rec *dataset.Record, status jobs.Status) bool {
	if x.chooser == nil || status != jobs.StatusPending && x.limit == 0 {
		return true
	}
	if rec.Err == nil {
		yes, err := x.chooser.Chooses(x.record(seq, rec))
		if !yes && err == nil {
			return status != jobs.StatusPending
		}
	}
	x.chosen++
	return true
}

// enter goes to a chunk, or to the next one in which something is wanted.
func (x *export) enter(id uint64) (uint64, error) {
	at := id
	counts := x.chooser != nil && x.limit > 0
	for !counts && !x.any(x.chunks[at]) && x.chunks[at+1] != nil {
		at++
	}
	c := x.chunks[at]
	if at != id {
		if err := x.reader.SeekTo(dataset.Position{File: c.File, Offset: c.Offset, Line: c.Line}); err != nil {
			return 0, intake.ReadError(err)
		}
	}
	if c == nil {
		x.status, x.others = func(uint) jobs.Status { return jobs.StatusPending }, nil
		return at, nil
	}
	others, err := x.l.OutcomesIn(x.ctx, at)
	if err != nil {
		return 0, err
	}
	byPlace := make(map[uint]*ledger.Outcome, len(others))
	for i := range others {
		byPlace[uint(others[i].Seq%ledger.ChunkSize)] = &others[i]
	}
	x.others = byPlace
	bits := book.AllFinal()
	if c.Bits != nil {
		bits = &book.Bitmap{}
		bits.Load(c.Bits)
	}
	x.status = func(i uint) jobs.Status {
		if o := byPlace[i]; o != nil {
			return o.Status
		}
		if bits.Has(i) {
			return jobs.StatusOK
		}
		return jobs.StatusPending
	}
	return at, nil
}

// any reports whether a chunk may hold something that is wanted.
func (x *export) any(c *ledger.Chunk) bool {
	if c == nil || !c.Closed || x.want[jobs.StatusOK] {
		return true
	}
	return c.OK < ledger.ChunkSize
}
