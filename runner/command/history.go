package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/spec"
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

// history is what brood history --json prints. Names and meaning are a promise.
type history struct {
	Run    string         `json:"run"`
	Seq    uint64         `json:"seq"`
	Key    string         `json:"key,omitempty"` // as it was asked for
	Status string         `json:"status"`
	Class  jobs.Class     `json:"class,omitempty"`
	Error  string         `json:"error,omitempty"`
	Place  string         `json:"place,omitempty"`
	Events []ledger.Event `json:"events"`
}

func (e *env) historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "show all that happened to one record",
		ArgsUsage: "[NAME] KEY|SEQ",
		Description: `SEQ is the record's position, from 0. KEY is its idempotency key, 32 hexadecimal
digits, or the value of the --key columns as a row of CSV; a key that is a plain
number needs --key. Where the record stands is said at the top; of one that was
ok at the first try there is nothing more than the intent. Without a name: the
newest run, or the newest that is running.

Examples:
   brood history demo 17
   brood history 17
   brood history demo --key 1796236`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "key", Usage: "the record with `KEY`"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		OnUsageError: usageError,
		Action:       e.history,
	}
}

func (e *env) history(c *cli.Context) error {
	state, name, key, err := e.whichRecord(c)
	if err != nil {
		return err
	}
	l, err := ledger.OpenReader(c.Context, home.LedgerPath(state, name))
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	h := &history{Run: name}
	cfg, _, err := desk.ReadConfig(c.Context, l)
	if err != nil {
		return err
	}
	if n, err := strconv.ParseUint(key, 10, 63); err == nil && !c.IsSet("key") && len(key) < 32 {
		h.Seq = n
	} else {
		seq, err := desk.FindKey(c.Context, home.At(state, name), l, cfg, key)
		if err != nil {
			return err
		}
		h.Seq, h.Key = uint64(seq), key
	}
	if err := h.fill(c, home.At(state, name), l, cfg); err != nil {
		return err
	}
	if c.Bool("json") {
		return e.printJSON(h)
	}
	return e.printHistory(h)
}

// whichRecord reads [NAME] KEY|SEQ, or [NAME] --key KEY. A single operand without --key says
// which record, unless there is a run of that name: then the record is missing.
func (e *env) whichRecord(c *cli.Context) (state, name, key string, err error) {
	const seeHelp = "See: brood history --help"
	args := c.Args().Slice()
	if key = c.String("key"); !c.IsSet("key") && len(args) > 0 {
		key, args = args[len(args)-1], args[:len(args)-1]
	} else if !c.IsSet("key") {
		return "", "", "", usage(seeHelp, "say which record, by its key or its position")
	}
	if len(args) > 1 {
		return "", "", "", usage(seeHelp, "give the name of one run, and the key or the position of one record")
	}
	if state, err = home.State(c.String("state")); err != nil {
		return "", "", "", usage("", "%w", err)
	}
	if len(args) == 1 {
		return state, args[0], key, checkRun(state, args[0])
	}
	if !c.IsSet("key") && home.CheckName(key) == nil {
		if begun, _ := home.At(state, key).Begun(); begun {
			return "", "", "", usage("For example: brood history "+key+" 17. A record of another run is shown by: brood history NAME "+key,
				"%s is a run: say which of its records, by its key or its position", key)
		}
	}
	state, name, err = e.unnamedRun(c, toLook)
	return state, name, key, err
}

func (h *history) fill(c *cli.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config) error {
	seq := jobs.Seq(h.Seq)
	status, err := statusOf(c.Context, l, cfg, seq)
	if err != nil {
		return err
	}
	h.Status = status.String()
	o, err := l.Outcome(c.Context, seq)
	if err != nil {
		return err
	}
	if o != nil {
		h.Class, h.Error = o.Class, o.Error
	}
	if h.Place, err = placeOf(c.Context, dir, l, seq, o); err != nil {
		return err
	}
	h.Events, err = l.Events(c.Context, seq)
	return err
}

// placeOf says where a record stands: as the ledger knows it of those that did not end ok,
// and of the others as the dataset has it; empty if that cannot be read any more.
func placeOf(ctx context.Context, dir *home.Dir, l *ledger.Reader, seq jobs.Seq, o *ledger.Outcome) (string, error) {
	cfg, _, err := desk.ReadConfig(ctx, l)
	if err != nil {
		return "", err
	}
	if o != nil && o.Place.File < len(cfg.Dataset.Paths) {
		return intake.Place(&cfg.Dataset, dataset.Position{File: o.Place.File, Line: o.Place.Line}), nil
	}
	place, err := desk.Where(ctx, dir, l, cfg, seq)
	if err != nil {
		return "", nil //nolint:nilerr // the dataset has gone since, and all else is known
	}
	return place, nil
}

func (e *env) printHistory(h *history) error {
	status := h.Status
	if h.Class != "" {
		status += " (" + string(h.Class) + ")"
	}
	if h.Error != "" {
		status += ": " + oneLine(h.Error)
	}
	record := reasons.Where(jobs.Seq(h.Seq), h.Place)
	if _, err := fmt.Fprintf(e.stdout, "%s of run %s\n%s\n", e.stdout.Line(record), h.Run, e.stdout.Line(status)); err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, ev := range h.Events {
		var words []string
		add := func(format string, v any, set bool) {
			if set {
				words = append(words, fmt.Sprintf(format, v))
			}
		}
		add("try %d", ev.Attempt, ev.Attempt > 0)
		add("session %d", ev.Session, ev.Session > 0)
		add("slot %d", ev.Slot, ev.Slot > 0)
		add("%d ms", ev.MS, ev.MS > 0)
		add("%s", ev.Class, ev.Class != "")
		add("by %s", ev.By, ev.By != "")
		add("%s", oneLine(ev.Text), ev.Text != "")
		add("it was %q", ev.Was, ev.What == "corrected")
		add("it is %q", ev.Row, ev.What == "corrected")
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\n", ev.At, ev.What, e.stdout.Line(strings.Join(words, ", "))); err != nil {
			return err
		}
	}
	return w.Flush()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
