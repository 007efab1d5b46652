package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
)

// sameRun refuses to continue a run that was begun with something else to do
// than what is asked for now.
func sameRun(c *cli.Context, state string, now *spec.Config) error {
	l, err := ledger.OpenReader(c.Context, home.LedgerPath(state, now.Name))
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	then, _, err := desk.ReadConfig(c.Context, l)
	if err != nil {
		return err
	}
	groups, columns := howRead(&now.Dataset)
	thenGroups, thenColumns := howRead(&then.Dataset)
	for _, p := range []struct {
		what      string
		asked     bool
		now, then []string
	}{
		{"queue", c.NArg() > 0, queueOf(now), queueOf(then)},
		{"query", c.NArg() > 0, queryOf(now), queryOf(then)},
		{"job", true, []string{now.Job}, []string{then.Job}},
		{"command", true, now.Words, then.Words},
		{"dataset", c.NArg() > 0 || len(now.Dataset.Sources) > 0 || c.IsSet("arg-file"), madeOf(&now.Dataset), madeOf(&then.Dataset)},
		{"number of lines for a command", c.IsSet("max-args") || c.IsSet("max-fit"), groups, thenGroups},
		{"--group-by", c.IsSet("group-by"), groupedBy(&now.Dataset), groupedBy(&then.Dataset)},
		{"--colsep", c.IsSet("colsep"), columns, thenColumns},
		{"output", c.IsSet("output"), []string{now.Target()}, []string{then.Target()}},
		{"-o of its merge", c.IsSet("output"), mergedOf(now), mergedOf(then)},
		{"--where", c.IsSet("where"), []string{now.Where}, []string{then.Where}},
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
func begun(ctx context.Context, state string, dir *home.Dir) (bool, error) {
	if begun, err := dir.Begun(); err != nil || !begun {
		return begun, err
	}
	r, err := ledger.OpenReader(ctx, home.LedgerPath(state, dir.Name))
	if errors.Is(err, ledger.ErrNotBegun) {
		return false, dir.NeverBegun()
	}
	if err != nil {
		return false, err
	}
	return true, r.Close()
}

// setting is where a session works, and by what means.
func (e *env) setting(dir *home.Dir) *runner.Setting {
	e.keepLog(dir)
	return &runner.Setting{
		Dir: dir, Term: e.terminal, Producer: intake.Stdin(e.stdin), Version: Version(), Scarce: e.scarce, Service: e.takeService(), Command: e.commandOf, Same: e.sameOf,
		Arrive: e.sitting(dir), Ask: ask, Machines: &machines{e: e, state: dir.State()},
		Ready:  func(cfg *spec.Config) (bool, error) { return e.ready(dir, cfg) },
		Replan: e.reread,
		Revise: func(cfg *spec.Config) (*jobs.Revision, error) { return e.revisionOf(dir, cfg) },
	}
}

// withRoom does what needs threads and memory, if this process can have them.
func (e *env) withRoom(f func() error) (err error) {
	if e.scarce, err = runner.MakeRoom(); err != nil {
		return err
	}
	return f()
}

// begin starts a new run.
func (e *env) begin(c *cli.Context, dir *home.Dir, cfg *spec.Config, plan func(*jobs.Shape) error) error {
	e.disinherit(cfg.Job)
	if cfg.Output == sink.Stdout {
		e.interruptible()
	}
	e.expire(c.Context, dir)
	set := e.setting(dir)
	set.Overwrite = c.Bool("force")
	hidePassword()
	rep, err := runner.Begin(c.Context, set, cfg, func(s *jobs.Shape) error {
		if err := plan(s); err != nil {
			return err
		}
		set.Term = e.terminal // which the job may have a default for
		e.warn(cfg)
		if cfg.Queue != nil && cfg.Where != "" {
			e.terminal.Logf("--where: jobs are taken off the queue as they come; those for which the condition does not hold are answered as skipped, and do not come again")
		}
		return nil
	})
	if errors.Is(err, spec.ErrNothing) && cfg.Queue != nil {
		return nil // and so there is no run
	}
	if cfg.Queue != nil {
		rep.Alone = true
	}
	return e.tellOutcome(dir, cfg, &rep, err)
}

// expire removes old runs, now that there will be one more.
func (e *env) expire(ctx context.Context, dir *home.Dir) {
	if err := catalog.Expire(ctx, dir.State(), time.Now()); err != nil {
		e.terminal.Logf("old runs stay that were to be removed: %v", err)
	}
}

// checkResults refuses to write over the results of another run.
func checkResults(c *cli.Context, state, name, path string) error {
	if c.Bool("force") {
		return nil
	}
	return catalog.CheckOwner(c.Context, state, name, path)
}

// warn says what is allowed and may surprise.
func (e *env) warn(cfg *spec.Config) {
	if cfg.Output == sink.Stdout && goesNowhere() {
		e.terminal.Logf("standard output is closed, or /dev/null: nobody gets the results; -o FILE keeps them")
	}
	for _, w := range cfg.Plan.Warnings {
		e.terminal.Logf("%s", w)
	}
	e.warnShard(cfg)
	if d := cfg.DrainTimeout.Limit; d > 0 && d < cfg.Timeout {
		e.terminal.Logf("--drain-timeout %s is less than --timeout %s: a record may be killed that would have ended in time", cfg.DrainTimeout, cfg.Timeout)
	}
}

// goesNowhere reports whether standard output is /dev/null opened to be read and written:
// so the Go runtime opens it where there is none. A shell opens it to be written only.
func goesNowhere() bool {
	const stdout = 1 // and not os.Stdout, which may have been opened anew
	how, err := unix.FcntlInt(stdout, unix.F_GETFL, 0)
	if err != nil || how&unix.O_ACCMODE != unix.O_RDWR {
		return false
	}
	var here, null unix.Stat_t
	if unix.Fstat(stdout, &here) != nil || unix.Stat(os.DevNull, &null) != nil {
		return false
	}
	return here.Dev == null.Dev && here.Ino == null.Ino
}

// tellOutcome tells how a session went, and makes an exit status of it.
func (e *env) tellOutcome(dir *home.Dir, cfg *spec.Config, rep *runner.Report, err error) error {
	started := rep.State != ""
	if started {
		e.summarise(cfg, rep)
	}
	if err != nil {
		if code, _ := classify(err); started && code == exitUsage {
			// Not the user's doing: something of brood's own has broken.
			err = &cliError{code: exitSoftware, err: err}
		}
	} else {
		e.code = exitCode(rep)
	}
	if started {
		err = e.finish(dir, cfg, rep, err)
	}
	return err
}
