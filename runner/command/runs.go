package command

import (
	"brood/runner/catalog"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/queue"
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
)

func (e *env) runsCommand() *cli.Command {
	return &cli.Command{
		Name:  "runs",
		Usage: "list the runs there are, newest first",
		Description: `OK, FAILED and UNKNOWN are records, TIME is how long they were worked on, SIZE what
the run takes on the disk, without its results. With --json there is all that
brood status says of each, and more.

Examples:
   brood runs
   brood runs --failed --since 24h
   brood runs --job exec --json`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.BoolFlag{Name: "failed", Usage: "only runs that did not end well: with records that failed or are unknown, stopped, or not readable"},
			&cli.StringFlag{Name: "since", Usage: "only runs that were worked on in the last `TIME`, such as 24h or 30d"},
			&cli.StringFlag{Name: "job", Usage: "only runs of the job `NAME`"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object a line"},
		},
		OnUsageError: usageError,
		Action:       e.runs,
	}
}

func (e *env) runs(c *cli.Context) error {
	if c.NArg() > 0 {
		return usage("See: brood runs --help; of one run: brood status "+c.Args().First(), "brood runs takes no name")
	}
	state, err := home.State(c.String("state"))
	if err != nil {
		return usage("", "%w", err)
	}
	since, err := parseAge("since", c.String("since"))
	if err != nil {
		return err
	}
	all, err := e.listRuns(c.Context, state)
	if err != nil {
		return err
	}
	now := time.Now()
	all = slices.DeleteFunc(all, func(l catalog.Listed) bool {
		return (c.Bool("failed") && endedWell(l.Entry)) || (c.IsSet("job") && l.Job != c.String("job")) ||
			(c.IsSet("since") && l.State != ledger.StateRunning && now.Sub(l.Ended()) > since)
	})
	if !c.Bool("json") {
		return e.tableRuns(all, now)
	}
	for _, l := range all {
		s := statusOfEntry(l.Entry)
		s.DiskBytes = &l.Disk
		if l.State == ledger.StateRunning {
			s.askLive(c.Context, state)
		}
		if err := e.printJSON(s); err != nil {
			return err
		}
	}
	return nil
}

// endedWell reports whether nobody has to look after a run.
func endedWell(e *catalog.Entry) bool {
	return e.Failed == 0 && e.Unknown == 0 && (e.State == ledger.StateDone || e.State == ledger.StateRunning)
}

// listRuns lists all runs. One that cannot be read is told of, and the others are shown all
// the same.
func (e *env) listRuns(ctx context.Context, state string) ([]catalog.Listed, error) {
	all, err := catalog.List(ctx, state)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		if l.Err == nil {
			continue
		}
		if code, _ := classify(l.Err); code != exitUsage {
			e.code = code
			_, _ = fmt.Fprintln(e.stderr, e.stderr.Line(fmt.Sprintf("brood: run %s: %v", l.Name, l.Err)))
		}
	}
	return all, nil
}

func (e *env) tableRuns(all []catalog.Listed, now time.Time) error {
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tJOB\tSTATE\tOK\tFAILED\tUNKNOWN\tTIME\tSIZE\tSTARTED\tCOMMAND\tDATASET")
	for _, l := range all {
		cells := []string{
			l.Name, l.Job, string(l.State), fmt.Sprint(l.OK), fmt.Sprint(l.Failed), fmt.Sprint(l.Unknown),
			showTime(workedOn(l.Entry, now)), humanize.IBytes(uint64(max(l.Disk, 0))), showStart(l.StartedAt), shorten(l.Task), datasetOf(l.Entry),
		}
		for i := range cells {
			// A tab or a line break in a cell would begin another.
			cells[i] = oneLine(e.stdout.Line(cells[i]))
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		if _, err := fmt.Fprintln(e.stdout, e.stdout.Fit(strings.TrimRight(line, " \n"))); err != nil {
			return err
		}
	}
	return nil
}

// shownTask is how much of a command is shown in a table.
const shownTask = 60

func shorten(s string) string {
	if r := []rune(s); len(r) > shownTask {
		return string(r[:shownTask-1]) + "…"
	}
	return s
}

// datasetOf names the dataset of a run in few words.
func datasetOf(e *catalog.Entry) string {
	if len(e.Dataset) == 0 {
		return ""
	}
	if queue.IsURL(e.Dataset[0]) && !filepath.IsAbs(e.Dataset[0]) {
		return e.Dataset[0]
	}
	name := filepath.Base(e.Dataset[0])
	if e.Dataset[0] == "-" {
		name = "stdin"
	}
	if n := len(e.Dataset) - 1; n > 0 {
		name += fmt.Sprintf(" +%d", n)
	}
	return name
}

// workedOn is how long a run was worked on, until now if it is still.
func workedOn(e *catalog.Entry, now time.Time) time.Duration {
	if e.State == ledger.StateRunning {
		if begun, err := time.Parse(time.RFC3339, e.SessionAt); err == nil {
			return e.Worked + max(now.Sub(begun), 0)
		}
	}
	return e.Worked
}

func showStart(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// parseAge reads a time as parseTime does, and days and weeks: 30d, 2w.
func parseAge(flag, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	for unit, d := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, ok := strings.CutSuffix(s, unit); ok {
			if x, err := parseTime(flag, n+"h"); err == nil {
				return x * (d / time.Hour), nil
			}
		}
	}
	d, err := parseTime(flag, s)
	var bad *cliError
	if errors.As(err, &bad) {
		bad.hint = "Give a time such as 12h, 30d or 2w."
	}
	return d, err
}
