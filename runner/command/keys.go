package command

import (
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/spec"
	"bufio"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
)

func (e *env) keysCommand() *cli.Command {
	return &cli.Command{
		Name:      "keys",
		Usage:     "list or forget the keys that runs with --once-per have taken",
		ArgsUsage: "SCOPE list | SCOPE forget [KEY ...] | SCOPE repair",
		Description: `A key is shown as a row of CSV: its normalized values. What is forgotten may
be done again by any run; forget needs to be told what: keys, --run, --before
or --all.

If something has removed or changed the file of a scope, runs refuse it; put it back
from a copy, or have repair go on with the keys that are left.

Examples:
   brood run echo --key name --once-per tour --run first testdata/cities.csv
   brood keys tour list
   brood keys tour forget Shanghai
   brood keys tour forget --run first`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "run", Usage: "keys that the run `NAME` has taken"},
			&cli.StringFlag{Name: "before", Usage: "keys taken before `DAY`, as in 2026-01-31, or longer ago than a time such as 2160h"},
			&cli.BoolFlag{Name: "all", Usage: "forget the whole scope"},
			&cli.BoolFlag{Name: "json", Usage: "list a JSON object a line"},
		},
		OnUsageError: usageError,
		Action:       e.keys,
	}
}

func (e *env) keys(c *cli.Context) error {
	const seeHelp = "See: brood keys --help"
	state, err := home.State(c.String("state"))
	if err != nil {
		return usage("", "%w", err)
	}
	args := c.Args().Slice()
	if len(args) < 2 || (args[1] != "list" && args[1] != "forget" && args[1] != "repair") {
		return usage(seeHelp, "say a scope and what to do with it: list, forget or repair")
	}
	if err := home.CheckName(args[0]); err != nil {
		return usage(seeHelp, "%w", err)
	}
	path := keys.ScopePath(state, args[0])
	if _, err := os.Stat(path); err != nil {
		return usage("A scope begins with: brood run JOB --key COLUMN --once-per "+args[0], "there is no scope %s in %s", args[0], state)
	}
	if args[1] == "repair" {
		n, err := keys.Repair(c.Context, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "scope %s goes on with %d keys\n", args[0], n)
		return err
	}
	f := keys.Filter{Keys: args[2:], Run: c.String("run")}
	if f.Before, err = parseBefore(c.String("before")); err != nil {
		return err
	}
	if args[1] == "list" {
		if len(f.Keys) > 0 {
			return usage(seeHelp, "list takes no keys")
		}
		return e.listKeys(c, path, f)
	}
	none := len(f.Keys) == 0 && f.Run == "" && f.Before.IsZero()
	if none != c.Bool("all") {
		return usage("Name keys, or give --run, --before or, for everything, --all alone.", "say what to forget")
	}
	n, err := keys.Forget(c.Context, path, f)
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	if n == 0 {
		return usage("What there is: brood keys "+args[0]+" list", "no such key in scope %s", args[0])
	}
	if missing := len(f.Keys) - int(n); missing > 0 {
		_, _ = fmt.Fprintf(e.stderr, "brood: %d of those keys are not in scope %s\n", missing, args[0])
	}
	_, err = fmt.Fprintf(e.stdout, "forgot %d of scope %s\n", n, args[0])
	return err
}

func parseBefore(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return t, nil
	}
	d, err := parseTime("before", s)
	if err != nil {
		return time.Time{}, usage("Give a day such as 2026-01-31, or a time ago such as 2160h.", "--before %q is neither a day nor a time", s)
	}
	return time.Now().Add(-d), nil
}

func (e *env) listKeys(c *cli.Context, path string, f keys.Filter) error {
	if c.Bool("json") {
		return keys.List(c.Context, path, f, func(t keys.Taken) error {
			return e.printJSON(struct {
				Key  string `json:"key"`
				Run  string `json:"run"`
				Seq  uint64 `json:"seq"`
				Line int64  `json:"line"`
				At   string `json:"at"`
			}{t.Key, t.Run, uint64(t.Seq), t.Line, t.At})
		})
	}
	// Tab-separated, not aligned: there may be ten million.
	w := bufio.NewWriter(e.stdout)
	_, _ = fmt.Fprintln(w, "key\trun\tline\ttaken")
	if err := keys.List(c.Context, path, f, func(t keys.Taken) error {
		_, err := fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", e.stdout.Line(t.Key), t.Run, t.Line, t.At)
		return err
	}); err != nil {
		return err
	}
	return w.Flush()
}
