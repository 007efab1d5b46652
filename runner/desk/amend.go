package desk

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/home"
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
)

// Amend brings the output of a run that is done up to date, if that was cut off
// or could not be done before. An output that is gone, or is another file now, is
// let be, and warn is told.
func Amend(ctx context.Context, l *ledger.Ledger, cfg *spec.Config, warn Logf) error {
	if err := FinishAmending(ctx, l); err != nil {
		return err
	}
	sum, err := l.InTurn().Summary(ctx)
	if err != nil || sum.State != ledger.StateDone {
		return err
	}
	changed, err := ApplyAmendments(ctx, l, cfg)
	if err == nil && changed {
		return form.Make(cfg, form.Logf(warn))
	}
	var writeErr *spec.WriteError
	switch {
	case errors.Is(err, ErrOutputGone):
		out, readErr := l.InTurn().Output(ctx)
		if readErr != nil {
			return readErr
		}
		warn("%v; what was decided is in the ledger only", err)
		return l.Amend(ctx, out.Bytes, out.Sum, "")
	case errors.As(err, &writeErr):
		return &spec.WriteError{Err: fmt.Errorf("what was decided is in the ledger, and not yet in the results: %w; put that right, then run: brood resume %s", err, cfg.Name)}
	}
	return err
}

// ErrOutputGone is wrapped by errors about an output that is not there any more.
var ErrOutputGone = errors.New("the results are not where they were written")

// ApplyAmendments brings the output of a run that is done up to date with what was
// decided about its unknown records. In a table or in JSON Lines their rows are
// replaced: a complete new file is made beside the old one, then the ledger says
// that it counts, then it is renamed; FinishAmending does the last step if the
// process died before it. Plain text has no row for an unknown record: what a
// later try has brought is added at the end. It reports whether there was anything to do.
func ApplyAmendments(ctx context.Context, l *ledger.Ledger, cfg *spec.Config) (changed bool, err error) {
	list, err := l.InTurn().Amendments(ctx)
	if err != nil || len(list) == 0 {
		return false, err
	}
	return true, apply(ctx, l, cfg, list)
}

func apply(ctx context.Context, l *ledger.Ledger, cfg *spec.Config, list []ledger.Amendment) error {
	out, err := l.InTurn().Output(ctx)
	if err != nil {
		return err
	}
	path := out.Path
	if path != sink.Stdout {
		if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
			path = sink.Stdout // a pipe or a device: what is written is written
		}
	}
	if path == sink.Stdout || cfg.OutputFormat == sink.FormatText {
		return appendAmendments(ctx, l, list, out)
	}
	// Through a link, the file is replaced and not the link.
	if path, err = filepath.EvalSymlinks(path); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrOutputGone, err)
	} else if err != nil {
		return &spec.WriteError{Err: err}
	}
	return replace(ctx, l, path, amended(path, cfg.OutputFormat, list))
}

// replace puts another version in the place of the output, in steps that can be cut off anywhere.
func replace(ctx context.Context, l *ledger.Ledger, path string, version copier) error {
	tmp, newSize, newSum, err := rewrite(path, version)
	if err != nil {
		return err
	}
	if err := l.Amend(ctx, newSize, &newSum, tmp); err != nil {
		return &spec.WriteError{Err: err}
	}
	return FinishAmending(ctx, l)
}

