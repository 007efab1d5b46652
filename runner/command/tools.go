package command

import (
	"brood/jobs"
	"brood/runner/home"
	"errors"
	"strings"

	"github.com/urfave/cli/v2"
)

// toolCommands are the commands that go with jobs. Those that are about one thing are its
// verbs, in the order of the jobs and, of one job, as that has them.
func (e *env) toolCommands() []*cli.Command {
	var out []*cli.Command
	for _, d := range e.registry.All() {
		for _, t := range d.Tools {
			if t.Of == nil {
				out = append(out, e.toolCommand(d, &t))
				continue
			}
			noun := find(out, t.Of.Name)
			if noun == nil {
				noun = nounCommand(t.Of)
				out = append(out, noun)
			}
			noun.Subcommands = append(noun.Subcommands, e.toolCommand(d, &t))
		}
	}
	return out
}

// nounCommand is a thing that tools do something with: it does nothing by itself.
func nounCommand(n *jobs.Noun) *cli.Command {
	return &cli.Command{
		Name: n.Name, Usage: n.Usage, Description: n.Help, ArgsUsage: "VERB [flags] ...", Category: "Verbs",
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			if word := c.Args().First(); word != "" {
				return unknownVerb(c.Command, word)
			}
			return usage("See: brood "+n.Name+" --help", "brood %s: say what to do with it: %s", n.Name, verbLines(c.Command))
		},
	}
}

// verbLines are the commands that do something with a thing, with their arguments.
func verbLines(noun *cli.Command) string {
	var lines []string
	for _, v := range noun.Subcommands {
		if v.Name != "help" {
			lines = append(lines, strings.TrimSpace("brood "+noun.Name+" "+v.Name+" "+v.ArgsUsage))
		}
	}
	return strings.Join(lines, ", ")
}

// unknownVerb is about a word that is none of what can be done with a thing.
func unknownVerb(noun *cli.Command, word string) error {
	var verbs []string
	for _, v := range noun.Subcommands {
		verbs = append(verbs, v.Name)
	}
	hint := "What there is to do is listed by: brood " + noun.Name + " --help"
	if like := near(word, verbs); len(like) > 0 {
		hint = meant("brood "+noun.Name+" ", like)
	}
	return usage(hint, "brood %s has no %q", noun.Name, word)
}

func (e *env) toolCommand(d *jobs.Definition, t *jobs.Tool) *cli.Command {
	name := t.Name
	if t.Of != nil {
		name = t.Of.Name + " " + name
	}
	flags := jobFlags(&jobs.Definition{Name: name, Flags: t.Flags})
	if t.State || t.OfRun != nil {
		flags = append(flags, stateFlag())
	}
	if t.Alone {
		flags = append(flags, waitingFlag(), takeOverFlag())
	}
	return &cli.Command{
		Name: t.Name, Usage: t.Usage, ArgsUsage: t.Arguments, Description: t.Help,
		Flags:        flags,
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			var err error
			if t.OfRun != nil {
				err = e.ofRun(c, d, t)
			} else {
				err = e.runTool(c, t)
			}
			if code, _ := classify(err); code != exitUsage { // it says more than that it was used wrongly
				return err
			}
			if ours := (*cliError)(nil); errors.As(err, &ours) {
				return err
			}
			if partly := (*jobs.PartlyError)(nil); errors.As(err, &partly) {
				return &cliError{code: exitFailed, err: err}
			}
			if err != nil {
				return usage("See: brood "+name+" --help", "%w", err)
			}
			return nil
		},
	}
}

func (e *env) runTool(c *cli.Context, t *jobs.Tool) error {
	state, err := home.State(c.String("state"))
	if err != nil && t.State {
		return usage("", "%w", err)
	}
	return t.Run(options{Context: c, state: state}, c.Args().Slice(), e.stdout, e.stderr)
}
