package command

import (
	"brood/jobs"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/forget"
	"brood/runner/ledger"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"
)

func (e *env) forgetCommand() *cli.Command {
	return &cli.Command{
		Name:      "forget",
		Usage:     "take a person's data out of a run that is done, and keep what is counted",
		ArgsUsage: "NAME (--key KEY | --customer ID | --invoice ID | --seq N | --where CONDITION) [--yes]",
		Description: `What the columns of the records hold is taken out of the results, the ledger, the
log, the joblog and brood's copies of the dataset; of a billing run out of its
plan, its register and its journal as well. Statuses, classes, amounts and
numbers stay, and so do --keep COLUMNS; so the run can be counted, reported and
checked as before. brood verify says what was forgotten, and names a row that was
altered afterwards.

Without --yes it only says what it would do. A record that is unknown, or whose
money may still come or go, cannot be forgotten yet. Invoices and a bank's files
stay, as the law often wants them kept (in Germany 8 years, in France 10): they
are named, and go with --documents, a bank's file as a whole.

Your own files are not touched, nor are other runs, lists of whom not to write
to, keys of --once-per and caches: they are named too. Cut off anywhere, it is
ended by the next brood forget of the run.

Examples:
   brood run exec --run letters --key id -o letters.csv testdata/cities.csv -- \
     echo {name}
   brood forget letters --where 'name = Shanghai' --dry-run
   brood forget letters --where 'name = Shanghai' --keep id --yes \
     --reason "asked on 30 November"
   brood verify letters`,
		Flags: []cli.Flag{
			stateFlag(), waitingFlag(), takeOverFlag(),
			&cli.StringFlag{Name: "key", Usage: "records with `KEY`, the value of the --key columns as a row of CSV"},
			&cli.StringSliceFlag{Name: "customer", Usage: "records with `ID` in the column customer_id; may be given several times"},
			&cli.StringSliceFlag{Name: "invoice", Usage: "records with `ID` in the column invoice_id; may be given several times"},
			&cli.Uint64SliceFlag{Name: "seq", Usage: "the record at position `N`, from 0; may be given several times"},
			&cli.StringFlag{Name: "where", Usage: "only those for which `CONDITION` holds, as for brood run"},
			&cli.StringSliceFlag{Name: "keep", Usage: "`COLUMN`[,COLUMN] tells nothing of a person, and stays"},
			&cli.BoolFlag{Name: "documents", Usage: "remove invoices of theirs too, and files of a bank in which they stand"},
			&cli.StringFlag{Name: "reason", Usage: "why, which is kept: `TEXT`; it should not name whom it is about"},
			&cli.BoolFlag{Name: "dry-run", Usage: "only say what would be done"},
			&cli.BoolFlag{Name: "yes", Usage: "do it"},
		},
		OnUsageError: usageError,
		Action:       e.forget,
	}
}

func (e *env) forget(c *cli.Context) (err error) {
	state, name, err := oneRun(c)
	if err != nil {
		return err
	}
	dir, err := openDir(c, state, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	l, cfg, sum, err := desk.Open(c.Context, dir, c.Bool("take-over"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, catalog.Close(dir, l)) }()
	if cfg.Queue != nil {
		return usage("Go on with it once with a short --forget, such as 1h, and the same line as always; or remove the run whole: brood rm "+name, "run %s works off a queue: it lets go of what is settled after --forget, by its age, and of no one record", name)
	}
	if sum.State != ledger.StateDone {
		return usage("End it first: brood resume "+name+"; or remove all of it: brood rm "+name, "run %s is not done, it is %s, and its records may still be needed", name, sum.State)
	}
	def, err := e.registry.Lookup(cfg.Job)
	if err != nil {
		return err
	}
	warn := func(format string, args ...any) {
		_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: "+fmt.Sprintf(format, args...)))
	}
	run := &forget.Run{Dir: dir, Ledger: l, Config: cfg, Job: def, Finished: finished(dir, cfg, sum.State, sum.Totals, warn), Logf: warn}
	resumed, err := forget.Finish(c.Context, run)
	if err != nil {
		return err
	}
	if resumed {
		warn("%s: an earlier brood forget had been cut off, and is ended now", name)
	}
	req := forgetRequest(c)
	if !chooses(&req.Choice) {
		if resumed {
			return nil
		}
		return usage("See: brood forget --help", "say whom to forget with --key, --customer, --invoice, --seq or --where")
	}
	if err := desk.Amend(c.Context, l, cfg, warn); err != nil {
		return err
	}
	if err := desk.CheckResults(c.Context, l.Reader()); err != nil {
		return &cliError{code: exitWrite, err: err, hint: "Put back what was written from a copy, or have it looked at: brood verify " + name}
	}
	rep, err := forget.Forget(c.Context, run, req)
	var choice *forget.ChoiceError
	var open *forget.OpenError
	switch {
	case errors.As(err, &choice):
		return usage("Nothing was changed.", "%w", err)
	case errors.As(err, &open):
		return &cliError{code: exitUsage, err: err, hint: "Nothing was changed."}
	case err != nil:
		return err
	}
	return e.tellForgotten(c, name, req, rep)
}

func chooses(c *forget.Choice) bool {
	return c.Key != "" || len(c.Columns) > 0 || len(c.Seqs) > 0 || c.Where != ""
}

func forgetRequest(c *cli.Context) *forget.Request {
	req := &forget.Request{
		Choice: forget.Choice{Key: c.String("key"), Where: c.String("where"), Columns: make(map[string][]string)},
		Keep:   jobs.SplitList(c.StringSlice("keep")), Documents: c.Bool("documents"), Dry: c.Bool("dry-run") || !c.Bool("yes"),
		By: whoami(), Reason: c.String("reason"), Now: time.Now().UTC().Truncate(time.Millisecond),
	}
	for _, id := range []string{"customer", "invoice"} {
		if ids := c.StringSlice(id); len(ids) > 0 {
			req.Columns[id+"_id"] = ids
		}
	}
	for _, n := range c.Uint64Slice("seq") {
		req.Seqs = append(req.Seqs, jobs.Seq(n))
	}
	return req
}

func (e *env) tellForgotten(c *cli.Context, name string, req *forget.Request, rep *forget.Report) error {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(e.stdout, format+"\n", args...) }
	if rep.Already > 0 {
		say("%s forgotten before", countOf(rep.Already, "record was", "records were"))
	}
	if len(rep.Records) == 0 {
		say("there is nothing left to forget of them in run %s", name)
		return nil
	}
	if req.Dry {
		say("would forget %s of run %s: %s", countOf(len(rep.Records), "record", "records"), name, positions(rep.Records))
	} else {
		say("forgot %s of run %s: %s", countOf(len(rep.Records), "record", "records"), name, positions(rep.Records))
		for _, path := range rep.Files {
			say("  written anew: %s", path)
		}
		for _, path := range rep.Removed {
			say("  removed: %s", path)
		}
	}
	say("not touched:")
	for _, s := range rep.Stays {
		say("  %s", s)
	}
	if req.Dry && !c.Bool("dry-run") {
		return usage("If that is meant: the same with --yes", "nothing was changed")
	}
	return nil
}

func countOf(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// positions names the first of some records.
func positions(which []jobs.Seq) string {
	const most = 20
	text := ""
	for i, seq := range which {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(which)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(seq)
	}
	return text
}
