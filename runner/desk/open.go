// Package desk is what is done about a run while nobody works on it: what is decided
// about its unknown records and how that comes into its results, what is asked of a
// program that knows, and which of its records are exported or looked up.
package desk

import (
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Logf tells the user something, as fmt.Printf would.
type Logf func(format string, args ...any)

// Open opens the ledger of a run that nobody works on: its directory is locked. It
// refuses one that another machine may be working on, unless takeOver says that it
// does not.
func Open(ctx context.Context, dir *home.Dir, takeOver bool) (*ledger.Ledger, *spec.Config, ledger.Summary, error) {
	l, err := ledger.Open(ctx, dir.File(ledger.FileName))
	if err != nil {
		return nil, nil, ledger.Summary{}, err
	}
	cfg, sum, err := ReadConfig(ctx, l.Reader())
	if err == nil && !takeOver {
		err = home.CheckOwner(ctx, l.Reader(), cfg.Name)
	}
	if err != nil {
		return nil, nil, sum, errors.Join(err, l.Close())
	}
	return l, cfg, sum, nil
}

// openCopy opens the dataset of a run to look at it. A copy of standard input that is not
// what the ledger says is refused.
func openCopy(ctx context.Context, dir *home.Dir, r *ledger.Reader, cfg *spec.Config) (*intake.Input, error) {
	known, err := r.Spooled(ctx)
	if err != nil {
		return nil, err
	}
	in, err := intake.OpenCopy(cfg.Dataset, dir.StdinPath(), known)
	if err != nil {
		return nil, err
	}
	if err := in.Gather(ctx, cfg, dir.GroupsPath(), false); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}

// ReadConfig reads the configuration of a run, and where it stands.
func ReadConfig(ctx context.Context, l *ledger.Reader) (*spec.Config, ledger.Summary, error) {
	sum, err := l.Summary(ctx)
	if err != nil {
		return nil, sum, err
	}
	cfg, err := spec.Decode(sum.Config)
	if err != nil { // the ledger's version says that this brood can read it
		err = fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
	}
	return cfg, sum, err
}

// CheckInputs compares the files of a run with what they were when it began.
func CheckInputs(ctx context.Context, r *ledger.Reader, appendOK bool) error {
	found, err := FindInputs(ctx, r)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Other != nil {
			return f.Other
		}
		if f.Grown() && !appendOK {
			return f.refused
		}
	}
	return nil
}

// Found is what has become of a file of a dataset since the run took it.
type Found struct {
	Path    string
	Was, Is int64 // its size in bytes
	// Other says what has changed besides rows that were added at the end of the last file;
	// nil: nothing has. It wraps dataset.ErrChanged if it could be looked at.
	Other   error
	refused error // that of a file that has grown
}

// Grown reports whether rows were added at its end.
func (f *Found) Grown() bool { return f.refused != nil }

// FindInputs looks what has become of the files of a run.
func FindInputs(ctx context.Context, r *ledger.Reader) ([]Found, error) {
	inputs, err := r.Inputs(ctx)
	if err != nil {
		return nil, err
	}
	var out []Found
	for i, in := range inputs {
		if in.Path == dataset.Stdin || in.Size == nil || in.ModTime == nil || in.Hash == nil || in.Whole == nil {
			continue
		}
		mtime, err := time.Parse(time.RFC3339Nano, *in.ModTime)
		if err != nil {
			return nil, fmt.Errorf("read ledger: input %d: %w", i, err)
		}
		f := Found{Path: in.Path, Was: *in.Size, Is: *in.Size}
		fp := dataset.Fingerprint{Path: in.Path, Size: *in.Size, ModTime: mtime, Hash: *in.Hash, Whole: *in.Whole}
		if st, err := os.Stat(in.Path); err == nil {
			f.Is = st.Size()
		}
		// Rows at the end of a file that is not the last would move the
		// records of those behind it.
		if f.Other = fp.Check(i == len(inputs)-1); f.Other == nil && f.Is > f.Was {
			f.refused = fp.Check(false)
		}
		out = append(out, f)
	}
	return out, nil
}
