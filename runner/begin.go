package runner

import (
	"brood/jobs"
	"brood/runner/catalog"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Begin begins a new run and works until it is done, is stopped or fails. Plan
// completes the configuration when the shape of the records is known; what it
// refuses leaves nothing behind, as does everything that happens before the run
// exists: the report then has no state, and set.Dir is gone. The report is valid even
// with an error, as far as it goes.
func Begin(ctx context.Context, set *Setting, cfg *spec.Config, plan func(*jobs.Shape) error) (Report, error) {
	rep, err := begin(ctx, set, cfg, plan)
	if rep.State == "" {
		err = errors.Join(err, set.Dir.Remove())
	}
	return rep, err
}

func begin(ctx context.Context, set *Setting, cfg *spec.Config, plan func(*jobs.Shape) error) (Report, error) {
	in, err := intake.Open(ctx, cfg.Dataset, set.Producer, set.Dir.StdinPath(), ledger.Spooled{})
	if err != nil {
		return Report{}, err
	}
	cfg.Dataset = in.Reader.Settled()
	if err := plan(in.Reader.Shape()); err != nil {
		return Report{}, errors.Join(err, in.Close())
	}
	// What the job needs of the dataset is known only now.
	if cfg.Dataset.Group != nil {
		in.Reader.Regroup(cfg.Dataset.Group)
	}
	if needsText := cfg.Plan.NeedsText || cfg.OutputFormat != sink.FormatText; needsText != cfg.Dataset.Text {
		cfg.Dataset.Text = needsText
		in.Reader.RequireText(needsText)
	}
	if err := in.Gather(ctx, cfg, set.Dir.GroupsPath(), true); err != nil {
		return Report{}, errors.Join(err, in.Close())
	}
	l, err := create(ctx, set.Dir, cfg, in.Small())
	if err != nil {
		return Report{}, errors.Join(err, in.Close())
	}
	for _, note := range in.Reader.Notes() {
		set.Term.Logf("%s", note)
	}
	return sit(ctx, set, cfg, cfg.Effect, l, in)
}

// create makes the ledger of a new run. From here on the run exists.
func create(ctx context.Context, dir *home.Dir, cfg *spec.Config, small bool) (*ledger.Ledger, error) {
	run := ledger.Run{
		Name: cfg.Name, Job: cfg.Job, Effect: cfg.Effect.String(), StartedAt: time.Now(),
		Joblog: cfg.Joblog, JoblogFrom: cfg.JoblogFrom,
		Output: cfg.Output, OutputFormat: cfg.OutputFormat.String(), Small: small,
	}
	for _, path := range cfg.Dataset.Paths {
		in, err := inputRow(path)
		if err != nil {
			return nil, &spec.DatasetError{Err: err}
		}
		run.Inputs = append(run.Inputs, in)
	}
	var err error
	if run.Config, err = json.Marshal(cfg); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	l, err := ledger.Create(ctx, dir.File(ledger.FileName), run)
	if err != nil {
		return nil, &spec.WriteError{Err: err}
	}
	// The names of the directories as well, which may be new.
	for _, d := range []string{filepath.Dir(dir.Path), dir.State()} {
		if err := home.SyncDir(d); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

func inputRow(path string) (ledger.Input, error) {
	if path == dataset.Stdin {
		return ledger.Input{Path: path}, nil
	}
	fp, err := dataset.TakeFingerprint(path)
	if err != nil {
		return ledger.Input{}, err
	}
	return inputOf(fp), nil
}

func inputOf(fp dataset.Fingerprint) ledger.Input {
	mtime := fp.ModTime.UTC().Format(time.RFC3339Nano)
	return ledger.Input{Path: fp.Path, Size: &fp.Size, ModTime: &mtime, Hash: &fp.Hash, Whole: &fp.Whole}
}

// sit begins a session in the ledger and works on the run. The effect was another until
// now, perhaps. It closes the ledger and the dataset.
func sit(ctx context.Context, set *Setting, cfg *spec.Config, was jobs.Effect, l *ledger.Ledger, in *intake.Input) (Report, error) {
	epoch, err := beginSession(ctx, set, cfg, was, l)
	if err == nil {
		// Now that the ledger has what the last session had in hand.
		err = desk.Inquire(ctx, set.Dir, l, cfg, set.Term.Logf)
	}
	if err != nil {
		return Report{}, errors.Join(err, in.Close(), catalog.Close(set.Dir, l))
	}
	rep, err := run(ctx, set, cfg, epoch, l, in)
	if closeErr := catalog.Close(set.Dir, l); err == nil && closeErr != nil {
		err = &spec.WriteError{Err: closeErr}
	}
	return rep, err
}

// beginSession waits for workers of an earlier session, takes over what that
// has left, and notes in the ledger that this process works on the run.
func beginSession(ctx context.Context, set *Setting, cfg *spec.Config, was jobs.Effect, l *ledger.Ledger) (epoch int64, err error) {
	told := sync.OnceFunc(func() {
		set.Term.Logf("waiting for workers of an earlier session to finish the record they have in hand")
	})
	if err := set.Dir.WaitForWorkers(ctx, told); err != nil {
		return 0, err
	}
	mask, err := maskOf(cfg)
	if err != nil {
		return 0, err
	}
	then := *cfg // as it was while the last session worked
	then.Effect = was
	left, err := takeOver(ctx, set.Dir, l.Reader(), &then, told)
	if err == nil {
		err = hideInNotes(mask, left)
	}
	if err != nil {
		return 0, err
	}
	host, _ := os.Hostname() // for people; empty will do
	s := ledger.Session{
		StartedAt: time.Now(), Version: set.Version, PID: os.Getpid(), Host: host, BootID: ledger.BootID(), Slots: cfg.Workers(cfg.Slots),
	}
	if cfg.Effect != was {
		// With what the last session has left, which is judged by the new one: both are in
		// the ledger, or neither.
		if err := lowered(ctx, l.Reader(), cfg, &s); err != nil {
			return 0, err
		}
		set.Term.Logf("the effect is %s from here on; it was %s", cfg.Effect, was)
	}
	epoch, err = l.BeginSession(ctx, s, left)
	if err != nil {
		return 0, &spec.WriteError{Err: err}
	}
	// From here on the ledger knows all that the pages did.
	if err := os.RemoveAll(set.Dir.File(home.PagesName)); err != nil {
		return 0, &spec.WriteError{Err: err}
	}
	return epoch, nil
}

// lowered has a session say that the effect is another from now on.
func lowered(ctx context.Context, l *ledger.Reader, cfg *spec.Config, s *ledger.Session) error {
	sum, err := l.Summary(ctx)
	if err != nil {
		return err
	}
	s.Effect = cfg.Effect.String()
	s.Config, err = spec.WithEffect(sum.Config, cfg)
	return err
}
