package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/sink"
	"brood/runner/spec"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

func (e *env) runCommand() *cli.Command {
	run := &cli.Command{
		Name:  "run",
		Usage: "run a job over a dataset",
		Description: `Each job has its own help: brood run JOB --help. @NAME in place of JOB is a
run with its flags that brood.toml describes, or the file of --config: brood config --help

Example:
   brood run exec testdata/cities.csv -- echo {name}
   brood run @lengths --config testdata/brood.toml`,
		ArgsUsage:       "JOB|@NAME [flags] [DATASET ...]",
		Category:        "Jobs",
		HideHelpCommand: true,
		OnUsageError:    usageError,
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("The jobs are listed by: brood run --help", "no job was named")
			}
			return unknownJob(c.Args().First(), e.jobNames())
		},
	}
	for _, d := range e.registry.All() {
		args := "[flags] [DATASET ...]"
		if d.TakesCommand {
			args += " -- COMMAND [ARG ...]"
		}
		run.Subcommands = append(run.Subcommands, &cli.Command{
			Name: d.Name, Usage: d.Usage, ArgsUsage: args,
			Description:  "DATASET is a file, or - for standard input.\n\n" + d.Help,
			Flags:        slices.Concat(e.flagsOfRun(d), jobFlags(d)),
			OnUsageError: usageError,
			Action:       func(c *cli.Context) error { return e.withRoom(func() error { return e.run(c, d) }) },
		})
	}
	return run
}

// flagsOfRun are the flags that brood run has beside those of a job.
func (e *env) flagsOfRun(d *jobs.Definition) []cli.Flag {
	return yielding(d, slices.Concat(runFlags(), appendFlags(), listFlags(d), engineFlags(), machineFlags(), queryFlags(d), queueFlags(), sessionFlags(d)))
}

// options gives a job its flags.
type options struct {
	*cli.Context
	words []string
	text  bool
	state string
	files []string
}

func (o options) Command() []string { return o.words }
func (o options) Text() bool        { return o.text }
func (o options) StateDir() string  { return o.state }
func (o options) Files() []string   { return o.files }

