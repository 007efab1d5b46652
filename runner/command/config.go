package command

import (
	"brood/jobs"
	"brood/runner/daemon"
	"brood/runner/dataset"
	"brood/runner/runfile"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

const configHelp = `A run with all its flags can stand in a file, brood.toml, that is reviewed and kept:

   [defaults]
   jobs = 4

   [run.nightly]
   job = "exec"
   dataset = "orders.csv"
   command = ["./send", "{id}"]
   timeout = "30s"
   secret = ["API_KEY=api.key"]

brood run @nightly does it. Each key is the long name of a flag of the job. What is relative is so to the
folder of the file, where the run works as well, unless directory = "…" says another.
Flags behind @nightly stand for those of the file, a dataset and a command too. The run
is called nightly, unless run = "…" says otherwise, in which {date} is the day. It has no
secrets in it: they are named.

Example:
   brood config list --config testdata/brood.toml`

func (e *env) configCommand() *cli.Command {
	file := func() cli.Flag {
		return &cli.StringFlag{Name: configFlag, Usage: "the file of runs is `FILE`", Value: runfile.DefaultPath}
	}
	verbs := []*cli.Command{
		{
			Name: "list", Usage: "list the runs of the file", Flags: []cli.Flag{file(), jsonFlag()}, Action: e.configList,
			Description: "Example:\n   brood config list --config testdata/brood.toml",
		},
		{
			Name: "show", Usage: "print the command that a named run stands for", ArgsUsage: "@NAME", Flags: []cli.Flag{file(), jsonFlag()}, Action: e.configShow,
			Description: `It can be pasted into a shell. --json is {"directory","argv"}, for programs.

Example:
   brood config show @nightly --config testdata/brood.toml`,
		},
		{
			Name: "check", Usage: "check the file, and the flags of all its runs, without running any", Flags: []cli.Flag{file()}, Action: e.configCheck,
			Description: `It does not look at datasets, templates or secrets, which may not be there yet: brood run
@NAME --dry-run does.

Example:
   brood config check --config testdata/brood.toml`,
		},
	}
	for _, v := range verbs {
		v.OnUsageError = usageError
	}
	return &cli.Command{
		Name: "config", Usage: "look at runs that a file describes: brood run @NAME", Description: configHelp, ArgsUsage: "VERB [flags] ...", Category: "Verbs",
		OnUsageError: usageError, Subcommands: verbs,
		Action: func(c *cli.Context) error {
			if word := c.Args().First(); word != "" {
				return unknownVerb(c.Command, word)
			}
			return usage("See: brood config --help", "brood config: say what to do with it: %s", verbLines(c.Command))
		},
	}
}

func jsonFlag() cli.Flag { return &cli.BoolFlag{Name: "json", Usage: "print it as JSON"} }

// configList lists the runs of a file.
func (e *env) configList(c *cli.Context) error {
	if c.NArg() > 0 {
		return usage("One of them: brood config show @NAME", "brood config list takes no names")
	}
	file, err := e.readRuns(c.String(configFlag))
	if err != nil {
		return err
	}
	if c.Bool("json") {
		type line struct {
			Name    string   `json:"name"`
			Job     string   `json:"job"`
			Dataset []string `json:"dataset"`
			Command []string `json:"command,omitempty"`
		}
		lines := make([]line, 0, len(file.Runs))
		for i := range file.Runs {
			r := &file.Runs[i]
			lines = append(lines, line{r.Name, r.Job, append([]string{}, r.Dataset...), r.Command})
		}
		return e.printJSON(lines)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for i := range file.Runs {
		r := &file.Runs[i]
		task := strings.Join(r.Dataset, " ")
		if len(r.Command) > 0 {
			task += " -- " + shellWords(r.Command)
		}
		_, _ = fmt.Fprintf(w, "@%s\t%s\t%s\n", r.Name, r.Job, e.stdout.Line(strings.TrimSpace(task)))
	}
	return w.Flush()
}

// shellWords writes words as a shell reads them.
func shellWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = daemon.ShellWord(w)
	}
	return strings.Join(out, " ")
}

