package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/sink"
	"brood/runner/spec"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
)

// Results walks over the results of a run as they stand, one after the other: see
// jobs.Finished.Rows. Nil: they are no table, or went to standard output.
func Results(cfg *spec.Config) func() iter.Seq2[*jobs.Record, error] {
	return ResultsTo(cfg, math.MaxInt64)
}

// ResultsTo is Results, of the first so many bytes: what comes behind them in a run that is not done may be cut off.
func ResultsTo(cfg *spec.Config, bytes int64) func() iter.Seq2[*jobs.Record, error] {
	if cfg.Output == sink.Stdout || cfg.OutputFormat == sink.FormatText {
		return nil
	}
	return func() iter.Seq2[*jobs.Record, error] {
		return func(yield func(*jobs.Record, error) bool) {
			if st, err := os.Stat(cfg.Output); err == nil && (st.Size() == 0 || bytes == 0) {
				return // it ended before there was any
			}
			rows, err := form.Open(cfg.Output, cfg.OutputFormat)
			if err != nil {
				yield(nil, fmt.Errorf("read results: %w", err))
				return
			}
			defer func() { _ = rows.Close() }()
			var rec dataset.Record
			for seq := jobs.Seq(0); ; seq++ {
				err := rows.Next(&rec)
				if errors.Is(err, io.EOF) || err == nil && rec.Pos.Offset >= bytes {
					return
				}
				if err == nil && form.Broken(rows, &rec) {
					err = rec.Err
				}
				if err != nil {
					yield(nil, fmt.Errorf("read results: %w", err))
					return
				}
				if !yield(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: rows.Shape()}, nil) {
					return
				}
			}
		}
	}
}
