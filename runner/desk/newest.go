package desk

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"fmt"
	"os"
	"time"
)

// CheckNewest compares a ledger that nobody writes to with the results. A row behind what
// the ledger counts on is of a record that was in hand when the last session was killed;
// if the ledger never gave that record out, then it is an older copy of the one that did.
// That cannot be seen from the ledger, nor from its seal, when both were put back. The
// error wraps ledger.ErrDamaged. Where doing a record again costs nothing, all is well.
func CheckNewest(ctx context.Context, r *ledger.Reader, cfg *spec.Config) error {
	if cfg.Effect == jobs.EffectNone || r.Migrated() {
		return nil
	}
	out, err := r.Output(ctx)
	// Of a run that counts on no results yet, what stands there may be another run's.
	if err != nil || out.Path == sink.Stdout || out.Bytes == 0 {
		return err
	}
	if st, err := os.Stat(out.Path); err != nil || !st.Mode().IsRegular() || st.Size() <= out.Bytes {
		return nil //nolint:nilerr // who opens the results says it better
	}
	if replaced, err := r.Replacement(ctx); err != nil || replaced != "" {
		return err
	}
	given, err := givenOut(ctx, r)
	if err != nil {
		return err
	}
	if seq, ok := firstRow(out, cfg.OutputFormat, func(seq jobs.Seq) bool { return !given(seq) }); ok {
		return fmt.Errorf("%w: it is older than the results: %s has a row of record %d, which this ledger never gave out", ledger.ErrDamaged, out.Path, seq)
	}
	return nil
}

// givenOut says of which records the ledger knows that they were, or may have been, done.
func givenOut(ctx context.Context, r *ledger.Reader) (func(jobs.Seq) bool, error) {
	epoch, last, err := r.LastSession(ctx)
	if err != nil {
		return nil, err
	}
	past, err := book.LoadPast(ctx, r)
	if err != nil {
		return nil, err
	}
	open := make(map[jobs.Seq]bool)
	if !last.Clean {
		err = r.OpenIntents(ctx, epoch, func(seq jobs.Seq, _ int, _ time.Time) { open[seq] = true })
	}
	return func(seq jobs.Seq) bool {
		_, noted := past.Notes[seq]
		return noted || open[seq] || past.IsFinal(seq)
	}, err
}

// firstRow looks for a row of a record that is ok and has a property, among the rows behind
// what the ledger counts on. Others may have ended without being given out. What cannot be
// read there proves nothing.
func firstRow(out ledger.Output, format sink.Format, has func(jobs.Seq) bool) (jobs.Seq, bool) {
	rows, err := form.Open(out.Path, format)
	if err != nil {
		return 0, false
	}
	defer func() { _ = rows.Close() }()
	if rows.SeekTo(dataset.Position{Offset: out.Bytes, Line: 1}) != nil {
		return 0, false
	}
	var rec dataset.Record
	for rows.Next(&rec) == nil {
		if rec.Err != nil {
			continue
		}
		seq, status, ok := format.EndOf(rec.Raw, rec.Values)
		if ok && status == jobs.StatusOK && has(seq) {
			return seq, true
		}
	}
	return 0, false
}
