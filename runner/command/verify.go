package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/desk"
	"brood/runner/forget"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/term"
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

func (e *env) verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check that a run's ledger, books, results and dataset are what was written",
		ArgsUsage: "[NAME]",
		Description: `The ledger is compared page by page with its seal, and its books are counted
anew; the results and the copy of standard input with the checksum that the last
commit has kept; the dataset with what it was when the run began. Nothing is
changed. Exit status 0 if all is well, 74 if something is not.

Example:
   brood verify demo`,
		Flags:        []cli.Flag{stateFlag(), &cli.BoolFlag{Name: "json", Usage: "print a JSON object a line"}},
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			state, name, err := e.whichRun(c, toLook)
			if err != nil {
				return err
			}
			found, err := desk.Verify(c.Context, home.At(state, name), home.Alive(state, name))
			if err != nil {
				return err
			}
			found = append(found, e.verifyJob(c.Context, state, name)...)
			return e.tellFound(c, name, found)
		},
	}
}

// verifyJob looks what was forgotten of a run, and asks its job about what it has written beside the results. A ledger that cannot be read was told of.
func (e *env) verifyJob(ctx context.Context, state, name string) []jobs.Finding {
	l, err := ledger.OpenReader(ctx, home.LedgerPath(state, name))
	if err != nil {
		return nil
	}
	defer func() { _ = l.Close() }()
	cfg, sum, err := desk.ReadConfig(ctx, l)
	if err != nil {
		return nil
	}
	found := forget.Verify(ctx, l, cfg)
	def, err := e.registry.Lookup(cfg.Job)
	if err != nil || def.Verify == nil {
		return found
	}
	return append(found, def.Verify(finished(home.At(state, name), cfg, sum.State, sum.Totals, func(string, ...any) {}))...)
}

func (e *env) tellFound(c *cli.Context, name string, found []jobs.Finding) error {
	wrong := 0
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, f := range found {
		how := "ok"
		if !f.OK {
			wrong++
			how = "WRONG"
		}
		if c.Bool("json") {
			if err := e.printJSON(f); err != nil {
				return err
			}
			continue
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", how, f.What, f.Text)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if wrong == 0 {
		return nil
	}
	return &cliError{
		code: exitWrite, err: fmt.Errorf("%d of %d things about run %s are not what was written", wrong, len(found), name),
		hint: "Put back from a copy what is damaged. Of the ledger and the results: brood repair " + name + " goes on from what is left.",
	}
}

func (e *env) repairCommand() *cli.Command {
	return &cli.Command{
		Name:      "repair",
		Usage:     "go on from what is left of a damaged ledger: what may have been done becomes unknown",
		ArgsUsage: "NAME",
		Description: `For a run whose ledger has lost or changed something, so that brood resume
refuses it. If there is a copy of the run directory, put that back instead.
Repair seals what is left. Every record that may have been sent out, and of which
the ledger says nothing final any more, becomes unknown, and --on-unknown of
brood resume decides; nothing is taken for done that nobody can prove. Results
behind what the ledger knows of are put aside into the run directory.

Example:
   brood repair demo`,
		Flags:        []cli.Flag{stateFlag(), waitingFlag(), takeOverFlag()},
		OnUsageError: usageError,
		Action:       e.repair,
	}
}

// beyondRepair is what can be done about a run of which too little is left.
func beyondRepair(path string, err error) error {
	return &cliError{code: exitWrite, err: err, hint: "Put the run directory " + path + " back from a copy. Without one, what was done stands only in the results, and at the far side: find out, and run what is left under another name."}
}

func (e *env) repair(c *cli.Context) error {
	state, name, err := oneRun(c)
	if errors.Is(err, ledger.ErrDamaged) {
		return beyondRepair(home.RunPath(state, name), err)
	}
	if err != nil {
		return err
	}
	dir, err := openDir(c, state, name)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	e.terminal = term.New(term.Options{Out: e.stderr, Progress: term.ProgressNever})
	rep, err := runner.Repair(c.Context, e.setting(dir), c.Bool("take-over"))
	if errors.Is(err, ledger.ErrLost) {
		return beyondRepair(dir.Path, err)
	}
	if err != nil {
		return err
	}
	return e.tellRepaired(name, &rep)
}

func (e *env) tellRepaired(name string, rep *runner.Repaired) error {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(e.stdout, format+"\n", args...) }
	if rep.Lost > 0 {
		say("the last %d commits are gone", rep.Lost)
	}
	if rep.Changed {
		say("the results are not what was written, and are kept as they are: look at them")
	}
	if rep.Missing > 0 {
		say("%d bytes of results are missing in the output, and cannot be written again", rep.Missing)
	}
	if rep.Tail != "" {
		say("results that the ledger does not know of were put aside: %s", rep.Tail)
	}
	if rep.Unknown > 0 {
		say("%d records may have been done; brood resume %s goes on with them by its --on-unknown", rep.Unknown, name)
	}
	_, err := fmt.Fprintf(e.stdout, "%s is repaired: %s\n", name, rep.Totals)
	return err
}
