package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"fmt"
	"slices"
)

// readCorrections reads what stands in place of records.
func readCorrections(ctx context.Context, l *ledger.Reader) (intake.Corrections, error) {
	return l.Corrections(ctx)
}

// visitRecords reads some records of the dataset, in its order. Those that cannot be read
// are passed over.
func visitRecords(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, which []jobs.Seq, visit func(*jobs.Record) error) error {
	return visitAll(ctx, dir, l, cfg, which, func(r *dataset.Reader, seq jobs.Seq, rec *dataset.Record) error {
		if rec.Err != nil {
			return nil //nolint:nilerr // passed over, as said above
		}
		return visit(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: r.Shape()})
	})
}

// visitAll reads some records of the dataset, in its order, as they stand now.
func visitAll(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, which []jobs.Seq, visit func(*dataset.Reader, jobs.Seq, *dataset.Record) error) error {
	in, err := openCopy(ctx, dir, l, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	chunks, err := l.Chunks(ctx, "0")
	if err != nil {
		return err
	}
	starts := make(map[uint64]dataset.Position, len(chunks))
	for _, c := range chunks {
		starts[c.Chunk] = dataset.Position{File: c.File, Offset: c.Offset, Line: c.Line}
	}
	corrections, err := readCorrections(ctx, l)
	if err != nil {
		return err
	}
	slices.Sort(which)
	var rec dataset.Record
	next := jobs.Seq(0)
	for _, seq := range which {
		chunk := uint64(seq / ledger.ChunkSize)
		if at, ok := starts[chunk]; ok && chunk > uint64(next/ledger.ChunkSize) {
			if err := in.Reader.SeekTo(at); err != nil {
				return intake.ReadError(err)
			}
			next = jobs.Seq(chunk * ledger.ChunkSize)
		}
		for ; next <= seq; next++ {
			if err := in.Reader.Next(&rec); err != nil {
				return &spec.DatasetError{Err: fmt.Errorf("read record %d: %w", seq, err)}
			}
		}
		corrections.Apply(in.Reader, seq, &rec)
		if err := visit(in.Reader, seq, &rec); err != nil {
			return err
		}
	}
	return nil
}

// Where says where a record stands, as file:line.
func Where(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, seq jobs.Seq) (place string, err error) {
	err = visitAll(ctx, dir, l, cfg, []jobs.Seq{seq}, func(_ *dataset.Reader, _ jobs.Seq, rec *dataset.Record) error {
		place = intake.Place(&cfg.Dataset, rec.Pos)
		return nil
	})
	return place, err
}
