// Package command is the command line: one file for each subcommand, which
// turns flags into a configuration and an outcome into an exit status. It runs
// nothing itself.
package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/catalog"
	"brood/runner/control"
	"brood/runner/daemon"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/logbook"
	"brood/runner/spec"
	"brood/runner/term"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
)

// The exit statuses, all of them.
const (
	exitOK       = 0
	exitFailed   = 1  // finished, some records failed
	exitUsage    = 2  // bad usage or configuration; nothing was started
	exitUnknown  = 3  // finished, some records are unknown
	exitStopped  = 4  // stopped by --halt or by a job's abort
	exitDataset  = 65 // EX_DATAERR: the dataset cannot be read
	exitWrite    = 74 // EX_IOERR: an output or the ledger could not be written
	exitLocked   = 75 // EX_TEMPFAIL: another brood holds the run
	exitSignal   = 128
	exitSoftware = 70 // EX_SOFTWARE: a bug
)

// cliError is an error with its exit status and, if it helps, what to do.
type cliError struct {
	code int
	err  error
	hint string
}

func (e *cliError) Error() string { return e.err.Error() }
func (e *cliError) Unwrap() error { return e.err }

func usage(hint, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if _, short := spec.Shortage(err); short || diskFails(err) {
		return err // it is not the user's, see classify
	}
	return &cliError{code: exitUsage, err: err, hint: hint}
}

// env is what a subcommand works with.
type env struct {
	registry *jobs.Registry
	stdin    *os.File
	stdout   *term.Writer
	stderr   *term.Writer
	// results is standard output where a write to it can be given up, and before what
	// it was; nil: they are the same.
	results, before *os.File
	// terminal is where a run speaks, by its flags.
	terminal *term.Term
	// logbook is that of the run at hand; nil: there is none.
	logbook *logbook.Book
	// words are the arguments after "--", and whether there was one.
	words    []string
	hasWords bool
	args     []string // those before
	given    []string // all of them, but for the name of the program
	// lists are those behind :::, and twoLists says that there are some on both sides of "--".
	lists    []valueList
	twoLists bool
	// service is who has started this process, once served says that this is known.
	service *daemon.Service
	served  bool
	// scarce is runner.Setting.Scarce.
	scarce bool
	// agreed says that whoever sits at the terminal has said yes.
	agreed bool
	// code is the exit status of a subcommand that ended without an error.
	code int
}

// Main is the command line. It returns the exit status.
func Main(registry *jobs.Registry, args []string, stdin, stdout, stderr *os.File) int {
	runner.BeginGenerous()
	e := &env{registry: registry, stdin: stdin, stdout: term.NewWriter(stdout), stderr: term.NewWriter(stderr)}
	keepIgnored()
	defer e.closeResults()
	defer e.closeLog()
	if answers(args) {
		return e.answerShell(args)
	}
	args, err := e.takeNamed(args)
	if err != nil {
		return e.end(err)
	}
	e.given = args[min(1, len(args)):]
	args, e.words, e.hasWords = cutWords(args)
	e.args = args
	args = e.takeSources(args)
	app := e.app()
	knowNames(app.Commands)
	if len(args) > 1 {
		switch args[1] {
		case "help":
			args = append(append(args[:1:1], args[2:]...), "--help")
		case "-V":
			args = append(append(args[:1:1], "--version"), args[2:]...)
		}
	}
	args = permute(app, args)
	if text := e.help(app, args); text != "" {
		err = e.showHelp(text)
	} else {
		err = app.RunContext(context.Background(), args)
	}
	if err == nil && e.code == exitOK {
		err = e.stdout.Err() // of help, whose writer does not look
	}
	if errors.Is(err, syscall.EPIPE) && e.stdout.Err() != nil && e.code == exitOK {
		err = nil
	}
	return e.end(err)
}

