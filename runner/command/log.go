package command

import (
	"brood/runner/home"
	"brood/runner/logbook"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
)

func (e *env) logCommand() *cli.Command {
	return &cli.Command{
		Name:      "log",
		Usage:     "show what a run's workers have printed, and what brood has said",
		ArgsUsage: "[NAME]",
		Description: `The last 4 MiB are kept, and up to 8. SEQ is a record's number, from 0. With --follow
it goes on as lines come, and ends when the run does.

Examples:
   brood log demo
   brood log demo --seq 17
   brood log demo --follow`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "wait for more, until the run ends"},
			&cli.Int64Flag{Name: "seq", Usage: "only what was printed for the record `SEQ`"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object a line"},
		},
		OnUsageError: usageError,
		Action:       e.log,
	}
}

func (e *env) log(c *cli.Context) error {
	if c.Int64("seq") < 0 {
		return usage("", "--seq %d: records are numbered from 0", c.Int64("seq"))
	}
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	var alive func() bool
	if c.Bool("follow") {
		alive = func() bool { return home.Alive(state, name) }
	}
	return logbook.Read(c.Context, home.RunPath(state, name), alive, func(l *logbook.Line) error {
		if c.IsSet("seq") && (l.Seq == nil || *l.Seq != c.Int64("seq")) {
			return nil
		}
		if c.Bool("json") {
			return e.printJSON(l)
		}
		_, err := fmt.Fprintln(e.stdout, e.stdout.Line(logLine(l)))
		return err
	})
}

// logLine is a line of the log as people read it.
func logLine(l *logbook.Line) string {
	at := l.Time
	if t, err := time.Parse(time.RFC3339, l.Time); err == nil {
		at = t.Local().Format(time.DateTime)
	}
	who := "brood:"
	if l.Stream != "" {
		who = fmt.Sprintf("[slot %d %s]", l.Slot, l.Stream)
		if l.Seq != nil {
			who = fmt.Sprintf("[slot %d seq %d %s]", l.Slot, *l.Seq, l.Stream)
		}
	}
	return at + " " + who + " " + l.Msg
}

// keepLog has what is said of a run kept in its directory.
func (e *env) keepLog(dir *home.Dir) {
	e.closeLog()
	book, t := logbook.New(dir.Path), e.terminal
	e.logbook = book
	t.KeepWith(func(slot int, seq *int64, stream, text string) {
		err := book.Add(&logbook.Line{
			Time: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Slot: slot, Seq: seq, Stream: stream, Msg: text,
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a run that has not begun is gone by now
			t.Logf("%v", err)
		}
	})
}

// closeLog closes what keepLog has opened.
func (e *env) closeLog() {
	if e.logbook != nil {
		_ = e.logbook.Close() // whatever was not written has been said
		e.logbook = nil
	}
}
