package command

import (
	"brood/runner/control"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/top"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// controlCommands are those that tell a run something while it goes on.
func (e *env) controlCommands() []*cli.Command {
	order := func(o control.Order, usage string) *cli.Command {
		name := string(o)
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: "[NAME]",
			Description:  "Example:\n   brood " + name + " demo",
			Flags:        []cli.Flag{stateFlag()},
			OnUsageError: usageError,
			Action: func(c *cli.Context) error {
				return e.tell(c, o, nil)
			},
		}
	}
	return []*cli.Command{
		order(control.OrderPause, "begin no more records in a run until it is continued"),
		order(control.OrderContinue, "let a run go on that was paused"),
		e.drainCommand(order(control.OrderDrain, "finish the records in hand and end the run, resumable: as SIGTERM")),
		order(control.OrderStop, "end a run at once, resumable: as a second SIGTERM"),
		{
			Name: "scale", Usage: "work on more records at a time, or fewer", ArgsUsage: "[NAME] -j N",
			Description: `Example:
   brood scale demo -j 8`,
			Flags: []cli.Flag{
				stateFlag(),
				&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Usage: "work on `N` records at a time: a number, N% of the processors, +N or -N of them"},
			},
			OnUsageError: usageError,
			Action: func(c *cli.Context) error {
				if !c.IsSet("jobs") {
					return usage("For example: brood scale demo -j 8", "say how many with -j")
				}
				n, err := parseSlots(c.String("jobs"))
				if err != nil {
					return err
				}
				return e.tell(c, control.OrderScale, url.Values{"jobs": {strconv.Itoa(n)}})
			},
		},
		{
			Name: "rate", Usage: "change how many records a run starts in a time", ArgsUsage: "[NAME] N/s",
			Description: `0 takes the limit away.

Example:
   brood rate demo 20/s`,
			Flags:        []cli.Flag{stateFlag()},
			OnUsageError: usageError,
			Action:       e.rate,
		},
		{
			Name: "workers", Usage: "show the workers of a run", ArgsUsage: "[NAME]",
			Description: `Example:
   brood workers demo`,
			Flags:        []cli.Flag{stateFlag(), &cli.BoolFlag{Name: "json", Usage: "print JSON"}},
			OnUsageError: usageError,
			Action:       e.workers,
		},
		{
			Name: "top", Usage: "watch a run, and steer it, on the whole terminal", ArgsUsage: "[NAME]",
			Description: `Keys: q quits and lets the run go on; p pauses and continues; + and - change
the number of workers; d ends the run, resumable; s sorts; arrows scroll.

Example:
   brood top demo`,
			Flags:        []cli.Flag{stateFlag()},
			OnUsageError: usageError,
			Action:       e.top,
		},
	}
}

// tell sends an order to the run that is named, or to the one that is running.
func (e *env) tell(c *cli.Context, o control.Order, with url.Values) error {
	state, name, err := e.whichRun(c, toSteer)
	if err != nil {
		return err
	}
	return notRunning(name, control.Tell(c.Context, state, name, o, with))
}

// rate takes NAME N/s, or N/s alone: a single operand is the rate.
func (e *env) rate(c *cli.Context) error {
	args := c.Args().Slice()
	if len(args) != 1 && len(args) != 2 {
		return usage("For example: brood rate demo 20/s", "give the rate, and before it the name of a run if several are running")
	}
	limit := args[len(args)-1]
	state, err := home.State(c.String("state"))
	if err != nil {
		return usage("", "%w", err)
	}
	if _, err := parseRate("rate", limit); err != nil {
		if len(args) == 1 && checkRun(state, limit) == nil {
			return usage("For example: brood rate "+limit+" 20/s", "say how many records run %s may start in a time", limit)
		}
		return err
	}
	name := args[0]
	if len(args) == 2 {
		err = checkRun(state, name)
	} else {
		_, name, err = e.unnamedRun(c, toSteer)
	}
	if err != nil {
		return err
	}
	return notRunning(name, control.Tell(c.Context, state, name, control.OrderRate, url.Values{"rate": {limit}}))
}

// notRunning says what can be done where a run cannot be asked as it does not run.
func notRunning(name string, err error) error {
	if errors.Is(err, control.ErrNotRunning) {
		return usage("See how far it is: brood status "+name, "run %s: %w", name, err)
	}
	return err
}

func (e *env) workers(c *cli.Context) error {
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	b, err := control.Ask(c.Context, state, name, control.AskWorkers)
	if err != nil {
		return notRunning(name, err)
	}
	if c.Bool("json") {
		_, err := e.stdout.Write(b)
		return err
	}
	var list []control.WorkerState
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("read the answer of the run: %w", err)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SLOT\tPID\tRECORD\tFOR\tDONE\tMEMORY\tCPU\tWHERE")
	for _, s := range list {
		record, since := s.InHandText(), "-"
		if s.Seq != nil {
			since = time.Duration(s.InHand * float64(time.Second)).Round(time.Millisecond).String()
		}
		_, _ = fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%d\t%s\t%.1fs\t%s\n", s.Slot, s.PID, record, since, s.Done, humanize.IBytes(uint64(s.RSS)), s.CPU, e.stdout.Line(s.Place))
	}
	return w.Flush()
}

func (e *env) top(c *cli.Context) error {
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	if !e.stdout.IsTerminal() || !term.IsTerminal(int(e.stdin.Fd())) {
		return usage("Elsewhere there are: brood status "+name+" and brood workers "+name, "brood top needs a terminal")
	}
	if kind := os.Getenv("TERM"); isDumb(kind) {
		return usage("There are: brood status "+name+" and brood workers "+name, "brood top needs a terminal that can move its cursor, and TERM is %q", kind)
	}
	var silent *control.SilentError
	if _, err := control.Ask(c.Context, state, name, control.AskStatus); err != nil && !errors.As(err, &silent) {
		return notRunning(name, err)
	}
	books := func() (control.Live, error) { return booksOf(c.Context, state, name) }
	if err := top.Run(c.Context, state, name, books, e.stdin, e.stdout.File()); !errors.Is(err, control.ErrNotRunning) {
		return err
	}
	s, err := readStatus(c.Context, state, name)
	if err != nil {
		return err
	}
	return e.printStatus(s)
}

// booksOf is what the ledger says of a run that does not answer.
func booksOf(ctx context.Context, state, name string) (control.Live, error) {
	l, err := ledger.OpenReader(ctx, home.LedgerPath(state, name))
	if err != nil {
		return control.Live{}, err
	}
	defer func() { _ = l.Close() }()
	s, err := l.Summary(ctx)
	t := s.Totals
	return control.Live{Job: s.Job, Progress: -1, Input: t.Input, OK: t.OK, Failed: t.Failed, Skipped: t.Skipped, Unknown: t.Unknown}, err
}

// drainCommand is also for one of the machines of a run.
func (e *env) drainCommand(c *cli.Command) *cli.Command {
	c.Description = "With --machine, one of the machines of a run finishes what it has in hand and leaves,\nand the run goes on: brood drain fleet --machine web2\n\n" + c.Description
	c.Flags = append(c.Flags, &cli.StringFlag{Name: "machine", Usage: "only `MACHINE` finishes what it has in hand and leaves; the run goes on"})
	c.Action = func(c *cli.Context) error {
		if m := c.String("machine"); m != "" {
			return e.tell(c, control.OrderDrain, url.Values{"machine": {m}})
		}
		return e.tell(c, control.OrderDrain, nil)
	}
	return c
}
