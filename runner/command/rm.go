package command

import (
	"brood/runner/catalog"
	"brood/runner/home"
	"brood/runner/ledger"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
)

func (e *env) rmCommand() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Usage:     "remove runs, with all that is known of them; their results stay",
		ArgsUsage: "NAME ...",
		Description: `A run that is needed still is not removed, and the others are: one that is
running; one with records of which nobody knows whether they were done; one whose
queue is owed answers; one that holds keys of a scope (--once-per). --force removes it all the same, but never one
that is running. Exit status 1 if some were removed and others not.

Examples:
   brood run echo --run demo -o demo.csv testdata/cities.csv
   brood rm --dry-run demo
   brood rm demo`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "remove also what is needed still"},
			&cli.BoolFlag{Name: "dry-run", Usage: "only say what would be removed"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing of what is removed"},
		},
		OnUsageError: usageError,
		Action:       e.rm,
	}
}

func (e *env) rm(c *cli.Context) error {
	state, err := home.State(c.String("state"))
	if err != nil {
		return usage("", "%w", err)
	}
	names := c.Args().Slice()
	if len(names) == 0 {
		return usage("The runs are listed by: brood runs; those that are old are removed by: brood prune", "give the names of the runs to remove")
	}
	for _, name := range names {
		if err := home.CheckName(name); err != nil {
			return usage("", "%w", err)
		}
	}
	if err := catalog.Sweep(state); err != nil {
		return err
	}
	slices.Sort(names)
	r := &catalog.Removal{State: state, Force: c.Bool("force"), Dry: c.Bool("dry-run")}
	removed, kept, err := r.Remove(c.Context, slices.Compact(names))
	if err := errors.Join(e.tellRemoved(c, removed), err); err != nil {
		return err
	}
	return e.tellKept(state, kept, len(removed))
}

// tellRemoved names what was removed, a line each.
func (e *env) tellRemoved(c *cli.Context, removed []catalog.Removed) error {
	said := "removed"
	if c.Bool("dry-run") {
		said = "would remove"
	} else if c.Bool("quiet") {
		return nil
	}
	for _, r := range removed {
		if _, err := fmt.Fprintf(e.stdout, "%s %s (%s)\n", said, r.Name, humanize.IBytes(uint64(max(r.Disk, 0)))); err != nil {
			return err
		}
	}
	return nil
}

// tellKept says why runs that were named have not been removed. The error is that of one of
// them; with others that were removed the status is 1.
func (e *env) tellKept(state string, kept []catalog.Kept, removed int) error {
	var last error
	for i, k := range kept {
		err := k.Err
		var needed *catalog.NeededError
		switch {
		case errors.As(err, &needed):
			err = &cliError{code: exitUsage, err: err, hint: needed.Hint}
		case errors.Is(err, fs.ErrNotExist):
			err = usage("The runs are listed by: brood runs", "there is no run %s in %s", k.Name, state)
		}
		if i == len(kept)-1 {
			last = err
		} else {
			code := report(e.stderr, err)
			e.code = max(e.code, code)
		}
	}
	if removed > 0 && last != nil {
		_, hint := classify(last)
		return &cliError{code: exitFailed, err: last, hint: hint}
	}
	return last
}

func (e *env) pruneCommand() *cli.Command {
	return &cli.Command{
		Name:  "prune",
		Usage: "remove runs that are old; their results stay",
		Description: `Without flags those that were begun with --keep TIME, and were done that long ago.
With flags those that were worked on last before TIME, but the newest N. A run with
a --keep of its own stays until that has passed. What is needed still stays, as with
brood rm, and is told of; that is no failure.

Examples:
   brood prune --older-than 30d --state done --dry-run
   brood prune --older-than 2w --keep-last 100`,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "state", Usage: "only runs in `STATE`[,STATE]: done, interrupted, aborted; or, as elsewhere, the directory in which runs are kept (one with such a name is written ./done)"},
			&cli.StringFlag{Name: "older-than", Usage: "runs that were worked on last more than `TIME` ago, such as 30d, 2w or 12h"},
			&cli.IntFlag{Name: "keep-last", Usage: "keep the newest `N` of them, whatever their age"},
			&cli.BoolFlag{Name: "dry-run", Usage: "only say what would be removed"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing of what is removed, and of what stays only how much"},
		},
		OnUsageError: usageError,
		Action:       e.prune,
	}
}

