package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"
)

// The values of --input-changed.
const (
	inputRefuse = "refuse"
	inputAppend = "accept-append"
)

func (e *env) resumeCommand() *cli.Command {
	return &cli.Command{
		Name:      "resume",
		Usage:     "continue a run that was interrupted",
		ArgsUsage: "[NAME]",
		Description: `The run goes on as it was begun; the flags below may be changed. If it was
reading standard input and had not read all of it, give the same input again.

Example:
   brood run echo --run demo --sleep 10ms testdata/cities.csv -o /tmp/out.csv &
   sleep 1; kill -9 $!; wait
   brood resume demo`,
		Flags: slices.Concat(engineFlags(), machineFlags(), appendFlags(), sessionFlags(nil), effectFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "retry-failed", Usage: "try the records that have failed again as well, as brood retry does", Category: groupEngine},
			&cli.StringFlag{Name: "input-changed", Usage: "if the dataset has changed: `WHAT`: refuse, or accept-append to take rows that were added at the end", Value: inputRefuse, Category: groupData},
		}),
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			state, name, err := e.whichRun(c, toWork)
			if err != nil {
				return err
			}
			return e.withRoom(func() error {
				dir, err := openDir(c, state, name)
				if isAtWork(c, err) {
					return nil
				}
				if err != nil {
					return err
				}
				defer func() { _ = dir.Close() }()
				if c.Bool("retry-failed") {
					return e.retry(c, dir)
				}
				return e.continueRun(c, dir, nil, nil)
			})
		},
	}
}

// replanner plans a run anew, by the flags of the job that are given now.
type replanner func(*jobs.Shape) (jobs.Plan, error)

// continueRun continues a run. Replan is nil where the job's flags are not given again. Now is how its queue was named, if
// it works off one and that was named again.
func (e *env) continueRun(c *cli.Context, dir *home.Dir, replan replanner, now *spec.Queue) error {
	changed := c.String("input-changed")
	if changed == "" {
		changed = inputRefuse
	}
	if changed != inputRefuse && changed != inputAppend {
		return usage("", "--input-changed %q: it is %s or %s", changed, inputRefuse, inputAppend)
	}
	appends := c.Bool("append")
	var err error
	if e.terminal, err = e.term(c); err != nil { // before anything is said
		return err
	}
	var cfg *spec.Config
	var def *jobs.Definition
	how := &runner.Resumption{
		TakeOver: c.Bool("take-over"), AcceptAppend: appends || changed == inputAppend, WholeLines: appends,
		Tune: func(stored *spec.Config) error {
			cfg = stored
			if (appends || changed == inputAppend) && !cfg.Dataset.MayGrow() {
				return usage("Start a run of its own for the new rows.", "run %s cannot take rows that were added: its records are groups of lines or rows, or combinations, and would be others", cfg.Name)
			}
			if def, err = e.registry.Lookup(cfg.Job); err != nil {
				return usage("Resume it with the brood that began it.", "%w", err)
			}
			e.disinherit(cfg.Job)
			if cfg.Output == sink.Stdout {
				e.interruptible()
			}
			if err := e.lower(c, cfg); err != nil {
				return err
			}
			if err := e.chooseMachines(c, cfg); err != nil {
				return err
			}
			if err := e.tune(c, cfg); err != nil {
				return err
			}
			if err := checkPerWorker(cfg); err != nil {
				return err
			}
			if err := sharePace(cfg, c.IsSet); err != nil {
				return err
			}
			if err := goOnWithQueue(c, cfg, now); err != nil {
				return err
			}
			e.warn(cfg)
			return nil
		},
	}
	if replan != nil {
		how.Replan = func(cfg *spec.Config, s *jobs.Shape) (bool, error) {
			return e.changePlan(c, cfg, def, s, replan)
		}
	}
	hidePassword()
	e.expire(c.Context, dir)
	set := e.setting(dir)
	set.Overwrite = c.Bool("force")
	rep, err := runner.Resume(c.Context, set, how)
	if errors.Is(err, ledger.ErrNotBegun) {
		if err := dir.NeverBegun(); err != nil {
			return err
		}
		return usage("Start it again with brood run.", "run %s was cut off before it began", dir.Name)
	}
	e.countOnlyThisSession(c, &rep)
	rep.Alone = rep.Alone || (cfg != nil && cfg.Queue != nil)
	if rep.Already {
		if err = errors.Join(err, e.tellAlready(c, dir.Name, &rep)); err != nil {
			return err
		}
		return e.finish(dir, cfg, &rep, nil)
	}
	return e.tellOutcome(dir, cfg, &rep, err)
}
