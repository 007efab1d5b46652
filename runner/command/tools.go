package command

import (
	"brood/jobs"
	"errors"

	"github.com/urfave/cli/v2"
)

// toolCommands are the commands that go with jobs.
func (e *env) toolCommands() []*cli.Command {
	var out []*cli.Command
	for _, d := range e.registry.All() {
		for _, t := range d.Tools {
			out = append(out, &cli.Command{
				Name: t.Name, Usage: t.Usage, ArgsUsage: t.Arguments, Description: t.Help,
				Flags:        jobFlags(&jobs.Definition{Name: t.Name, Flags: t.Flags}),
				OnUsageError: usageError,
				Action: func(c *cli.Context) error {
					err := t.Run(options{Context: c}, c.Args().Slice(), e.stdout, e.stderr)
					if partly := (*jobs.PartlyError)(nil); errors.As(err, &partly) {
						return &cliError{code: exitFailed, err: err}
					}
					if err != nil {
						return usage("See: brood "+t.Name+" --help", "%w", err)
					}
					return nil
				},
			})
		}
	}
	return out
}
