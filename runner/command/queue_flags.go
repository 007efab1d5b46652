package command

import (
	"brood/jobs"
	"brood/runner/spec"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// groupQueue is where help has these flags.
const groupQueue = "Queues"

// queueFlags are for a run that works off a queue: how it is read. How long a session of it lasts is in sessionFlags.
func queueFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "fields", Usage: "the members of the jobs are `NAMES`, separated by commas, and need not be learned of the first one", Category: groupQueue},
		&cli.StringSliceFlag{Name: "queue-columns", Usage: "of a table, columns with other names: `ID=COLUMN`, as in status=state,run_at=due (id status run_at attempts owner lease_until error result order)", Category: groupQueue},
		&cli.StringSliceFlag{Name: "queue-words", Usage: "of a table, what stands for a status: `STATUS=WORD`, as in new=0,running=1 (new running ok failed skipped unknown)", Category: groupQueue},
		&cli.StringFlag{Name: "lease", Usage: "of tables and streams: a job is ours for `TIME`, and longer while it is worked on", Value: "60s", Category: groupQueue},
		&cli.StringFlag{Name: "poll", Usage: "look every `TIME` where the server does not say that a job has arrived", Value: "1s", Category: groupQueue},
		&cli.StringFlag{Name: "forget", Usage: "records that are settled leave after `TIME`, such as 30d, and their totals stay", DefaultText: "never", Category: groupQueue},
	}
}

// The flag for how long a session takes jobs, and its name where a job has a flag of that name: http has curl's.
const (
	withinFlag      = "max-time"
	otherWithinFlag = "session-time"
)

// within is the name of that flag in a command.
func within(c *cli.Context) string {
	if hasFlagOf(c, otherWithinFlag) {
		return otherWithinFlag
	}
	return withinFlag
}

// sessionFlags are those that say how long a session of such a run lasts, and how it gets in. Job is whose run it is, nil: any.
func sessionFlags(job *jobs.Definition) []cli.Flag {
	name := withinFlag
	if job != nil && hasFlag(job, name) {
		name = otherWithinFlag
	}
	return []cli.Flag{
		&cli.BoolFlag{Name: "drain-queue", Usage: "end when the queue has nothing ready and nothing is in hand; if the run is at work already, do nothing: for cron", Category: groupQueue},
		&cli.StringFlag{Name: name, Usage: "begin nothing more after `TIME`, such as 55m, and take no more jobs of a queue; what is in hand is finished", Category: groupEngine},
		&cli.StringFlag{Name: "queue-password-file", Usage: "the password for the queue is in `FILE`", DefaultText: "in " + passwordVariable, Category: groupQueue},
	}
}

// pairs reads a flag of names and what stands for them.
func pairs(c *cli.Context, flag string, names []string) (map[string]string, error) {
	var out map[string]string
	for _, list := range c.StringSlice(flag) {
		for _, pair := range strings.Split(list, ",") {
			name, value, ok := strings.Cut(pair, "=")
			name, value = strings.TrimSpace(name), strings.TrimSpace(value)
			if !ok || value == "" || !slices.Contains(names, name) {
				return nil, usage("", "--%s %q: it is NAME=VALUE, and NAME one of %s", flag, pair, strings.Join(names, " "))
			}
			if out == nil {
				out = make(map[string]string)
			}
			out[name] = value
		}
	}
	return out, nil
}

// tuneQueue reads what a session of a run with a queue is told.
func tuneQueue(c *cli.Context, q *spec.Queue) error {
	q.Drain = c.Bool("drain-queue")
	if c.IsSet("queue-password-file") {
		abs, err := filepath.Abs(c.String("queue-password-file"))
		if err != nil {
			return fmt.Errorf("find the password: %w", err)
		}
		q.PasswordFile = abs
	}
	return nil
}

// tuneTime reads how long a session may last.
func tuneTime(c *cli.Context, cfg *spec.Config) error {
	name := within(c)
	if c.String(name) == "" || !hasFlagOf(c, name) {
		return nil
	}
	var err error
	if cfg.MaxTime, err = parseTime(name, c.String(name)); err != nil {
		return err
	}
	if cfg.MaxTime == 0 {
		return usage("", "--%s 0 leaves no time for anything", name)
	}
	return nil
}