func (e *env) run(c *cli.Context, d *jobs.Definition) error {
	if c.IsSet(configFlag) {
		return usage("As in: brood run @nightly --config "+c.String(configFlag), "--%s is for a run that a file describes, and none is named: @NAME in place of %s", configFlag, d.Name)
	}
	cfg, err := e.config(c, d)
	if err != nil {
		return err
	}
	state, stateErr := home.State(c.String("state"))
	given := options{Context: c, words: e.words, text: cfg.OutputFormat == sink.FormatText, state: state, files: cfg.Dataset.Paths}
	plan := func(s *jobs.Shape) error {
		p, err := d.Plan(given, s)
		if err != nil {
			return usage("See: brood run "+d.Name+" --help", "%w", err)
		}
		if p.InHand < 0 {
			return fmt.Errorf("job %s: a worker cannot have %d records in hand", d.Name, p.InHand)
		}
		cfg.Plan = p
		if err := fit(c, cfg); err != nil {
			return err
		}
		grouped, err := groupRows(c, cfg, s)
		if err != nil {
			return err
		}
		if err := e.takeDefaults(c, cfg); err != nil {
			return err
		}
		grouped()
		if err := checkPerWorker(cfg); err != nil {
			return err
		}
		if !c.IsSet("jobs") {
			fillWorkers(cfg)
		}
		if err := e.checkWhere(cfg, s); err != nil {
			return err
		}
		if err := needsKey(c, cfg); err != nil {
			return err
		}
		if err := cfg.Key.Check(s); err != nil {
			return usage("", "--key: %w", err)
		}
		if err := cfg.PaceKey.Check(s); err != nil {
			return usage("", "--rate-by: %w", err)
		}
		if err := checkShard(cfg); err != nil {
			return err
		}
		if err := sharePace(cfg, func(string) bool { return true }); err != nil {
			return err
		}
		if _, err := sink.NewEncoder(cfg.OutputFormat, s, p.Columns); err != nil {
			return usage("", "%w", err)
		}
		return e.completeForm(c, cfg, s)
	}
	if c.Bool("dry-run") || (d.Rehearses != nil && d.Rehearses(given)) {
		return e.rehearse(c.Context, cfg, plan)
	}
	if stateErr != nil {
		return usage("", "%w", stateErr)
	}
	if err := checkResults(c, state, cfg.Name, cfg.Target()); err != nil {
		return err
	}
	if err := otherShards(state, cfg); err != nil {
		return err
	}
	dir, err := openDir(c, state, cfg.Name)
	if isAtWork(c, err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	begun, err := begun(c.Context, state, dir)
	if err != nil {
		return err
	}
	if begun {
		if c.Bool("resume") || c.Bool("append") || cfg.Queue != nil {
			if err := sameRun(c, state, cfg); err != nil {
				return err
			}
			if cfg.Queue != nil {
				return e.continueRun(c, dir, nil, cfg.Queue)
			}
			e.terminal.Logf("continuing %s as it was begun; what is asked for now counts only where a resume may change it", cfg.Name)
			var replan replanner
			if slices.ContainsFunc(d.Flags, func(f jobs.Flag) bool { return c.IsSet(f.Name) }) {
				replan = func(s *jobs.Shape) (jobs.Plan, error) { return d.Plan(given, s) }
			}
			return e.continueRun(c, dir, replan, nil)
		}
		return usage(fmt.Sprintf("Continue it with: brood resume %s. Or choose another name with --run.", cfg.Name), "there is a run %s already", cfg.Name)
	}
	if err := dir.Discard(); err != nil {
		return err
	}
	return e.begin(c, dir, cfg, plan)
}

// takeDefaults gives flags of the run that the user has not set the values that
// the job would like. It may be any flag that a resume has as well, or one of those that
// say what a record is worth: what is needed to open the dataset has been read by then.
func (e *env) takeDefaults(c *cli.Context, cfg *spec.Config) error {
	taken := false
	for name, value := range cfg.Plan.Defaults {
		if c.IsSet(name) || (cfg.Queue != nil && name == "key") { // by which two jobs of a queue would be one
			continue
		}
		if !mayDefault(name) {
			return fmt.Errorf("job %s: a default of --%s would come too late", cfg.Job, name)
		}
		if err := c.Set(name, value); err != nil {
			return fmt.Errorf("job %s: default of --%s: %w", cfg.Job, name, err)
		}
		taken = true
	}
	if !taken {
		return nil
	}
	if !c.IsSet("on-unknown") {
		cfg.OnUnknown = "" // it follows from the effect
	}
	for _, step := range []func(*cli.Context, *spec.Config) error{e.chooseExtent, e.chooseForm, e.chooseKey, e.tune, settleQueue} {
		if err := step(c, cfg); err != nil {
			return err
		}
	}
	return nil
}

// mayDefault reports whether a job may have a default for a flag of the run.
func mayDefault(name string) bool {
	named := func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }
	switch name {
	case "effect", "limit", "unordered", "key", "key-normalize", "once-per", "key-scope", plainFlag, likeFlag:
		return true
	case "state", "wait", "take-over":
		return false // the run directory is open
	case "force":
		return false // no job knows what a user would lose
	case logFileFlag:
		return false // the terminal is there, and no job knows where a user's logs are
	case "quiet":
		return false // nothing is kept from a user who has not asked for that
	}
	return slices.ContainsFunc(engineFlags(), named)
}

// chooseExtent reads how much of the dataset is worked on, and how results come out.
func (e *env) chooseExtent(c *cli.Context, cfg *spec.Config) error {
	cfg.Unordered, cfg.RecordLimit, cfg.Where = c.Bool("unordered"), c.Uint64("limit"), c.String("where")
	if c.IsSet("where") && strings.TrimSpace(cfg.Where) == "" {
		return usage("Leave it out, and all records are chosen.", "--where: the condition is empty")
	}
	return nil
}