// end tells the user what is still to be told, and returns the exit status.
func (e *env) end(err error) int {
	t := e.terminal
	if t == nil {
		if err == nil {
			return e.code
		}
		return report(e.stderr, err)
	}
	defer func() {
		t.Flush()
		_ = t.Close() // what could not be written to it was counted
	}()
	if err == nil && e.code == exitOK {
		return exitOK // what was held back is not to be told
	}
	t.Release()
	if err == nil {
		return e.code
	}
	var b bytes.Buffer
	code := report(e.stderr.Instead(&b), err)
	t.Plain(b.String())
	if t.InFile() { // whoever waits for the end hears why
		_, _ = e.stderr.Write(b.Bytes())
	}
	return code
}

// withoutHelpCommand takes away the subcommand help, and h, that each command would have: a
// run may be called so.
func withoutHelpCommand(commands []*cli.Command) []*cli.Command {
	for _, c := range commands {
		c.HideHelpCommand = true
		withoutHelpCommand(c.Subcommands)
	}
	return commands
}

func (e *env) app() *cli.App {
	return &cli.App{
		Name:  "brood",
		Usage: "run a job over every record of a dataset, in parallel, and prove what happened to each",
		Description: `Examples:
   ls testdata/*.csv | brood run exec -- wc -l {}
   brood run exec testdata/cities.csv -o /tmp/cities.csv -- echo {name}
   brood status; brood resume

Exit status: 0 all ok or skipped; 1 some failed; 2 bad usage, nothing started;
3 some unknown; 4 stopped by the job or --halt; 65 the dataset cannot be read;
74 an output could not be written; 75 another brood holds the run; 129, 130, 143
stopped by a signal, resumable.

Where NAME is left out, the newest run is meant, or the one that is running.`,
		Version:         ReadBuild().String(),
		HideHelpCommand: true,
		// A value may hold a comma.
		DisableSliceFlagSeparator: true,
		Writer:                    e.stdout,
		ErrWriter:                 e.stderr,
		// Only main exits the process.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageError,
		Metadata:       map[string]any{hasWordsKey: e.hasWords, argsKey: e.args, ofRunsKey: e.ofRuns()},
		CommandNotFound: func(c *cli.Context, name string) {
			e.code = report(e.stderr, e.unknownCommand(c.App, name))
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return e.unknownCommand(c.App, c.Args().First())
			}
			if e.hasWords {
				return usage("To run it for every record: brood run exec list.txt -- "+strings.Join(e.words, " "), "no command of brood's stands before --")
			}
			return e.showHelp(appHelp(c.App))
		},
		Commands: e.withoutWords(withoutHelpCommand(slices.Concat(e.ownCommands(), e.toolCommands()))),
	}
}

// ownCommands are the commands that brood has whichever jobs there are.
func (e *env) ownCommands() []*cli.Command {
	return slices.Concat(e.controlCommands(), []*cli.Command{
		e.runCommand(), e.resumeCommand(), e.retryCommand(), e.statusCommand(), e.runsCommand(), e.exportCommand(),
		e.historyCommand(), e.resolveCommand(), e.verifyCommand(), e.repairCommand(), e.forgetCommand(), e.keysCommand(), e.queueCommand(), e.mergeCommand(), e.shardsCommand(),
		e.logCommand(), e.failuresCommand(), e.reportCommand(), e.rmCommand(), e.pruneCommand(), e.lockCommand(), e.reloadCommand(), e.unitCommand(), e.configCommand(), e.doctorCommand(),
		e.completionCommand(), e.referenceCommand(), e.versionCommand(),
		e.joinCommand(), e.tokenCommand(), e.machinesCommand(), e.carryCommand(),
	})
}

// report tells the user about an error and returns the exit status.
func report(w *term.Writer, err error) int {
	code, hint := classify(err)
	// Two goroutines may have run into the same thing.
	lines := slices.Compact(errorLines(err))
	for i := range lines {
		lines[i] = w.Line(lines[i])
	}
	_, _ = fmt.Fprintln(w, "brood: "+strings.Join(lines, "\n"))
	if hint != "" {
		_, _ = fmt.Fprintln(w, "  "+w.Line(hint))
	}
	return code
}

