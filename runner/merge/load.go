package merge

import (
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Shard is the run of a part of a dataset, as it stands in its directory.
type Shard struct {
	Dir     string
	Totals  ledger.Totals
	cfg     *spec.Config
	traits  []trait
	output  ledger.Output
	results string // where they are
	foreign bool   // it is of another run than the first
}

// trait is what the shards of a run have in common.
type trait struct{ value, differs string }

// IsRun reports whether a directory is that of a run.
func IsRun(dir string) bool {
	st, err := os.Stat(filepath.Join(dir, ledger.FileName))
	return err == nil && st.Mode().IsRegular()
}

// load looks at the run of a directory. An error says what is wrong with it, and what to do.
func load(ctx context.Context, dir string) (*Shard, error) {
	if !IsRun(dir) {
		return nil, errors.New("there is no run in it")
	}
	path := filepath.Join(dir, ledger.FileName)
	if runs := filepath.Dir(dir); filepath.Base(runs) == "runs" && home.Alive(filepath.Dir(runs), filepath.Base(dir)) {
		return nil, errors.New("it is being worked on: wait until it has ended")
	}
	if err := ledger.Compare(path); err != nil {
		return nil, err
	}
	r, err := ledger.OpenReader(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	cfg, sum, err := desk.ReadConfig(ctx, r)
	if err != nil {
		return nil, err
	}
	if cfg.Shard == nil {
		return nil, fmt.Errorf("run %s is no shard: it was begun without --shard, and its results are all in %s", cfg.Name, cfg.Target())
	}
	if err := cfg.Shard.Check(); err != nil {
		return nil, fmt.Errorf("%w: its configuration: %w", ledger.ErrDamaged, err)
	}
	if cfg.Form == nil {
		return nil, fmt.Errorf("shard %s has written its results to standard output: there is nothing to merge; run it with -o FILE", cfg.Shard.Part)
	}
	if sum.State != ledger.StateDone || sum.Totals.Pending() != 0 {
		return nil, fmt.Errorf("shard %s is not done (%s, %s): go on with it where it was begun, by brood resume %s", cfg.Shard.Part, sum.State, sum.Totals, cfg.Name)
	}
	x := &Shard{Dir: dir, cfg: cfg}
	if x.Totals, err = r.Recount(ctx, false); err != nil {
		return nil, err
	}
	if err := x.findResults(ctx, r); err != nil {
		return nil, err
	}
	x.traits, err = traitsOf(ctx, r, cfg)
	return x, err
}

// findResults finds the results, in the directory wherever that is now, and compares them with what the ledger says.
func (x *Shard) findResults(ctx context.Context, r *ledger.Reader) error {
	var err error
	if x.output, err = r.Output(ctx); err != nil {
		return err
	}
	replaced, err := r.Replacement(ctx)
	if err != nil {
		return err
	}
	decided, err := r.Amendments(ctx)
	if err != nil {
		return err
	}
	if replaced != "" || len(decided) > 0 {
		return fmt.Errorf("what was decided about its records is not in its results yet: brood resume %s puts it there", x.cfg.Name)
	}
	x.results = filepath.Join(x.Dir, filepath.Base(x.output.Path))
	f, err := os.Open(x.results)
	if errors.Is(err, fs.ErrNotExist) && x.output.Bytes == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("its results are gone: %w", err)
	}
	defer func() { _ = f.Close() }() // of a read
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if st.Size() != x.output.Bytes {
		return fmt.Errorf("its results have %d bytes, and %d were written: copy %s again", st.Size(), x.output.Bytes, filepath.Base(x.results))
	}
	if x.output.Sum == nil {
		return nil
	}
	sum, err := sink.SumOf(f, x.output.Bytes)
	if err == nil && sum != *x.output.Sum {
		err = fmt.Errorf("its results are not what was written: copy %s again", filepath.Base(x.results))
	}
	return err
}

// traitsOf are what must be the same in all shards: what was done, with which records, by whose keys, and how results are
// written. How fast, with how many workers and where, is each machine's own.
func traitsOf(ctx context.Context, r *ledger.Reader, cfg *spec.Config) ([]trait, error) {
	inputs, err := r.Inputs(ctx)
	if err != nil {
		return nil, err
	}
	spooled, err := r.Spooled(ctx)
	if err != nil {
		return nil, err
	}
	var what []any
	for _, in := range inputs {
		switch {
		case in.Path == dataset.Stdin:
			what = append(what, spooled.Bytes, spooled.Sum)
		case in.Size != nil && in.Hash != nil:
			what = append(what, *in.Size, *in.Hash)
		}
	}
	of := cfg.Dataset
	of.Paths, of.Called = make([]string, len(of.Paths)), ""
	plan := cfg.Plan
	plan.Warnings = nil
	key := cfg.Key
	f := *cfg.Form
	f.Path = ""
	var out []trait
	for _, t := range []struct {
		v       any
		differs string
	}{
		{cfg.Shard.Of, fmt.Sprintf("it is of %d shards", cfg.Shard.Of)},
		{cfg.Shard.Base, "the run is called " + cfg.Shard.Base},
		{cfg.Job, "its job is " + cfg.Job},
		{cfg.Words, "its command is another one"},
		{what, "its dataset is another one, or was another one when it was read"},
		{of, "its dataset was read in another way (--format, --encoding, --group-by, …)"},
		{key, "its records have another --key, or scope of it"},
		{cfg.RecordLimit, fmt.Sprintf("its --limit is %d", cfg.RecordLimit)},
		{cfg.Where, fmt.Sprintf("its --where is %q", cfg.Where)},
		{cfg.OncePer, fmt.Sprintf("its --once-per is %q", cfg.OncePer)},
		{cfg.OutputFormat, "its results are " + cfg.OutputFormat.String()},
		{f, "its results are to be made into another file (-o, --no-run-columns, --like-input)"},
		{cfg.Unordered, "one of them is --unordered"},
		{plan, "the flags of the job are others, or files that they name"},
	} {
		b, err := json.Marshal(t.v)
		if err != nil {
			return nil, err
		}
		out = append(out, trait{value: string(b), differs: t.differs})
	}
	return out, nil
}
