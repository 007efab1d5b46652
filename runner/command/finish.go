package command

import (
	"brood/jobs"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"
)

// finish lets the job say its word when a session has ended. What goes wrong there is told, and only
// where all was well it is how the run ends.
func (e *env) finish(dir *home.Dir, cfg *spec.Config, state ledger.State, t ledger.Totals, err error) error {
	def, lookupErr := e.registry.Lookup(cfg.Job)
	if lookupErr != nil || def.Finish == nil {
		return err
	}
	failed := def.Finish(finished(dir, cfg, state, t, e.terminal.Logf))
	if failed == nil {
		return err
	}
	if err == nil && e.code == exitOK {
		return &spec.WriteError{Err: fmt.Errorf("the run is done, but not what comes after it: %w", failed)}
	}
	e.terminal.Logf("%v", failed)
	return err
}

// finished is how a run stands, for its job.
func finished(dir *home.Dir, cfg *spec.Config, state ledger.State, t ledger.Totals, say func(format string, args ...any)) *jobs.Finished {
	return &jobs.Finished{
		Config: cfg.Plan.Config, Run: cfg.Name, Dir: dir.Path, State: dir.State(), Output: cfg.Target(), Done: state == ledger.StateDone,
		Counts: jobs.Counts{Input: t.Input, OK: t.OK, Failed: t.Failed, Skipped: t.Skipped, Unknown: t.Unknown, Pending: uint64(max(t.Pending(), 0))},
		Rows:   desk.Results(cfg), Say: say,
	}
}

// ofRun does what a tool does with a run of its job.
func (e *env) ofRun(c *cli.Context, d *jobs.Definition, t *jobs.Tool) error {
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
		return usage("The runs are listed by: brood runs", "run %s is one of the job %s, not of %s", name, cfg.Job, d.Name)
	}
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: "+fmt.Sprintf(format, args...)))
	}
	return t.OfRun(options{Context: c, state: state}, finished(home.At(state, name), cfg, sum.State, sum.Totals, say), e.stdout, e.stderr)
}
