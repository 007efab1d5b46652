package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/spec"
	"context"
)

// Failures calls add for each record of a run that has ended as one of the given statuses,
// in the order of the dataset, with why. Where the dataset is not what it was, the values of
// the records are not known. What is added is borrowed.
func Failures(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, want map[jobs.Status]bool, add func(*reasons.Failure)) error {
	failure := func(o *ledger.Outcome, values [][]byte) *reasons.Failure {
		place := intake.Place(&cfg.Dataset, dataset.Position{File: o.Place.File, Line: o.Place.Line})
		return &reasons.Failure{Seq: o.Seq, Place: place, Status: o.Status, Class: o.Class, Error: o.Error, Values: values}
	}
	if CheckInputs(ctx, l, true) == nil {
		begun := false // what was added cannot be taken back
		_, err := Export(ctx, dir, l, cfg, want, func(s *jobs.Shape, seq jobs.Seq, rec *dataset.Record, o *ledger.Outcome) error {
			if o == nil {
				return nil
			}
			var values [][]byte
			if rec.Err == nil {
				values = reasons.ValuesOf(&jobs.Record{Seq: seq, Raw: rec.Raw, Values: rec.Values, Shape: s})
			}
			add(failure(o, values))
			begun = true
			return nil
		})
		if err == nil || begun {
			return err
		}
	}
	end, err := ReadUpTo(ctx, l, cfg)
	if err != nil {
		return err
	}
	for chunk := uint64(0); chunk*ledger.ChunkSize < end; chunk++ {
		outcomes, err := l.OutcomesIn(ctx, chunk)
		if err != nil {
			return err
		}
		for i := range outcomes {
			if want[outcomes[i].Status] {
				add(failure(&outcomes[i], nil))
			}
		}
	}
	return nil
}
