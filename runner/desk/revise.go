package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Revise changes a column of an output that is complete, as its job wants it: see jobs.Definition.Revise. A new file takes
// the place of the old one as in ApplyAmendments, so it can be cut off anywhere, and is done again by whoever
// comes next; where all rows have what they are to have, nothing is written.
func Revise(ctx context.Context, l *ledger.Ledger, cfg *spec.Config, wanted func(*spec.Config) (*jobs.Revision, error)) error {
	if Results(cfg) == nil {
		return nil
	}
	path, err := filepath.EvalSymlinks(cfg.Output)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOutputGone, err)
	}
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return err //nolint:wrapcheck // it names the file; or there is a pipe or a device, and what is written is written
	}
	rev, err := wanted(cfg)
	if err != nil {
		return &spec.WriteError{Err: fmt.Errorf("revise the results: %w", err)}
	}
	if rev == nil {
		return nil
	}
	err = replace(ctx, l, path, func(w *bufio.Writer, old io.ReaderAt) error { return copyRevised(w, old, path, cfg.OutputFormat, rev) })
	if errors.Is(err, errAsItIs) {
		return nil
	}
	return err
}

// errAsItIs says that no row would be another one.
var errAsItIs = errors.New("the results are as they are to be")

// copyRevised copies rows, with another value in a column of some.
func copyRevised(w *bufio.Writer, old io.ReaderAt, path string, format sink.Format, rev *jobs.Revision) error {
	failed := func(err error) error { return &spec.WriteError{Err: fmt.Errorf("revise the results: %w", err)} }
	rows, err := form.Open(path, format)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = rows.Close() }()
	var rec dataset.Record
	changed := false
	for seq := jobs.Seq(0); ; seq++ {
		err := rows.Next(&rec)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && form.Broken(rows, &rec) {
			err = rec.Err
		}
		if err != nil {
			return failed(err)
		}
		if seq == 0 { // what stands before it is the header
			if _, err := io.Copy(w, io.NewSectionReader(old, 0, rec.Pos.Offset)); err != nil {
				return failed(err)
			}
		}
		row := slices.Concat(rec.Raw, []byte{'\n'})
		if v, other := rev.Of(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: rows.Shape()}); other {
			changed = true
			raw, values := format.With(rec.Raw, rec.Values, rows.Shape().Columns, map[string]string{rev.Column: string(v)})
			row = format.Row(raw, values)
		}
		if _, err := w.Write(row); err != nil {
			return failed(err)
		}
	}
	if !changed {
		return errAsItIs
	}
	return nil
}
