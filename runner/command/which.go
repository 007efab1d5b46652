package command

import (
	"brood/runner/home"
	"brood/runner/ledger"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// purpose is what a run is wanted for. Where none is named, it decides which is meant.
type purpose string

const (
	toLook  purpose = "look"  // the newest that is running, or else the newest
	toSteer purpose = "steer" // the one that is running; of several none
	toWork  purpose = "work"  // the newest
)

// maxListed is how many runs a message names.
const maxListed = 10

// whichRun reads the state directory and the name of an existing run, the one operand of the
// command. Without it the run is meant that fits the purpose, and that is said.
func (e *env) whichRun(c *cli.Context, p purpose) (state, name string, err error) {
	if c.NArg() > 0 {
		return oneRun(c)
	}
	return e.unnamedRun(c, p)
}

// unnamedRun finds the run that is meant where none is named, and says which it is.
func (e *env) unnamedRun(c *cli.Context, p purpose) (state, name string, err error) {
	if state, err = home.State(c.String("state")); err != nil {
		return "", "", usage("", "%w", err)
	}
	if w := c.String(waitFlag); looksLikeTime().MatchString(w) && checkRun(state, w) == nil {
		return "", "", usage("Write --wait=forever "+w+" for the run, or give the name of one beside --wait="+w+".", "%s may be the run of that name, or a time to wait", w)
	}
	all, err := home.ByAge(state)
	if err != nil {
		return "", "", err
	}
	for {
		name, why, err := pickRun(all, p, state)
		if err != nil {
			return "", "", err
		}
		if p != toSteer && neverBegan(c.Context, state, name) { // it was cut off, or is about to begin
			all = slices.DeleteFunc(all, func(r home.Recent) bool { return r.Name == name })
			continue
		}
		if !c.Bool("quiet") {
			_, _ = fmt.Fprintf(e.stderr, "brood: run %s, %s\n", name, why)
		}
		return state, name, nil
	}
}

// pickRun chooses among runs, newest first, and says why.
func pickRun(all []home.Recent, p purpose, state string) (name, why string, err error) {
	var running []string
	for _, r := range all {
		if r.Running {
			running = append(running, r.Name)
		}
	}
	switch {
	case len(all) == 0:
		return "", "", usage("Begin with: brood run --help", "there are no runs in %s", state)
	case p == toWork:
		return all[0].Name, "the newest", nil
	case len(running) == 1:
		return running[0], "which is running", nil
	case p == toSteer && len(running) == 0:
		return "", "", usage("See how far it is: brood status "+all[0].Name, "no run is running; the newest was %s", all[0].Name)
	case p == toSteer:
		return "", "", usage("Give the name of one of them: "+listNames(running), "%d runs are running", len(running))
	case len(running) > 1:
		return running[0], fmt.Sprintf("the newest of %d that are running", len(running)), nil
	}
	return all[0].Name, "the newest", nil
}

// listNames lists names, not too many.
func listNames(names []string) string {
	more := ""
	if n := len(names) - maxListed; n > 0 {
		names, more = names[:maxListed], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ") + more
}

func neverBegan(ctx context.Context, state, name string) bool {
	r, err := ledger.OpenReader(ctx, home.LedgerPath(state, name))
	if err == nil {
		_ = r.Close()
	}
	return errors.Is(err, ledger.ErrNotBegun)
}

// oneRun reads the state directory and the name of an existing run, which must be given:
// what the command does is not for a run that somebody did not think of.
func oneRun(c *cli.Context) (state, name string, err error) {
	if state, err = home.State(c.String("state")); err != nil {
		return "", "", usage("", "%w", err)
	}
	if c.NArg() == 1 {
		name = c.Args().First()
		return state, name, checkRun(state, name)
	}
	if c.NArg() > 1 {
		return "", "", tooMany(c.Args().Slice())
	}
	hint := "The runs are listed by: brood runs"
	if c.NArg() == 0 {
		if all, err := home.ByAge(state); err == nil && len(all) > 0 {
			hint = "The newest is " + all[0].Name + "; all are listed by: brood runs"
		}
	}
	return "", "", usage(hint, "give the name of one run")
}

func checkRun(state, name string) error {
	if err := home.CheckName(name); err != nil {
		return usage("", "%w", err)
	}
	begun, err := home.At(state, name).Begun()
	if err == nil && !begun {
		return usage("The runs are listed by: brood runs", "there is no run %s in %s", name, state)
	}
	return err
}
