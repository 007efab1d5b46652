package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// withoutWords has all commands refuse what stands behind "--" that do not say they take it.
// Otherwise resume NAME -- COMMAND would look as if COMMAND were what goes on.
func (e *env) withoutWords(commands []*cli.Command) []*cli.Command {
	for _, c := range commands {
		e.withoutWords(c.Subcommands)
		if len(c.Subcommands) > 0 || strings.Contains(c.ArgsUsage, " -- ") {
			continue
		}
		before := c.Before
		c.Before = func(ctx *cli.Context) error {
			if e.hasWords {
				return e.refuseWords(ctx)
			}
			if before != nil {
				return before(ctx)
			}
			return nil
		}
	}
	return commands
}

// refuseWords is about a command that was given to one of brood's that takes none.
func (e *env) refuseWords(c *cli.Context) error {
	hint := "What stands behind -- is a command, for brood run and brood lock. (A file whose name begins with a dash is ./-name.)"
	if goesOn(c.Command.Name) {
		hint = "The run goes on with the command it was begun with; brood run JOB --resume --run NAME … -- COMMAND compares them. For another command begin another run."
	}
	return usage(hint, "%s takes no command after --: %s", c.Command.HelpName, strings.Join(e.words, " "))
}

// goesOn reports whether a command goes on with a run as that was begun.
func goesOn(name string) bool { return name == "resume" || name == "retry" }

// ofRuns are the flags that only a new run has, and its job, by name: the job's, or "" for
// those of all.
func (e *env) ofRuns() map[string]string {
	out := make(map[string]string)
	for _, d := range e.registry.All() {
		for _, f := range d.Flags {
			out[f.Name] = d.Name
		}
	}
	for _, f := range runFlags() {
		for _, name := range f.Names() {
			out[name] = ""
		}
	}
	return out
}

// keptFlag says why a flag of a new run is none of resume's; empty if it is not one.
func keptFlag(c *cli.Context, name string) string {
	of, _ := c.App.Metadata[ofRunsKey].(map[string]string)
	job, known := of[name]
	if !known || c.Command == nil || !goesOn(c.Command.Name) {
		return ""
	}
	return "It is a flag of " + strings.TrimSpace("brood run "+job) + ", and the run goes on as it was begun. For another way begin another run."
}

// tooMany is what is said of several names where one is meant.
func tooMany(names []string) error {
	return usage("One at a time, as in: for name in "+strings.Join(slices.Compact(slices.Clone(names)), " ")+"; do brood … $name; done", "give the name of one run, not %d: %s", len(names), strings.Join(names, ", "))
}
