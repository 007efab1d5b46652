package command

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

func (e *env) runsCommand() *cli.Command {
	return &cli.Command{
		Name:  "runs",
		Usage: "list the runs there are",
		Description: `Example:
   brood runs`,
		Flags:        []cli.Flag{stateFlag(), &cli.BoolFlag{Name: "json", Usage: "print a JSON object a line"}},
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			all, err := e.allRuns(c)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				for _, s := range all {
					if err := e.printJSON(s); err != nil {
						return err
					}
				}
				return nil
			}
			w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "NAME\tJOB\tSTATE\tINPUT\tOK\tFAILED\tSKIPPED\tUNKNOWN\tPENDING\tSTARTED")
			for _, s := range all {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", e.stdout.Line(s.Name), e.stdout.Line(s.Job), e.stdout.Line(s.State), s.Input, s.OK, s.Failed, s.Skipped, s.Unknown, s.Pending, s.StartedAt)
			}
			return w.Flush()
		},
	}
}

func sortRuns(all []*status) {
	slices.SortStableFunc(all, func(a, b *status) int { return strings.Compare(a.StartedAt, b.StartedAt) })
}
