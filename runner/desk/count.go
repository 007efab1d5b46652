package desk

import (
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"io"
)

// CountRecords counts the records of a run's dataset, by reading it.
func CountRecords(ctx context.Context, dir *home.Dir, r *ledger.Reader, cfg *spec.Config) (n uint64, err error) {
	in, err := openCopy(ctx, dir, r, cfg)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	var rec dataset.Record
	for ; ctx.Err() == nil; n++ {
		err := in.Reader.Next(&rec)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, intake.ReadError(err)
		}
	}
	return 0, ctx.Err()
}
