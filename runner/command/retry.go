package command

import (
	"brood/jobs"
	"brood/runner/catalog"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (e *env) retryCommand() *cli.Command {
	return &cli.Command{
		Name:      "retry",
		Usage:     "try records that have failed again, as they were or as they are put right",
		ArgsUsage: "[NAME]",
		Description: `The records are tried again within their run: each may have as many tries as a
new one, their rows in the results are replaced, and what there was to do
otherwise is done as well. Those that are unknown may have been done: whoever has
them tried again (--status unknown) says how he knows that they were not.

To put records right, export them into a table, change that with any program and
give it back. The column _seq, or the run's key, says which records they are; columns
that are left out stay as they are. What stood there before is kept in the history.

Examples:
   brood retry demo
   brood retry demo --class 'timeout' --class 'exit:*' --where country=AT
   brood export demo --status failed -o fix.csv
   brood retry demo --with fix.csv`,
		Flags:        slices.Concat(retryFlags(), engineFlags(), sessionFlags(nil), effectFlags()),
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			state, name, err := e.whichRun(c, toWork)
			if err != nil {
				return err
			}
			return e.withRoom(func() error {
				dir, err := openDir(c, state, name)
				if err != nil {
					return err
				}
				defer func() { _ = dir.Close() }()
				return e.retry(c, dir)
			})
		},
	}
}

const groupRetry = "Which records"

func retryFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "status", Usage: "records with `STATUS`[,STATUS]: failed, unknown", Value: "failed", Category: groupRetry},
		&cli.StringSliceFlag{Name: "class", Usage: "only those of `CLASS`, or a pattern such as 'exit:*'; may be given several times", Category: groupRetry},
		&cli.StringFlag{Name: "where", Usage: "only those for which `CONDITION` holds, on columns and _class, _error, _attempts, _seq, as for brood run: 'country=AT and amount > 10'", Category: groupRetry},
		&cli.StringFlag{Name: "with", Usage: "put the rows of `FILE`, a table that brood export has made and somebody has corrected, in place of the records, and try those", Category: groupRetry},
		&cli.StringFlag{Name: "reason", Usage: "how you know that those that are unknown were not done, or why they may be done twice: `TEXT`", Category: groupRetry},
	}
}

// retry tries records again, and goes on with the run.
func (e *env) retry(c *cli.Context, dir *home.Dir) error {
	var err error
	if e.terminal, err = e.term(c); err != nil {
		return err
	}
	n, err := e.reopen(c, dir)
	if err != nil {
		return err
	}
	if n == 0 {
		e.terminal.Logf("no record of run %s is to be tried again", dir.Name)
	}
	return e.continueRun(c, dir, nil, nil)
}

// reopen makes records pending that are to be tried again, and returns how many.
func (e *env) reopen(c *cli.Context, dir *home.Dir) (int, error) {
	choice := &desk.Choice{Classes: c.StringSlice("class"), Where: c.String("where")}
	statuses := c.String("status")
	if statuses == "" { // of brood resume
		statuses = jobs.StatusFailed.String()
	}
	for word := range strings.SplitSeq(statuses, ",") {
		s, err := jobs.ParseStatus(strings.TrimSpace(word))
		if err != nil || (s != jobs.StatusFailed && s != jobs.StatusUnknown) {
			return 0, usage("Those that are ok or skipped are final, and those that are pending are done by brood resume.", "--status %s: records that are failed or unknown can be tried again", word)
		}
		choice.Statuses = append(choice.Statuses, s)
	}
	reason := c.String("reason")
	if reason == "" && c.String("effect") == jobs.EffectNone.String() {
		reason = "--effect none: repeating a record does no harm"
	}
	if slices.Contains(choice.Statuses, jobs.StatusUnknown) && reason == "" {
		return 0, usage("It is kept with the decision, as by brood resolve.", "records that are unknown may have been done: say with --reason how you know that they were not, or why they may be done twice")
	}
	if c.IsSet("with") && (c.IsSet("class") || c.IsSet("where")) {
		return 0, usage("", "--with says which records by itself; leave out --class and --where")
	}
	l, cfg, sum, err := desk.Open(c.Context, dir, c.Bool("take-over"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = catalog.Close(dir, l) }()
	if err := e.lower(c, cfg); err != nil { // before anything is changed
		return 0, err
	}
	e.agreed = true
	warn := func(format string, args ...any) { e.terminal.Logf(format, args...) }
	if err := desk.Amend(c.Context, l, cfg, warn); err != nil {
		return 0, err
	}
	if err := desk.CheckInputs(c.Context, l.Reader(), true); err != nil {
		return 0, err
	}
	if sum.State == ledger.StateDone { // otherwise the session looks, which goes on anyway
		if err := desk.CheckResults(c.Context, l.Reader()); err != nil {
			return 0, &spec.WriteError{Err: err}
		}
	}
	var which []ledger.Outcome
	var corrections []ledger.Correction
	if with := c.String("with"); with != "" {
		which, corrections, err = e.corrected(c, dir, l.Reader(), cfg, choice, with)
	} else {
		which, err = desk.Chosen(c.Context, dir, l.Reader(), cfg, choice)
	}
	var condition *desk.WhereError
	if errors.As(err, &condition) {
		return 0, usage("See: brood retry --help", "%w", err)
	}
	if err != nil || len(which) == 0 {
		return 0, err
	}
	if reason == "" {
		reason = "brood retry"
	}
	if err := desk.Resolve(c.Context, dir, l, cfg, desk.Decide(which, ledger.DecideRetry, whoami(), reason), warn, corrections...); err != nil {
		return 0, err
	}
	said := fmt.Sprintf("%d of its records are tried again", len(which))
	if len(corrections) > 0 {
		said += fmt.Sprintf(", %d of them corrected by %s", len(corrections), c.String("with"))
	}
	e.terminal.Logf("%s: %s", dir.Name, said)
	return len(which), catalog.Close(dir, l)
}

// corrected reads a file of corrected records.
func (e *env) corrected(c *cli.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, choice *desk.Choice, path string) ([]ledger.Outcome, []ledger.Correction, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	of := dataset.Spec{Paths: []string{abs}, MaxRecord: cfg.Dataset.MaxRecord, MaxDepth: cfg.Dataset.MaxDepth}
	if err := of.Resolve(); err != nil {
		return nil, nil, usage("", "--with: %w", err)
	}
	var extra []string
	for _, column := range cfg.Plan.Columns {
		extra = append(extra, column.Name)
	}
	var which []ledger.Outcome
	var corrections []ledger.Correction
	fixes, err := desk.ReadFixes(c.Context, of, dir, l, cfg, extra)
	if err == nil {
		which, corrections, err = fixes.Corrected(c.Context, dir, l, cfg, choice.Statuses, whoami())
	}
	var input *dataset.InputError
	if errors.As(err, &input) {
		return nil, nil, usage("Nothing was changed.", "--with: %w", err)
	}
	return which, corrections, err
}
