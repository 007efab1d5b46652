package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/spec"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
)

// Input is the dataset of a run, open and with its shape known.
type Input struct {
	Reader *dataset.Reader
	Spool  *dataset.Spool // standard input, or nil
	// Fill copies standard input into the spool; nil if there is nothing to
	// copy.
	Fill func(context.Context) error
	past *past
	spec dataset.Spec
	// copyDir is where the copy of standard input is.
	copyDir string
}

// OpenInput opens the dataset. Standard input is read from stdin and copied to
// copyPath; it is being copied from here on, as its first bytes may be needed
// to know its shape.
func OpenInput(ctx context.Context, of dataset.Spec, stdin *os.File, copyPath string) (*Input, error) {
	in := &Input{spec: of}
	if slices.Contains(of.Paths, dataset.Stdin) {
		spool, err := dataset.NewSpool(copyPath)
		if err != nil {
			return nil, &spec.WriteError{Err: err}
		}
		in.Spool, in.copyDir = spool, filepath.Dir(copyPath)
		if !spool.Whole() {
			if err := in.copyStdin(ctx, stdin); err != nil {
				return nil, err
			}
		}
	}
	reader, err := dataset.Open(of, in.Spool)
	if err != nil {
		return nil, errors.Join(inputError(err), in.stopCopying())
	}
	in.Reader = reader
	return in, nil
}

func inputError(err error) error {
	var we *dataset.WriteError
	if errors.As(err, &we) {
		return &spec.WriteError{Err: err}
	}
	return &spec.DatasetError{Err: err}
}

// openCopy opens the dataset to look at it: of standard input, what there is.
func openCopy(of dataset.Spec, copyPath string) (*Input, error) {
	in := &Input{spec: of}
	var err error
	if slices.Contains(of.Paths, dataset.Stdin) {
		if in.Spool, err = dataset.OpenSpool(copyPath); err != nil {
			return nil, &spec.DatasetError{Err: err}
		}
	}
	if in.Reader, err = dataset.Open(of, in.Spool); err != nil {
		return nil, inputError(err)
	}
	return in, nil
}

// copyStdin starts the copying. Fill then waits for its end, or ends it.
func (in *Input) copyStdin(ctx context.Context, stdin *os.File) error {
	src, err := dataset.NewInput(stdin)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- in.Spool.Fill(ctx, src) }()
	in.Fill = func(drain context.Context) error {
		defer cancel()
		select {
		case err := <-done:
			if err == nil {
				err = home.SyncDir(in.copyDir)
			}
			if err != nil {
				return inputError(err)
			}
		case <-drain.Done():
			cancel()
			if err := <-done; err != nil {
				return inputError(err)
			}
		}
		return nil
	}
	return nil
}

// stopCopying ends the copying of an input that is not used after all. What is
// wrong with standard input itself is returned.
func (in *Input) stopCopying() error {
	if in.Fill == nil {
		return nil
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return in.Fill(ended)
}

// Close closes an input that Run has not been given.
func (in *Input) Close() error {
	return errors.Join(in.stopCopying(), in.Reader.Close())
}

// Records are the first n records of a dataset, or all if n is 0: see
// jobs.Rehearsal. One that cannot be read comes with an error, and a position.
// Place says where the record at hand stands.
func Records(in *Input, n uint64) (records iter.Seq2[*jobs.Record, error], place func() string) {
	var rec dataset.Record
	place = func() string { return placeIn(&in.spec, rec.Pos) }
	records = func(yield func(*jobs.Record, error) bool) {
		for seq := jobs.Seq(0); n == 0 || uint64(seq) < n; seq++ {
			err := in.Reader.Next(&rec)
			if isEnd(err) {
				return
			}
			r := &jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()}
			if err != nil {
				yield(r, &jobs.EndError{Err: inputError(err)})
				return
			}
			var bad error
			if rec.Err != nil {
				bad = rec.Err
			}
			if !yield(r, bad) {
				return
			}
		}
	}
	return records, place
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) }
