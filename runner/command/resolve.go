package command

import (
	"brood/jobs"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"
)

func (e *env) resolveCommand() *cli.Command {
	return &cli.Command{
		Name:      "resolve",
		Usage:     "say what became of records that are unknown",
		ArgsUsage: "NAME --as ok|failed|retry (--seq N | --key KEY | --all-unknown) --reason TEXT",
		Description: `A record is unknown when it may or may not have been done: its worker died with
it in hand, and doing it again might do it twice. Find out, then decide; the
decision is kept in the ledger with your name, the time and the reason. "ok" and
"failed" change the record's row in the results; "retry" has it done again by
brood resume.

KEY is the idempotency key that the job was given, 32 hexadecimal digits, or the
value of the --key columns, as a row of CSV.

If a program can find out, let brood ask it: brood resume NAME --resolve-with
COMMAND runs COMMAND KEY for each, with a line of JSON with "seq", "key" and
"record" as its standard input. It prints one line of JSON, {"status":"ok"}, or
failed, not-done or unknown; "reason" may say more.

Examples:
   brood export demo --status unknown
   brood resolve demo --as ok --seq 17 --reason "the customer has the mail"
   brood resume demo --resolve-with "python3 ask_the_bank.py"`,
		Flags: []cli.Flag{
			stateFlag(), waitingFlag(), takeOverFlag(),
			&cli.StringFlag{Name: "as", Usage: "`DECISION`: ok, failed or retry"},
			&cli.Uint64SliceFlag{Name: "seq", Usage: "the record at position `N`, from 0; may be given several times"},
			&cli.StringFlag{Name: "key", Usage: "the record with `KEY`"},
			&cli.BoolFlag{Name: "all-unknown", Usage: "all that are unknown"},
			&cli.StringFlag{Name: "reason", Usage: "how you know: `TEXT`"},
		},
		OnUsageError: usageError,
		Action:       e.resolve,
	}
}

func (e *env) resolve(c *cli.Context) error {
	const seeHelp = "See: brood resolve --help"
	state, name, err := oneRun(c)
	if err != nil {
		return err
	}
	d := ledger.Decision(c.String("as"))
	if d != ledger.DecideOK && d != ledger.DecideFailed && d != ledger.DecideRetry {
		return usage(seeHelp, "say what they are with --as: ok, failed or retry")
	}
	if c.String("reason") == "" {
		return usage(seeHelp, "say how you know with --reason: it is kept with the decision")
	}
	chosen := 0
	for _, f := range []string{"seq", "key", "all-unknown"} {
		if c.IsSet(f) {
			chosen++
		}
	}
	if chosen != 1 {
		return usage(seeHelp, "say which records with one of --seq, --key and --all-unknown")
	}
	dir, err := openDir(c, state, name)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	l, cfg, sum, err := desk.Open(c.Context, dir, c.Bool("take-over"))
	if err != nil {
		return err
	}
	defer func() { _ = catalog.Close(dir, l) }()
	warn := func(format string, args ...any) {
		_, _ = fmt.Fprintln(e.stderr, e.stderr.Line(fmt.Sprintf("brood: "+format, args...)))
	}
	if err := desk.Amend(c.Context, l, cfg, warn); err != nil {
		return err
	}
	which, err := choose(c, dir, l.Reader(), cfg)
	if err != nil {
		return err
	}
	if len(which) == 0 {
		hint := ""
		if sum.State == ledger.StateRunning {
			hint = "The run was killed; what had been in hand becomes known by: brood resume " + name
		}
		return usage(hint, "no record of run %s is unknown", name)
	}
	if err := desk.Resolve(c.Context, dir, l, cfg, desk.Decide(which, d, whoami(), c.String("reason")), warn); err != nil {
		return err
	}
	if sum, err = l.Reader().Summary(c.Context); err != nil {
		return err
	}
	return e.tellResolved(name, d, len(which), sum)
}

// choose returns the unknown records that are meant.
func choose(c *cli.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config) ([]ledger.Outcome, error) {
	if c.Bool("all-unknown") {
		return l.Unknowns(c.Context)
	}
	var seqs []jobs.Seq
	if c.IsSet("key") {
		seq, err := desk.FindKey(c.Context, dir, l, cfg, c.String("key"))
		if err != nil {
			return nil, err
		}
		seqs = append(seqs, seq)
	}
	for _, n := range c.Uint64Slice("seq") {
		seqs = append(seqs, jobs.Seq(n))
	}
	var out []ledger.Outcome
	seen := make(map[jobs.Seq]bool)
	for _, seq := range seqs {
		if seen[seq] {
			continue
		}
		seen[seq] = true
		o, err := l.Outcome(c.Context, seq)
		if err != nil {
			return nil, err
		}
		if o == nil || o.Status != jobs.StatusUnknown {
			status, err := statusOf(c.Context, l, cfg, seq)
			if err != nil {
				return nil, err
			}
			place, err := placeOf(c.Context, dir, l, seq, o)
			if err != nil {
				return nil, err
			}
			return nil, usage("Those that are: brood export "+cfg.Name+" --status unknown", "%s is not unknown, it is %s", reasons.Where(seq, place), status)
		}
		out = append(out, *o)
	}
	return out, nil
}

// errNoRecord is returned for a position behind the end of the dataset.
var errNoRecord = errors.New("there is no such record")

func statusOf(ctx context.Context, l *ledger.Reader, cfg *spec.Config, seq jobs.Seq) (jobs.Status, error) {
	end, err := desk.ReadUpTo(ctx, l, cfg)
	if err != nil {
		return 0, err
	}
	if uint64(seq) >= end {
		return 0, usage("", "%w: %d; the run has read %d", errNoRecord, seq, end)
	}
	if deal := cfg.Deal(); deal != nil && !deal.Keyed() && !deal.Part().OwnsSeq(seq) {
		return 0, usage("", "%w in this run: %d is of another shard, and this is %s", errNoRecord, seq, deal.Part())
	}
	return l.StatusOf(ctx, seq)
}

func (e *env) tellResolved(name string, d ledger.Decision, n int, sum ledger.Summary) error {
	records := "records"
	if n == 1 {
		records = "record"
	}
	if _, err := fmt.Fprintf(e.stdout, "%d %s of run %s resolved as %s; %s\n", n, records, name, d, sum.Totals); err != nil {
		return err
	}
	if d != ledger.DecideRetry {
		return nil
	}
	_, err := fmt.Fprintf(e.stdout, "do them with: brood resume %s\n", name)
	return err
}
