package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// finish lets the job say its word when a session has ended. What goes wrong there is told, and only
// where all was well it is how the run ends.
func (e *env) finish(dir *home.Dir, cfg *spec.Config, rep *runner.Report, err error) error {
	def, lookupErr := e.registry.Lookup(cfg.Job)
	if lookupErr != nil || def.Finish == nil {
		return err
	}
	now := finished(dir, cfg, rep.State, rep.Totals, e.terminal.Logf)
	if rep.Altered {
		now.Rows = nil // what the job would take from them is not what was done
	}
	failed := def.Finish(now)
	if failed == nil {
		return err
	}
	if err == nil && e.code == exitOK {
		return &spec.WriteError{Err: fmt.Errorf("the run is done, but not what comes after it: %w", failed)}
	}
	e.terminal.Logf("%v", failed)
	return err
}

// ready lets the job take what it needs before the first record of a session leaves.
func (e *env) ready(dir *home.Dir, cfg *spec.Config) (taken bool, err error) {
	def, err := e.registry.Lookup(cfg.Job)
	if err != nil || def.Begin == nil {
		return false, err
	}
	now := finished(dir, cfg, ledger.StateRunning, ledger.Totals{}, e.terminal.Logf)
	now.Rows = nil
	if err := def.Begin(now); err != nil {
		return false, usage("", "%w", err)
	}
	return true, nil
}

// finished is how a run stands, for its job.
func finished(dir *home.Dir, cfg *spec.Config, state ledger.State, t ledger.Totals, say func(format string, args ...any)) *jobs.Finished {
	return &jobs.Finished{
		Config: cfg.Plan.Config, Run: cfg.Name, Dir: dir.Path, State: dir.State(), Output: cfg.Target(), Done: state == ledger.StateDone,
		Counts: jobs.Counts{Input: t.Input, OK: t.OK, Failed: t.Failed, Skipped: t.Skipped, Unknown: t.Unknown, Pending: uint64(max(t.Pending(), 0))},
		Rows:   desk.Results(cfg), Say: say,
	}
}

// decide records what a tool has found out about records of a run, whose lock it holds.
func decide(ctx context.Context, dir *home.Dir, takeOver bool, list []jobs.Decided, say func(format string, args ...any)) (err error) {
	l, cfg, _, err := desk.Open(ctx, dir, takeOver)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, catalog.Close(dir, l)) }()
	if err := desk.Amend(ctx, l, cfg, say); err != nil {
		return err
	}
	decisions, err := desk.OfTool(ctx, l.Reader(), list, whoami())
	if err != nil {
		return err
	}
	return desk.Resolve(ctx, dir, l, cfg, decisions, say)
}

// ofRun does what a tool does with a run of its job.
func (e *env) ofRun(c *cli.Context, d *jobs.Definition, t *jobs.Tool) (err error) {
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	l, err := ledger.OpenReader(c.Context, home.LedgerPath(state, name))
	if errors.Is(err, ledger.ErrNotBegun) {
		return usage("Start it again with brood run.", "run %s was cut off before it began", name)
	}
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	cfg, sum, err := desk.ReadConfig(c.Context, l)
	if err != nil {
		return err
	}
	if cfg.Job != d.Name {
		return usage(cmp.Or(strings.ReplaceAll(t.Others[cfg.Job], "{run}", name), "The runs are listed by: brood runs"), "run %s is one of the job %s, not of %s", name, cfg.Job, d.Name)
	}
	var dir *home.Dir
	if t.Alone {
		if dir, err = openDir(c, state, name); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, dir.Close()) }()
		if cfg, sum, err = desk.ReadConfig(c.Context, l); err != nil { // as it stands now
			return err
		}
		if err := home.CheckOwner(c.Context, l, name); err != nil && !c.Bool("take-over") {
			return err
		}
	}
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: "+fmt.Sprintf(format, args...)))
	}
	run := finished(home.At(state, name), cfg, sum.State, sum.Totals, say)
	if t.Alone {
		run.Decide = func(list []jobs.Decided) error { return decide(c.Context, dir, c.Bool("take-over"), list, say) }
	}
	return t.OfRun(options{Context: c, state: state}, run, e.stdout, e.stderr)
}
