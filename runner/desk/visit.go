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

// visitRecords reads some records of the dataset, in its order.
func visitRecords(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, which []jobs.Seq, visit func(*jobs.Record) error) error {
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
		if rec.Err != nil {
			continue
		}
		if err := visit(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()}); err != nil {
			return err
		}
	}
	return nil
}
