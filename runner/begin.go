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

	"golang.org/x/sync/errgroup"
)

// Begin begins a new run and works until it is done, is stopped or fails. Plan
// completes the configuration when the shape of the records is known; what it
// refuses leaves nothing behind, as does everything that happens before the run
// exists: the report then has no state, and set.Dir is gone. The report is valid even
// with an error, as far as it goes.
func Begin(ctx context.Context, set *Setting, cfg *spec.Config, plan func(*jobs.Shape) error) (Report, error) {
	rep, err := begin(ctx, set, cfg, plan)
	if rep.State == "" {
		err = errors.Join(err, set.leave(), set.Dir.Remove())
	}
	return follow(ctx, set, cfg, rep, err)
}

func begin(ctx context.Context, set *Setting, cfg *spec.Config, plan func(*jobs.Shape) error) (Report, error) {
	if err := set.arrive(ctx, cfg); err != nil {
		return Report{}, err
	}
	in, err := intake.Open(ctx, cfg.Dataset, set.Producer, set.Dir.StdinPath(), ledger.Spooled{})
	if err != nil {
		return Report{}, err
	}
	cfg.Dataset = in.Reader.Settled()
	if cfg.Queue != nil {
		if cfg.Dataset.Columns = in.Reader.Shape().Columns; len(cfg.Dataset.Columns) == 0 {
			return Report{}, errors.Join(in.Close(), spec.ErrNothing)
		}
	}
	if err := plan(in.Reader.Shape()); err != nil {
		return Report{}, errors.Join(err, in.Close())
	}
	// What the job needs of the dataset is known only now.
	if cfg.Dataset.Group != nil {
		in.Reader.Regroup(cfg.Dataset.Group)
	}
	cfg.Dataset.Places = cfg.Plan.Places
	if needsText := cfg.Plan.NeedsText || cfg.OutputFormat != sink.FormatText; needsText != cfg.Dataset.Text {
		cfg.Dataset.Text = needsText
		in.Reader.RequireText(needsText)
	}
	if err := in.Gather(ctx, cfg, set.Dir.GroupsPath(), true); err != nil {
		return Report{}, errors.Join(err, in.Close())
	}
	l, err := create(ctx, set, cfg, in.Small() && cfg.Queue == nil) // nobody knows how much a queue will bring
	if err != nil {
		return Report{}, errors.Join(err, in.Close())
	}
	for _, note := range in.Reader.Notes() {
		set.Term.Logf("%s", note)
	}
	// The first session has begun with the run, and there is nothing to take over.
	if err := set.Dir.WaitForWorkers(ctx, func() {}); err != nil {
		return Report{}, errors.Join(err, in.Close(), catalog.Close(set.Dir, l))
	}
	return work(ctx, set, cfg, firstEpoch, l, in)
}

// firstEpoch is the number of the session that begins with its run.
const firstEpoch = 1

// create makes the ledger of a new run. From here on the run exists.
func create(ctx context.Context, set *Setting, cfg *spec.Config, small bool) (*ledger.Ledger, error) {
	dir, s := set.Dir, sessionNow(set, cfg)
	run := ledger.Run{
		Session: &s,
		Name:    cfg.Name, Job: cfg.Job, Effect: cfg.Effect.String(), StartedAt: time.Now(),
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
	// The names of the directories as well, which may be new.
	var names errgroup.Group
	for _, d := range []string{filepath.Dir(dir.Path), dir.State()} {
		names.Go(func() error { return home.SyncDir(d) })
	}
	l, err := ledger.Create(ctx, dir.File(ledger.FileName), run)
	if err != nil {
		err = &spec.WriteError{Err: err}
	}
	if nameErr := names.Wait(); nameErr != nil {
		err = errors.Join(err, nameErr)
	}
	if err != nil && l != nil {
		err = errors.Join(err, l.Close())
	}
	return l, err
}

// sessionNow is a session of this process that begins now.
func sessionNow(set *Setting, cfg *spec.Config) ledger.Session {
	host, _ := os.Hostname() // for people; empty will do
	return ledger.Session{
		StartedAt: time.Now(), Version: set.Version, PID: os.Getpid(), Host: host, BootID: ledger.BootID(), Slots: cfg.OwnWorkers(),
	}
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
	epoch, err := beginSession(ctx, set, cfg, in.Reader.Shape(), was, l)
	if err == nil {
		// Now that the ledger has what the last session had in hand.
		err = desk.Inquire(ctx, set.Dir, l, cfg, set.Term.Logf)
	}
	if err != nil {
		return Report{}, errors.Join(err, in.Close(), set.leave(), set.fleet.close(), catalog.Close(set.Dir, l))
	}
	return work(ctx, set, cfg, epoch, l, in)
}

// work works on a run whose session has begun. It closes the ledger and the dataset.
func work(ctx context.Context, set *Setting, cfg *spec.Config, epoch int64, l *ledger.Ledger, in *intake.Input) (Report, error) {
	rep, err := run(ctx, set, cfg, epoch, l, in)
	if closeErr := catalog.Close(set.Dir, l); err == nil && closeErr != nil {
		err = &spec.WriteError{Err: closeErr}
	}
	return rep, err
}

// beginSession waits for workers of an earlier session, takes over what that
// has left, and notes in the ledger that this process works on the run.
func beginSession(ctx context.Context, set *Setting, cfg *spec.Config, shape *jobs.Shape, was jobs.Effect, l *ledger.Ledger) (epoch int64, err error) {
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
	last, _, err := l.Reader().LastSession(ctx)
	if err == nil {
		err = set.openMachines(ctx, cfg, shape, l, last+1)
	}
	if err != nil {
		return 0, err
	}
	reports := set.fleet.recall(ctx)
	left, err := takeOver(ctx, set.Dir, l.Reader(), &then, set.fleet.recollect(reports), told)
	if err == nil {
		err = hideInNotes(mask, left)
	}
	if err != nil {
		return 0, err
	}
	s := sessionNow(set, cfg)
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
	set.fleet.settled(reports)
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