// errorLines takes apart what errors.Join has joined: a line break within one error
// is data, and no reason to begin another line of ours.
func errorLines(err error) []string {
	var parts []error
	switch e := err.(type) { //nolint:errorlint // of this error, not of one within
	case interface{ Unwrap() []error }:
		parts = e.Unwrap()
	case interface{ Unwrap() error }:
		parts = []error{e.Unwrap()}
	}
	var lines []string
	for _, part := range parts {
		if part != nil {
			lines = append(lines, errorLines(part)...)
		}
	}
	if strings.Join(lines, "\n") != err.Error() { // it has words of its own
		return []string{err.Error()}
	}
	return lines
}

// classify turns an error into an exit status and advice.
func classify(err error) (int, string) {
	var ce *cliError
	var locked *home.LockedError
	var results *catalog.OwnedError
	var owned *home.OwnedError
	var silent *control.SilentError
	var writeErr *spec.WriteError
	var scope *keys.DamagedError
	var lostScope *keys.LostError
	var dataErr *spec.DatasetError
	var unfit *dataset.Unfit
	var aborted *spec.AbortError
	var halted *spec.HaltError
	advice, short := spec.Shortage(err)
	switch {
	case errors.As(err, &ce):
		return ce.code, ce.hint
	case errors.As(err, &results):
		return exitUsage, "Give the results another name with -o, or add --force to write over those."
	case errors.As(err, &locked) && locked.What == "run":
		return exitLocked, "Wait for it with --wait, or see how far it is: brood status " + locked.Name
	case errors.As(err, &locked) && locked.What == "output":
		return exitLocked, "Wait until that run has ended, or give the results another name with -o."
	case errors.As(err, &locked):
		return exitLocked, "Wait for it with --wait, or for some time with --wait=30s."
	case errors.As(err, &owned):
		return exitLocked, "If that machine has gone for good, add --take-over; if not, both would work on it."
	case errors.As(err, &lostScope):
		return exitWrite, "Put the files of the scope in the state directory, keys/" + lostScope.Err.Scope + ".*, back from a copy. Without one, a new scope needs another name, and knows nothing of what was done: find that out first."
	case errors.As(err, &scope):
		return exitWrite, "Put the files of the scope in the state directory, keys/" + scope.Scope + ".*, back from a copy; or go on with the keys that are left: brood keys " + scope.Scope + " repair"
	case errors.Is(err, ledger.ErrDamaged):
		return exitWrite, "Put back what is missing, or the whole run directory, from a copy; or look with brood verify NAME, and have brood repair NAME set all that may have been done to unknown."
	case errors.As(err, &silent) && silent.Stopped:
		return exitLocked, "Let it go on (kill -CONT, fg); an order has to be given again then. What its ledger says: brood status " + silent.Name
	case errors.As(err, &silent):
		return exitLocked, "What its ledger says: brood status " + silent.Name
	case errors.As(err, &aborted):
		return exitStopped, aborted.Hint
	case errors.As(err, &halted):
		return exitStopped, ""
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return exitWrite, "Make room on the disk, then continue with brood resume."
	case short:
		return exitWrite, advice
	case errors.As(err, &writeErr):
		return exitWrite, ""
	case errors.Is(err, dataset.ErrDamaged):
		return exitDataset, "Put it back from a copy. Without one the run cannot go on: its results say which records were done; run the others under another name."
	case errors.As(err, &unfit):
		return exitDataset, unfit.Do
	case errors.Is(err, dataset.ErrChanged), errors.As(err, &dataErr):
		return exitDataset, ""
	case errors.Is(err, spec.ErrBooks):
		return exitSoftware, ""
	case diskFails(err):
		return exitWrite, ""
	}
	return exitUsage, ""
}