// configShow prints the command line of a named run.
func (e *env) configShow(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("As in: brood config show @nightly", "give the name of one run of the file")
	}
	path := c.String(configFlag)
	file, err := e.readRuns(path)
	if err != nil {
		return err
	}
	run, err := namedRun(file, c.Args().First())
	if err != nil {
		return err
	}
	n, err := e.expand(path, run, nil, nil, false)
	if err != nil {
		return err
	}
	argv := append([]string{"brood"}, n.args...)
	if c.Bool("json") {
		return e.printJSON(struct {
			Directory string   `json:"directory"`
			Argv      []string `json:"argv"`
		}{n.directory, argv})
	}
	line := shellWords(argv)
	if here, err := os.Getwd(); err != nil || !sameFile(here, n.directory) {
		line = "cd " + daemon.ShellWord(n.directory) + " && " + line
	}
	_, err = fmt.Fprintln(e.stdout, line)
	return err
}

// errChecked ends a command line that was read only to be checked.
var errChecked = errors.New("checked")

// configCheck checks a file, and the flags of its runs.
func (e *env) configCheck(c *cli.Context) error {
	if c.NArg() > 0 {
		return usage("One run by itself: brood run @NAME --dry-run", "brood config check takes no names: it checks all of the file")
	}
	path := c.String(configFlag)
	file, err := e.readRuns(path)
	if err != nil {
		return err
	}
	var problems []error
	for i := range file.Runs {
		run := &file.Runs[i]
		if err := e.checkNamed(path, run); err != nil {
			_, hint := classify(err)
			text := strings.TrimSuffix(fmt.Sprintf("run %s: %v. %s", run.Name, err, hint), ". ")
			problems = append(problems, &runfile.Problem{Path: path, At: whereIs(run, err.Error()), Text: text})
		}
	}
	if len(problems) > 0 {
		return usage("", "%w", errors.Join(problems...))
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %s, and nothing wrong with them\n", path, counted(uint64(len(file.Runs)), "run", "runs"))
	return err
}

// whereIs finds the flag in a file that an error is about: it is said first, as --FLAG.
func whereIs(run *runfile.Run, text string) runfile.Position {
	for i := range run.Settings {
		s := &run.Settings[i]
		if rest, ok := strings.CutPrefix(text, "--"+s.Flag.Name); ok && (rest == "" || strings.ContainsAny(rest[:1], " :=,")) {
			return s.At
		}
	}
	return run.At
}

// checkNamed reads the command line of a named run, as far as that can be done without looking at any
// other file.
func (e *env) checkNamed(path string, run *runfile.Run) error {
	n, err := e.expand(path, run, nil, nil, false)
	if err != nil {
		return err
	}
	again := &env{registry: e.registry, stdin: e.stdin, stdout: e.stdout.Instead(&bytes.Buffer{}), stderr: e.stderr.Instead(&bytes.Buffer{})}
	args, words, hasWords := cutWords(append([]string{"brood"}, n.args...))
	again.words, again.hasWords, again.args, again.given = words, hasWords, args, n.args
	args = again.takeSources(args)
	app := again.app()
	job := find(find(app.Commands, "run").Subcommands, run.Job)
	def, err := e.registry.Lookup(run.Job)
	if err != nil {
		return err
	}
	blind := *def
	blind.Dataset = nil // which would read it
	again.registry = jobs.NewRegistry(&blind)
	job.Action = func(c *cli.Context) error {
		if _, err := again.config(c, &blind); err != nil {
			return err
		}
		return errChecked
	}
	knowNames(app.Commands)
	flags, operands := split(job, args[3:])
	flags = withoutFlags(job, flags, []string{logFileFlag}) // which would make it
	if len(operands) == 0 && !hasFlagNamed(job, flags, "arg-file") {
		operands = []string{dataset.Stdin}
	}
	if len(operands) > 0 {
		flags = append(append(flags, "--"), operands...)
	}
	err = app.RunContext(context.Background(), append(args[:3:3], flags...))
	if errors.Is(err, errChecked) {
		return nil
	}
	return err
}
