package command

import (
	"brood/runner"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"
)

// appendFlags are for a dataset that grows from one session of a run to the next.
func appendFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "append", Usage: "take rows that were added at the end of the dataset since, in the run of --run; the exit status and the summary are about this session alone", Category: groupData},
		&cli.BoolFlag{Name: "strict", Usage: "with --append: records that failed, or are unknown, in earlier sessions count as well", Category: groupData},
	}
}

// checkAppend refuses --append where it cannot work.
func checkAppend(c *cli.Context, data *dataset.Spec) error {
	if !c.Bool("append") {
		return nil
	}
	if len(data.Sources) > 0 || c.Int("max-args") > 1 || c.Bool("max-fit") {
		return usage("Name the file that grows, and take its lines one by one.", "--append does not go together with sources, nor with --max-args: new lines would make other records of what was done")
	}
	if c.IsSet("group-by") {
		return usage("Begin a run of its own for the new rows.", "--append does not go together with --group-by: new rows of a group that is done would be another message, and those of one that is not would change it")
	}
	if !c.IsSet("run") {
		return usage("For example: --run nightly --append", "--append goes on with a run from one time to the next: give it a name with --run")
	}
	if data.Paths[len(data.Paths)-1] == dataset.Stdin {
		return usage("Name the file that grows.", "--append: standard input cannot be read on from where it ended")
	}
	return nil
}

// countOnlyThisSession makes a report speak of what has happened in this session alone, if
// rows were appended.
func (e *env) countOnlyThisSession(c *cli.Context, rep *runner.Report) {
	rep.Alone = c.Bool("append") && !c.Bool("strict")
}

// tellAlready tells of a run that was done before, and what has become of its dataset. A
// dataset that is named and is another one now is an error.
func (e *env) tellAlready(c *cli.Context, name string, rep *runner.Report) error {
	e.terminal.Logf("%s was already done: %s", name, rep.Totals)
	var other error
	same := 0
	for i := range rep.Inputs {
		f := &rep.Inputs[i]
		switch {
		case f.Other != nil:
			e.terminal.Logf("%v; this run is done with it", f.Other)
			other = f.Other
		case f.Grown():
			e.terminal.Logf("%s has grown from %d to %d bytes since; take the new rows with: brood resume %s --append", f.Path, f.Was, f.Is, name)
		default:
			same++
		}
	}
	if same > 0 && same == len(rep.Inputs) {
		e.terminal.Logf("nothing was added to the dataset since")
	}
	e.tellEarlier(name, rep)
	if e.code = exitCode(rep); e.code == exitUnknown {
		e.adviseUnknown(name)
	}
	named := c.Command.Name != "resume" && c.Command.Name != "retry"
	if other != nil && named && errors.Is(other, dataset.ErrChanged) {
		return &cliError{code: exitDataset, err: fmt.Errorf("nothing was done: %w", other), hint: "For what stands there now begin another run: --run OTHER."}
	}
	return nil
}

// tellEarlier mentions what earlier sessions have left, if it does not count.
func (e *env) tellEarlier(name string, rep *runner.Report) {
	if !rep.Alone {
		return
	}
	b := rep.Before
	if b.Failed > 0 {
		e.terminal.Logf("%s in earlier sessions; try them again with: brood retry %s", counted(b.Failed, "record failed", "records failed"), name)
	}
	if b.Unknown > 0 {
		e.terminal.Logf("%s since earlier sessions; see: brood export %s --status unknown", counted(b.Unknown, "record is unknown", "records are unknown"), name)
	}
}

func counted(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// wordedBooks words the books that a report is about.
func wordedBooks(rep *runner.Report) string {
	if !rep.Alone || rep.Before == (ledger.Totals{}) {
		return rep.Totals.String()
	}
	t := rep.Counted()
	return fmt.Sprintf("new %d, ok %d, failed %d, skipped %d, unknown %d; in all: %s", t.Input, t.OK, t.Failed, t.Skipped, t.Unknown, rep.Totals)
}