func (e *env) prune(c *cli.Context) error {
	states, where, err := parseStates(c.StringSlice("state"))
	if err != nil {
		return err
	}
	state, err := home.State(where)
	if err != nil {
		return usage("", "%w", err)
	}
	if c.NArg() > 0 {
		return usage("By name: brood rm "+strings.Join(c.Args().Slice(), " "), "brood prune takes no names")
	}
	rule := &catalog.Rule{KeepLast: c.Int("keep-last"), States: states}
	if rule.OlderThan, err = parseAge("older-than", c.String("older-than")); err != nil {
		return err
	}
	if rule.KeepLast < 0 {
		return usage("", "--keep-last %d: it cannot be negative", rule.KeepLast)
	}
	if err := catalog.Sweep(state); err != nil {
		return err
	}
	all, err := e.listRuns(c.Context, state)
	if err != nil {
		return err
	}
	now := time.Now()
	var names []string
	for _, l := range rule.Choose(all, now) {
		names = append(names, l.Name)
	}
	r := &catalog.Removal{State: state, Dry: c.Bool("dry-run"), Still: func(x *catalog.Entry) bool { return rule.Old(x, now) }}
	removed, kept, err := r.Remove(c.Context, names)
	if err := errors.Join(e.tellRemoved(c, removed), err); err != nil {
		return err
	}
	return e.tellPruned(c, removed, kept)
}

// tellPruned sums up what was removed, and says what stays although it is old, and why.
func (e *env) tellPruned(c *cli.Context, removed []catalog.Removed, kept []catalog.Kept) error {
	var locked *home.LockedError
	stay := 0
	for _, k := range kept {
		if errors.Is(k.Err, fs.ErrNotExist) || errors.As(k.Err, &locked) {
			continue // somebody else has removed it, or goes on with it
		}
		if stay++; !c.Bool("quiet") {
			_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: "+k.Err.Error()))
		}
	}
	if stay > 0 {
		_, _ = fmt.Fprintf(e.stderr, "brood: %d old runs stay, as they are needed still; brood rm NAME says what can be done, and with --force removes them\n", stay)
	}
	if c.Bool("quiet") {
		return nil
	}
	var bytes int64
	for _, r := range removed {
		bytes += r.Disk
	}
	said := "removed"
	if c.Bool("dry-run") {
		said = "would be removed"
	}
	_, err := fmt.Fprintf(e.stdout, "%s: %d runs, %s\n", said, len(removed), humanize.IBytes(uint64(max(bytes, 0))))
	return err
}

// parseStates reads --state of brood prune. Elsewhere it is the directory in which runs are
// kept, which is still what a word is that is no state of a run.
func parseStates(values []string) (states []ledger.State, dir string, err error) {
	for _, value := range values {
		var found []ledger.State
		other := ""
		for word := range strings.SplitSeq(value, ",") {
			switch st := ledger.State(strings.TrimSpace(word)); st {
			case ledger.StateDone, ledger.StateInterrupted, ledger.StateAborted:
				found = append(found, st)
			default:
				other = word
			}
		}
		switch {
		case other == "":
			states = append(states, found...)
		case len(found) > 0 || other == string(ledger.StateRunning):
			return nil, "", usage("It is done, interrupted or aborted, or several with commas.", "--state %s: a run in the state %q is not removed", value, other)
		case dir != "":
			return nil, "", usage("", "--state: runs are kept in %s or in %s, not in both", dir, value)
		default:
			dir = value
		}
	}
	return states, dir, nil
}
