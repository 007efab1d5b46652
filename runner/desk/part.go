package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"io"
)

// ReadUpTo is a position before which all records are that a run has read. Of one of a part of its dataset it is the
// end of a chunk, as its input is only what is its own.
func ReadUpTo(ctx context.Context, l *ledger.Reader, cfg *spec.Config) (uint64, error) {
	sum, err := l.Summary(ctx)
	if err != nil || cfg.Shard == nil {
		return sum.Totals.Input, err
	}
	chunks, err := l.Chunks(ctx, "0")
	if err != nil || len(chunks) == 0 {
		return 0, err
	}
	return (chunks[len(chunks)-1].Chunk + 1) * ledger.ChunkSize, nil
}

// Own says which records, of those before one, a run works on. Where they are dealt by their keys, the dataset is read.
func Own(ctx context.Context, dir *home.Dir, r *ledger.Reader, cfg *spec.Config, before uint64) (func(jobs.Seq) bool, error) {
	deal := cfg.Deal()
	switch {
	case deal == nil:
		return func(jobs.Seq) bool { return true }, nil
	case !deal.Keyed():
		return deal.Part().OwnsSeq, nil
	}
	in, err := openCopy(ctx, dir, r, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	var own []uint64 // a bit for each
	var rec dataset.Record
	for seq := jobs.Seq(0); uint64(seq) < before && ctx.Err() == nil; seq++ {
		if err := in.Reader.Next(&rec); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, intake.ReadError(err)
		}
		if seq%64 == 0 {
			own = append(own, 0)
		}
		if deal.Owns(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()}, rec.Err == nil) {
			own[seq/64] |= 1 << (seq % 64)
		}
	}
	return func(seq jobs.Seq) bool { return int(seq/64) < len(own) && own[seq/64]>>(seq%64)&1 != 0 }, ctx.Err()
}
