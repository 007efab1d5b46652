package command

import (
	"brood/jobs"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// failure is what brood failures --json prints. Names and meaning are a promise.
type failure struct {
	Status  string     `json:"status"`
	Class   jobs.Class `json:"class,omitempty"`
	Reason  string     `json:"reason"`
	Records uint64     `json:"records"` // how many ended so
	First   uint64     `json:"_seq"`    // the first of them
	Place   string     `json:"place,omitempty"`
}

func (e *env) failuresCommand() *cli.Command {
	return &cli.Command{
		Name:      "failures",
		Usage:     "say why records failed: each reason once, with how many and an example",
		ArgsUsage: "[NAME]",
		Description: `Errors that differ only by values of the record are one reason. What a record is
and all its tries: brood history NAME SEQ; the records themselves, with the reason of
each: brood export NAME --status failed -o failed.csv

Examples:
   brood failures demo
   brood failures demo --status unknown --json`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "status", Usage: "of records with `STATUS`[,STATUS]: failed, unknown, skipped", Value: "failed,unknown"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object a line"},
		},
		OnUsageError: usageError,
		Action:       e.failures,
	}
}

func (e *env) failures(c *cli.Context) error {
	want := make(map[jobs.Status]bool)
	for word := range strings.SplitSeq(c.String("status"), ",") {
		s, err := jobs.ParseStatus(strings.TrimSpace(word))
		if err != nil || (s != jobs.StatusFailed && s != jobs.StatusUnknown && s != jobs.StatusSkipped) {
			return usage("", "--status %s: there are reasons for failed, unknown and skipped", word)
		}
		want[s] = true
	}
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	l, err := ledger.OpenReader(c.Context, home.LedgerPath(state, name))
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	cfg, _, err := desk.ReadConfig(c.Context, l)
	if err != nil {
		return err
	}
	tally := reasons.NewTally(reasons.Kept)
	if err := desk.Failures(c.Context, home.At(state, name), l, cfg, want, tally.Add); err != nil {
		return err
	}
	groups, rest := tally.Groups()
	for i := range groups {
		g := &groups[i]
		if c.Bool("json") {
			err = e.printJSON(failure{g.Status.String(), g.Class, g.Reason, g.Records, uint64(g.First), g.Place})
		} else {
			_, err = fmt.Fprintln(e.stdout, e.stdout.Line(g.String()))
		}
		if err != nil {
			return err
		}
	}
	if rest > 0 {
		_, _ = fmt.Fprintf(e.stderr, "brood: %d more, for other reasons; the records: brood export %s --status %s\n", rest, name, c.String("status"))
	}
	if len(groups) == 0 && !c.Bool("json") {
		_, err = fmt.Fprintf(e.stdout, "no record of run %s is %s\n", name, strings.ReplaceAll(c.String("status"), ",", " or "))
	}
	return err
}
