package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Verify checks what there is of a run: its ledger, the books in it, the results, and the
// dataset. Of a run that is alive only what can be told while it writes. An error means that
// it could not look; what is wrong is a finding.
func Verify(ctx context.Context, dir *home.Dir, live bool) ([]jobs.Finding, error) {
	v := &verification{dir: dir, live: live}
	path := dir.File(ledger.FileName)
	if !live {
		if !v.note("ledger", "it is what was written, page by page", ledger.Verify(ctx, path)) {
			return v.found, nil
		}
	}
	r, err := ledger.OpenReader(ctx, path)
	if err != nil {
		if errors.Is(err, ledger.ErrDamaged) {
			v.note("ledger", "", err)
			return v.found, nil
		}
		return nil, err
	}
	defer func() { _ = r.Close() }()
	cfg, sum, err := ReadConfig(ctx, r)
	if !v.note("configuration", "job "+sum.Job+", state "+string(sum.State), err) {
		return v.found, nil
	}
	totals, err := r.Recount(ctx, live)
	v.note("books", totals.String(), err)
	if !live {
		if err := CheckNewest(ctx, r, cfg); err != nil {
			v.note("ledger", "", err)
		}
	}
	if err := v.files(ctx, r, cfg); err != nil {
		return nil, err
	}
	return v.found, nil
}

type verification struct {
	dir   *home.Dir
	live  bool
	found []jobs.Finding
}

// note notes a finding, and reports whether it is a good one.
func (v *verification) note(what, text string, err error) bool {
	if err != nil {
		text = err.Error()
	}
	v.found = append(v.found, jobs.Finding{What: what, OK: err == nil, Text: text})
	return err == nil
}

// files checks what the ledger says of files.
func (v *verification) files(ctx context.Context, r *ledger.Reader, cfg *spec.Config) error {
	out, err := r.Output(ctx)
	if err != nil {
		return err
	}
	text, err := checkResults(out, v.live)
	v.note("results", text, err)
	if slices.Contains(cfg.Dataset.Paths, dataset.Stdin) {
		known, err := r.Spooled(ctx)
		if err != nil {
			return err
		}
		v.note(copied(cfg), fmt.Sprintf("%d bytes", known.Bytes), checkSpool(v.dir.StdinPath(), known))
	}
	if cfg.Queue == nil {
		v.note("dataset", "it is what it was when the run began", CheckInputs(ctx, r, false))
	} else if err := v.answers(ctx, r); err != nil {
		return err
	}
	if cfg.OncePer != "" {
		v.note("keys", "scope "+cfg.OncePer, keys.Verify(ctx, keys.ScopePath(v.dir.State(), cfg.OncePer)))
	}
	return nil
}

// CheckResults compares the results of a run that is done with what its ledger says of
// them.
func CheckResults(ctx context.Context, r *ledger.Reader) error {
	out, err := r.Output(ctx)
	if err != nil {
		return err
	}
	if _, err := checkResults(out, false); err != nil {
		return fmt.Errorf("the run is done, but its results are not where they were written, or not as they were: %w", err)
	}
	return nil
}

// checkResults compares the results file with what the ledger says of it.
func checkResults(out ledger.Output, live bool) (string, error) {
	if out.Path == sink.Stdout {
		return fmt.Sprintf("%d bytes went to standard output", out.Bytes), nil
	}
	f, err := os.Open(out.Path)
	if errors.Is(err, fs.ErrNotExist) && out.Bytes == 0 {
		return "no byte was written to " + out.Path, nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	if st.IsDir() {
		return "", fmt.Errorf("%s is a directory, and %d bytes of results were written to a file there", out.Path, out.Bytes)
	}
	if st.Mode().Type() != 0 {
		return fmt.Sprintf("%d bytes went to %s, which is no file", out.Bytes, out.Path), nil
	}
	if st.Size() < out.Bytes {
		return "", fmt.Errorf("%s has %d bytes, and %d bytes of results were written to it", out.Path, st.Size(), out.Bytes)
	}
	if out.Sum != nil {
		sum, err := sink.SumOf(f, out.Bytes)
		if err != nil {
			return "", &fs.PathError{Op: "read", Path: out.Path, Err: err}
		}
		if sum != *out.Sum {
			return "", fmt.Errorf("the first %d bytes of %s are not the results that were written to it", out.Bytes, out.Path)
		}
	}
	text := fmt.Sprintf("%d bytes in %s", out.Bytes, out.Path)
	if more := st.Size() - out.Bytes; more > 0 && !live {
		text += fmt.Sprintf(", and %d more that a resume will write anew", more)
	}
	return text, nil
}

// copied is what the run's spool is a copy of.
func copied(cfg *spec.Config) string {
	if cfg.Queue != nil {
		return "copy of what arrived"
	}
	if cfg.Query != nil {
		return "copy of the answer"
	}
	return "copy of standard input"
}

// answers says how the queue was answered.
func (v *verification) answers(ctx context.Context, r *ledger.Reader) error {
	n, err := r.Replies(ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%d confirmed, %d owed", n[ledger.ReplyConfirmed], n[ledger.ReplyOwed])
	if lost := n[ledger.ReplyLost] + n[ledger.ReplyGone]; lost > 0 {
		text += fmt.Sprintf(", %d that the queue did not want any more", lost)
	}
	v.note("answers", text, nil)
	return nil
}

// checkSpool compares the copy of standard input with what the ledger says of it.
func checkSpool(path string, known ledger.Spooled) error {
	s, err := dataset.OpenSpool(path)
	if err != nil {
		return err
	}
	return errors.Join(s.Verify(dataset.Extent{Bytes: known.Bytes, Sum: known.Sum, Base: known.Base}), s.Close())
}
