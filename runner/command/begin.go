package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/ledger"
	"brood/runner/sink"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// sameRun refuses to continue a run that was begun with something else to do
// than what is asked for now.
func sameRun(c *cli.Context, state string, now *runner.Config) error {
	l, err := ledger.OpenReader(c.Context, runner.LedgerPath(state, now.Name))
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	then, err := runner.ReadConfig(c.Context, l, state, now.Name)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		what      string
		asked     bool
		now, then []string
	}{
		{"job", true, []string{now.Job}, []string{then.Job}},
		{"command", true, now.Words, then.Words},
		{"dataset", c.NArg() > 0, now.Dataset.Paths, then.Dataset.Paths},
		{"output", c.IsSet("output"), []string{now.Output}, []string{then.Output}},
		{"key", c.IsSet("key"), now.Key.Columns, then.Key.Columns},
		{"scope", c.IsSet("once-per"), []string{now.OncePer}, []string{then.OncePer}},
	} {
		if p.asked && !slices.Equal(p.now, p.then) {
			return usage("Choose another name with --run, or continue it as it is: brood resume "+now.Name,
				"run %s was begun with another %s: %s, not %s", now.Name, p.what, strings.Join(p.then, " "), strings.Join(p.now, " "))
		}
	}
	return nil
}

// begun reports whether a run of this directory has begun.
func begun(ctx context.Context, state string, dir *runner.Dir) (bool, error) {
	if !dir.HasLedger() {
		return false, nil
	}
	r, err := ledger.OpenReader(ctx, runner.LedgerPath(state, dir.Name))
	if errors.Is(err, ledger.ErrNotBegun) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, r.Close()
}

// begin starts a new run in cfg.Dir. Until its ledger exists, a failure leaves
// nothing behind.
func (e *env) begin(ctx context.Context, cfg *runner.Config, plan func(*jobs.Shape) error) error {
	undo := func(err error) error { return errors.Join(err, cfg.Dir.Remove()) }
	in, err := runner.OpenInput(ctx, cfg.Dataset, e.stdin, cfg.Dir.StdinPath())
	if err != nil {
		return undo(err)
	}
	if err := plan(in.Reader.Shape()); err != nil {
		_ = in.Close()
		return undo(err)
	}
	// What the job needs of the dataset is known only now.
	if needsText := cfg.Plan.NeedsText || cfg.OutputFormat != sink.FormatText; needsText != cfg.Dataset.Text {
		cfg.Dataset.Text = needsText
		in.Reader.RequireText(needsText)
	}
	l, err := runner.Create(ctx, cfg)
	if err != nil {
		_ = in.Close()
		return undo(err)
	}
	started, err := e.work(ctx, cfg, l, in)
	if !started {
		return undo(err)
	}
	return err
}

// work runs a session and tells how it went, and whether it began at all.
func (e *env) work(ctx context.Context, cfg *runner.Config, l *ledger.Ledger, in *runner.Input) (started bool, err error) {
	rep, err := runner.Run(ctx, cfg, l, in)
	if closeErr := l.Close(); err == nil && closeErr != nil {
		err = &runner.WriteError{Err: closeErr}
	}
	started = rep.State != ""
	if started {
		e.summarise(cfg, rep)
	}
	if err != nil {
		if code, _ := classify(err); started && code == exitUsage {
			// Not the user's doing: something of brood's own has broken.
			err = &cliError{code: exitSoftware, err: err}
		}
		return started, err
	}
	e.code = exitCode(rep)
	return true, nil
}
