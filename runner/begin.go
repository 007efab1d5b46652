package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// Create makes the ledger of a new run. From here on the run exists.
func Create(ctx context.Context, cfg *Config) (*ledger.Ledger, error) {
	run := ledger.Run{
		Name: cfg.Name, Job: cfg.Job, Effect: cfg.Effect.String(), StartedAt: time.Now(),
		Output: cfg.Output, OutputFormat: cfg.OutputFormat.String(),
	}
	for _, path := range cfg.Dataset.Paths {
		in, err := inputRow(path)
		if err != nil {
			return nil, &DatasetError{err}
		}
		run.Inputs = append(run.Inputs, in)
	}
	var err error
	if run.Config, err = json.Marshal(cfg); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	l, err := ledger.Create(ctx, cfg.Dir.File(ledger.FileName), run)
	if err != nil {
		return nil, &WriteError{err}
	}
	// The names of the directories as well, which may be new.
	for _, dir := range []string{filepath.Dir(cfg.Dir.Path), cfg.Dir.State()} {
		if err := SyncDir(dir); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return beginSession(ctx, cfg, l)
}

func inputRow(path string) (ledger.Input, error) {
	if path == dataset.Stdin {
		return ledger.Input{Path: path}, nil
	}
	fp, err := dataset.TakeFingerprint(path)
	if err != nil {
		return ledger.Input{}, err
	}
	mtime := fp.ModTime.UTC().Format(time.RFC3339Nano)
	return ledger.Input{Path: path, Size: &fp.Size, ModTime: &mtime, Hash: &fp.Hash, Whole: &fp.Whole}, nil
}

// Continue opens the ledger of an existing run, with the configuration it was
// begun with. The session has not begun: see BeginSession.
func Continue(ctx context.Context, dir *Dir) (*ledger.Ledger, *Config, ledger.Summary, error) {
	l, err := ledger.Open(ctx, dir.File(ledger.FileName))
	if err != nil {
		return nil, nil, ledger.Summary{}, err
	}
	cfg, sum, err := readConfig(ctx, l.Reader(), dir)
	if err != nil {
		return nil, nil, sum, errors.Join(err, l.Close())
	}
	return l, cfg, sum, nil
}

// ReadConfig reads the configuration of a run, to look at it and not to run it.
func ReadConfig(ctx context.Context, l *ledger.Reader, state, name string) (*Config, error) {
	cfg, _, err := readConfig(ctx, l, &Dir{Path: RunPath(state, name), Name: name})
	return cfg, err
}

func readConfig(ctx context.Context, l *ledger.Reader, dir *Dir) (*Config, ledger.Summary, error) {
	sum, err := l.Summary(ctx)
	if err != nil {
		return nil, sum, err
	}
	cfg := &Config{Dir: dir}
	if err := json.Unmarshal(sum.Config, cfg); err != nil {
		return nil, sum, fmt.Errorf("read the configuration of run %s: %w", dir.Name, err)
	}
	return cfg, sum, nil
}

// KeepJobConfig keeps another configuration of the job for those who continue the
// run.
func KeepJobConfig(ctx context.Context, l *ledger.Ledger, config json.RawMessage) error {
	sum, err := l.Reader().Summary(ctx)
	if err != nil {
		return err
	}
	all, plan := make(map[string]json.RawMessage), make(map[string]json.RawMessage)
	if err := errors.Join(json.Unmarshal(sum.Config, &all), json.Unmarshal(all["plan"], &plan)); err != nil {
		return fmt.Errorf("read the configuration of the run: %w", err)
	}
	plan["config"] = config
	if all["plan"], err = json.Marshal(plan); err != nil {
		return err
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if err := l.SetConfig(ctx, text); err != nil {
		return &WriteError{err}
	}
	return nil
}

// CheckInputs compares the files of a run with what they were when it began.
func CheckInputs(ctx context.Context, r *ledger.Reader, appendOK bool) error {
	inputs, err := r.Inputs(ctx)
	if err != nil {
		return err
	}
	for i, in := range inputs {
		if in.Path == dataset.Stdin || in.Size == nil || in.ModTime == nil || in.Hash == nil || in.Whole == nil {
			continue
		}
		mtime, err := time.Parse(time.RFC3339Nano, *in.ModTime)
		if err != nil {
			return fmt.Errorf("read ledger: input %d: %w", i, err)
		}
		fp := dataset.Fingerprint{Path: in.Path, Size: *in.Size, ModTime: mtime, Hash: *in.Hash, Whole: *in.Whole}
		// Rows at the end of a file that is not the last would move the
		// records of those behind it.
		if err := fp.Check(appendOK && i == len(inputs)-1); err != nil {
			return err
		}
	}
	return nil
}

// BeginSession waits for workers of an earlier session, takes over what that
// has left, and notes in the ledger that this process works on the run.
func BeginSession(ctx context.Context, cfg *Config, l *ledger.Ledger) error {
	if err := cfg.Dir.WaitForWorkers(ctx, cfg.Term); err != nil {
		return err
	}
	left, err := takeOver(ctx, cfg, l.Reader())
	if err != nil {
		return err
	}
	host, _ := os.Hostname() // for people; empty will do
	cfg.Dir.session, err = l.BeginSession(ctx, ledger.Session{
		StartedAt: time.Now(), Version: cfg.Version, PID: os.Getpid(), Host: host, BootID: BootID(), Slots: cfg.Slots,
	}, left)
	if err != nil {
		return &WriteError{err}
	}
	// From here on the ledger knows all that the pages did.
	if err := os.RemoveAll(cfg.Dir.File(PagesName)); err != nil {
		return &WriteError{err}
	}
	return nil
}

func beginSession(ctx context.Context, cfg *Config, l *ledger.Ledger) (*ledger.Ledger, error) {
	if err := BeginSession(ctx, cfg, l); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Discard removes what a run left that was cut off before it began.
func (d *Dir) Discard() error {
	for _, name := range []string{
		ledger.FileName, ledger.FileName + "-wal", ledger.FileName + "-shm", stdinName, stdinName + ".part",
	} {
		if err := os.Remove(d.File(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return &WriteError{err}
		}
	}
	return nil
}

// Preview shows what the job would do with the first records, up to n.
func Preview(in *Input, plan jobs.Plan, n uint64, show func(seq jobs.Seq, text string, bad error) error) error {
	records, _ := Records(in, n)
	for r, err := range records {
		var end *jobs.EndError
		if errors.As(err, &end) {
			return end.Err
		}
		text := ""
		if err == nil {
			text = plan.Preview(r)
		}
		if err := show(r.Seq, text, err); err != nil {
			return err
		}
	}
	return nil
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