// config turns the flags into a configuration, all but the plan.
func (e *env) config(c *cli.Context, d *jobs.Definition) (*spec.Config, error) {
	if e.hasWords && !d.TakesCommand {
		return nil, usage("", "the job %s takes no command after --", d.Name)
	}
	if d.TakesCommand && !e.hasWords {
		return nil, usage("See: brood run "+d.Name+" --help", "no command: write it after --, as in: brood run %s list.txt -- COMMAND", d.Name)
	}
	if d.TakesCommand && !c.Bool("shell") {
		addShell := "put sh -c before it."
		if slices.ContainsFunc(d.Flags, func(f jobs.Flag) bool { return f.Name == "shell" }) {
			addShell = "add --shell before the --."
		}
		if err := checkWords(e.words, exec.LookPath, addShell); err != nil {
			return nil, err
		}
	}
	cfg := &spec.Config{Dataset: dataset.Spec{Guesses: d.Guesses}, Job: d.Name, Words: e.words, Effect: d.Effect, KeyLifetime: d.KeyLifetime, Retries: d.Retries, DrainTimeout: spec.Drain{Auto: true}}
	var err error
	if cfg.KillAfter, err = parseTime("kill-after", c.String("kill-after")); err != nil {
		return nil, err
	}
	for _, step := range []func(*cli.Context, *spec.Config) error{e.nameRun, e.chooseExtent, e.chooseDataset, e.chooseOutput, e.chooseForm, e.chooseJoblog, e.chooseResults, e.chooseKey, e.chooseMachines, e.tune, settleQueue} {
		if err := step(c, cfg); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func (e *env) nameRun(c *cli.Context, cfg *spec.Config) error {
	cfg.Name = c.String("run")
	if !c.IsSet("run") {
		cfg.Name = home.DefaultName(cfg.Job, time.Now())
	}
	cfg.Args = keptArgs(e.given)
	if err := e.chooseShard(c, cfg); err != nil {
		return err
	}
	if err := home.CheckName(cfg.Name); err != nil {
		return usage("", "--run: %w", err)
	}
	var err error
	if cfg.Keep, err = parseAge("keep", c.String("keep")); err != nil {
		return err
	}
	if cfg.WorkDir, err = os.Getwd(); err != nil {
		return fmt.Errorf("find the working directory: %w", err)
	}
	return nil
}

func (e *env) chooseOutput(c *cli.Context, cfg *spec.Config) error {
	f, kind, err := outputFormat(c.String("output-format"))
	if err != nil {
		return err
	}
	cfg.Output = sink.Stdout
	if o := c.String("output"); o != "" && o != sink.Stdout {
		if cfg.Output, err = filepath.Abs(o); err != nil {
			return fmt.Errorf("open output %s: %w", o, err)
		}
	}
	if f == sink.FormatAuto && kind == "" && cfg.Output != sink.Stdout {
		kind = spec.FormOf(cfg.Output)
	}
	if kind != "" {
		if f, err = e.formed(c, cfg, kind); err != nil {
			return err
		}
	}
	if f == sink.FormatAuto {
		f = sink.FormatText
		if cfg.Output != sink.Stdout {
			f = sink.FormatOf(cfg.Output)
		}
	}
	cfg.OutputFormat = f
	if err := e.keepResults(c, cfg); err != nil {
		return err
	}
	cfg.Dataset.FixedColumns = f == sink.FormatCSV || f == sink.FormatTSV
	if c.Bool(plainFlag) && (f == sink.FormatText || cfg.Output == sink.Stdout) {
		return usage("For a table say -o FILE.csv, .tsv, .jsonl, .xlsx or .geojson.", "--%s is for a file with columns", plainFlag)
	}
	if cfg.Output == sink.Stdout {
		return e.notOverInput(cfg.Dataset.Paths)
	}
	if cfg.Form != nil {
		return notAnInput(cfg.Form.Path, cfg.Dataset.Paths)
	}
	return notAnInput(cfg.Output, cfg.Dataset.Paths)
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// notAnInput refuses to write results over the dataset.
func notAnInput(output string, inputs []string) error {
	for _, p := range inputs {
		// One that cannot be looked at is complained about when it is opened.
		if sameFile(p, output) {
			return usage("Give the results another name.", "the output %s is the dataset itself", output)
		}
	}
	return nil
}
