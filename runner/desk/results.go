package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/sink"
	"brood/runner/spec"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Results walks over the results of a run as they stand, one after the other: see
// jobs.Finished.Rows. Nil: they are no table, or went to standard output.
func Results(cfg *spec.Config) func() iter.Seq2[*jobs.Record, error] {
	if cfg.Output == sink.Stdout || cfg.OutputFormat == sink.FormatText {
		return nil
	}
	return func() iter.Seq2[*jobs.Record, error] {
		return func(yield func(*jobs.Record, error) bool) {
			rows, err := openRows(cfg.Output, cfg.OutputFormat)
			if err != nil {
				yield(nil, fmt.Errorf("read results: %w", err))
				return
			}
			defer func() { _ = rows.Close() }()
			var rec dataset.Record
			for seq := jobs.Seq(0); ; seq++ {
				err := rows.Next(&rec)
				if errors.Is(err, io.EOF) {
					return
				}
				if err == nil && rec.Err != nil {
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
