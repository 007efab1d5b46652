package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/control"
	"brood/runner/home"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// ofReload are the flags of a run that a reload may change.
var ofReload = []string{"rate", "rate-by", "jobs"}

func (e *env) reloadCommand() *cli.Command {
	return &cli.Command{
		Name: "reload", Usage: "have a run read its templates, lists and secrets anew, while it goes on", ArgsUsage: "[NAME] [flags]",
		Description: `What the flags of the run name is read again, and workers are replaced one by one: what
is in hand ends as it was begun, what begins afterwards begins with the new. If something
is wrong with it, that is said, and the run goes on as it was.

Example:
   brood reload demo
   brood reload demo --rate 20/s -j 8`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Usage: "work on `N` records at a time from now on"},
			&cli.StringFlag{Name: "rate", Usage: "start at most `N/s` records from now on; 0 is no limit"},
			&cli.StringFlag{Name: "rate-by", Usage: "at most so many for each value of the column that the run goes by, `COLUMN=N/s`"},
		},
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			with := make(url.Values)
			for _, name := range ofReload {
				if c.IsSet(name) {
					with.Set(name, c.String(name))
				}
			}
			if c.IsSet("jobs") { // by the processors as whoever asks sees them
				n, err := parseSlots(c.String("jobs"))
				if err != nil {
					return err
				}
				with.Set("jobs", strconv.Itoa(n))
			}
			return e.tell(c, control.OrderReload, with)
		},
	}
}

// reread plans a run anew: see runner.Setting.Replan.
func (e *env) reread(was *spec.Config, s *jobs.Shape, flags control.Flags) (*spec.Config, string, error) {
	now := *was
	changed, err := retune(&now, flags)
	if err != nil {
		return nil, "", err
	}
	def, err := e.registry.Lookup(was.Job)
	if err != nil {
		return nil, "", err
	}
	if len(was.Args) == 0 {
		return &now, strings.Join(append(changed, "not what its flags name, as the run does not keep them"), ", "), nil
	}
	if dir, err := os.Getwd(); err != nil || dir != was.WorkDir {
		return nil, "", fmt.Errorf("the run was resumed in another directory than %s, so that what its flags name is not found: end it, and resume it there", was.WorkDir)
	}
	plan, err := e.planAgain(was, def, s)
	if err != nil {
		return nil, "", err
	}
	if err := runner.SamePlan(&was.Plan, plan); err != nil {
		return nil, "", fmt.Errorf("%w: begin another run", err)
	}
	// What a resume may have changed by flags stays: those of the beginning say nothing about it.
	then, again := make(map[string]json.RawMessage), make(map[string]json.RawMessage)
	if err := errors.Join(members(was.Plan.Config, &then), members(plan.Config, &again)); err != nil {
		return nil, "", fmt.Errorf("read the configuration of the job: %w", err)
	}
	for _, name := range differing(then, again) {
		if _, by := def.Resumable[name]; by {
			if again[name] = then[name]; then[name] == nil {
				delete(again, name)
			}
			continue
		}
		changed = append(changed, strings.ReplaceAll(name, "_", "-"))
	}
	if len(differing(then, again)) > 0 {
		if now.Plan.Config, err = json.Marshal(again); err != nil {
			return nil, "", err
		}
	}
	if len(changed) == 0 {
		changed = []string{"files and secrets as they are now"}
	}
	return &now, strings.Join(changed, ", "), nil
}

// retune reads the flags that are given now.
func retune(now *spec.Config, flags control.Flags) (changed []string, err error) {
	for _, name := range ofReload {
		value, given := flags[name]
		if !given {
			continue
		}
		switch name {
		case "rate":
			now.Pace.Rate, err = parseRate(name, value)
		case "rate-by":
			err = tuneRateBy(value, now)
		case "jobs":
			now.Slots, err = parseSlots(value)
		}
		if err != nil {
			return nil, err
		}
		changed = append(changed, name+" "+value)
	}
	return changed, checkPace(now)
}

// errPlanned ends a command line that was read only to be planned.
var errPlanned = errors.New("planned")

// planAgain reads the command line anew that a run was begun with, and plans it.
func (e *env) planAgain(was *spec.Config, def *jobs.Definition, s *jobs.Shape) (*jobs.Plan, error) {
	again := &env{registry: e.registry, stdin: e.stdin, stdout: e.stdout.Instead(&bytes.Buffer{}), stderr: e.stderr.Instead(&bytes.Buffer{})}
	args, words, hasWords := cutWords(append([]string{"brood"}, was.Args...))
	again.words, again.hasWords, again.args = words, hasWords, args
	args = again.takeSources(args)
	app := again.app()
	var plan jobs.Plan
	run := find(app.Commands, "run")
	job := find(run.Subcommands, was.Job)
	if job == nil {
		return nil, fmt.Errorf("there is no job %q", was.Job)
	}
	job.Action = func(c *cli.Context) error {
		state, err := home.State(c.String("state"))
		if err != nil {
			return err
		}
		given := options{Context: c, words: again.words, text: was.OutputFormat == sink.FormatText, state: state, files: was.Dataset.Paths}
		if plan, err = def.Plan(given, s); err != nil {
			return err
		}
		return errPlanned
	}
	knowNames(app.Commands)
	err := app.RunContext(context.Background(), permute(app, args))
	if errors.Is(err, errPlanned) {
		return &plan, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, errors.New("the command line that the run was begun with is not that of a job any more")
}