// FinishAmending renames a new version of the output that the ledger counts on.
func FinishAmending(ctx context.Context, l *ledger.Ledger) error {
	tmp, err := l.InTurn().Replacement(ctx)
	if err != nil || tmp == "" {
		return err
	}
	out, err := l.InTurn().Output(ctx)
	if err != nil {
		return err
	}
	path := out.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	there, err := isReplacement(tmp, out.Bytes)
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	if there { // if not, it was renamed
		if err := os.Rename(tmp, path); err != nil {
			return &spec.WriteError{Err: err}
		}
	}
	if err := home.SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := l.Amended(ctx); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// isReplacement reports whether a new version of the output is there, and refuses what
// somebody else has put in its place.
func isReplacement(tmp string, size int64) (bool, error) {
	st, err := os.Lstat(tmp)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err == nil && (!st.Mode().IsRegular() || st.Size() != size) {
		err = fmt.Errorf("%s is not the new version of the results, of %d bytes, that was written there: something has replaced or cut it", tmp, size)
	}
	return err == nil, err
}

// appendAmendments writes what later tries have brought at the end of the
// output.
func appendAmendments(ctx context.Context, l *ledger.Ledger, list []ledger.Amendment, out ledger.Output) error {
	f, err := sink.Open(out.Path, sink.Start{Size: out.Bytes, Sum: out.Sum})
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	for _, a := range list {
		if err := f.Write(a.Bytes); err != nil {
			return errors.Join(&spec.WriteError{Err: err}, f.Close())
		}
	}
	if err := errors.Join(f.Flush(), f.Sync(), f.Close()); err != nil {
		return &spec.WriteError{Err: err}
	}
	sum := f.Sum()
	if err := l.Amend(ctx, f.Size(), &sum, ""); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// copier writes another version of the output.
type copier func(w *bufio.Writer, old io.ReaderAt) error

// amended is the output with the rows of records replaced.
func amended(path string, format sink.Format, list []ledger.Amendment) copier {
	byRecord := make(map[jobs.Seq]*ledger.Amendment, len(list))
	for i := range list {
		byRecord[list[i].Seq] = &list[i]
	}
	return func(w *bufio.Writer, old io.ReaderAt) error {
		err := copyAmended(w, old, path, format, byRecord)
		if err == nil && len(byRecord) > 0 {
			err = fmt.Errorf("%w: %d decided records have no row in %s, so something has replaced or cut it", ErrOutputGone, len(byRecord), path)
		}
		return err
	}
}

// rewrite writes another version of the output to a file beside it. It returns
// where that is, how long, and its CRC-32C; it is durable, and so is its name.
func rewrite(path string, version copier) (tmp string, size int64, sum uint32, err error) {
	old, err := os.Open(path)
	if err != nil {
		return "", 0, 0, &spec.WriteError{Err: err}
	}
	defer func() { _ = old.Close() }()
	st, err := old.Stat()
	if err != nil {
		return "", 0, 0, &spec.WriteError{Err: err}
	}
	f, err := files.Create(path, 0o600)
	if err != nil {
		return "", 0, 0, &spec.WriteError{Err: err}
	}
	w := bufio.NewWriterSize(f, 256<<10)
	if err = version(w, old); err == nil {
		if err = errors.Join(w.Flush(), f.Like(st)); err == nil {
			size, err = f.Seek(0, io.SeekCurrent)
		}
		if err == nil {
			sum, err = sink.SumOf(f, size)
		}
		if err != nil {
			err = &spec.WriteError{Err: err}
		}
	}
	if err != nil {
		return "", 0, 0, errors.Join(err, f.Discard())
	}
	if tmp, err = f.Keep(); err != nil {
		return "", 0, 0, &spec.WriteError{Err: err}
	}
	return tmp, size, sum, nil
}

// copyAmended copies rows, and takes those that it replaces off the map.
func copyAmended(w *bufio.Writer, old io.ReaderAt, path string, format sink.Format, byRecord map[jobs.Seq]*ledger.Amendment) error {
	rows, err := form.Open(path, format)
	if st, statErr := os.Stat(path); err != nil && statErr == nil && st.Size() == 0 {
		return fmt.Errorf("%w: %s has been emptied", ErrOutputGone, path)
	}
	if err != nil {
		return &spec.WriteError{Err: fmt.Errorf("read results: %w", err)}
	}
	defer func() { _ = rows.Close() }()
	var rec dataset.Record
	var current *ledger.Amendment // of the row before
	for first := true; ; first = false {
		err := rows.Next(&rec)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &spec.WriteError{Err: fmt.Errorf("read results: %w", err)}
		}
		if first { // what stands before it is the header
			if _, err := io.Copy(w, io.NewSectionReader(old, 0, rec.Pos.Offset)); err != nil {
				return &spec.WriteError{Err: err}
			}
		}
		seq, ok := format.SeqOf(rec.Raw, rec.Values)
		// A record of several rows has all of them behind one another.
		again := ok && rec.Err == nil && current != nil && current.Seq == seq
		if !again {
			current = nil
			if ok && rec.Err == nil {
				current = byRecord[seq]
				delete(byRecord, seq)
			}
		}
		switch {
		case current == nil:
			_, _ = w.Write(rec.Raw)
			err = w.WriteByte('\n')
		case current.Decision != ledger.DecideRetry:
			status := jobs.StatusOK
			if current.Decision == ledger.DecideFailed {
				status = jobs.StatusFailed
			}
			raw, values := format.With(rec.Raw, rec.Values, rows.Shape().Columns, current.Values)
			_, err = w.Write(format.Patch(raw, values, status, jobs.ClassResolved, current.Reason))
		case !again:
			_, err = w.Write(current.Bytes)
		}
		if err != nil {
			return &spec.WriteError{Err: err}
		}
	}
}
