package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/spec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
)

const groupLimits = "Limits of a worker"

// limitFlags are what a worker may use and do; a resume may change each.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "limit-mem", Usage: "kill a worker that has more than `SIZE` of memory, with all it has started", Category: groupLimits},
		&cli.StringFlag{Name: "limit-cpu-time", Usage: "stop a record that uses more than `TIME` of processor time, with all it has started", Category: groupLimits},
		&cli.IntFlag{Name: "limit-procs", Usage: "kill a worker that has more than about `N` processes", Category: groupLimits, DefaultText: "no limit"},
		&cli.Uint64Flag{Name: "limit-files", Usage: "a worker, and each process it starts, may have `N` files open", Category: groupLimits, DefaultText: "no limit"},
		&cli.IntFlag{Name: "nice", Usage: "run workers with a nice value of `N`", Category: groupLimits},
		&cli.StringFlag{Name: "user", Usage: "run workers as `USER`[:GROUP]; only root may", Category: groupLimits},
		&cli.BoolFlag{Name: "sandbox", Usage: "workers may not write, make or remove files (but, as root, change their mode and owner: see --user)", Category: groupLimits},
		&cli.StringSliceFlag{Name: "allow-write", Usage: "in the sandbox, workers may all the same write `PATH` and what is below it; more than once", Category: groupLimits},
		&cli.StringSliceFlag{Name: "allow-connect", Usage: "workers may connect only to TCP `PORT`; more than once", Category: groupLimits},
		&cli.StringSliceFlag{Name: "env", Usage: "give workers a clean environment, with `NAME` from this one, or NAME=VALUE, which the ledger keeps; more than once", Category: groupLimits},
		&cli.StringSliceFlag{Name: "secret", Usage: "give workers the variable `NAME`, or NAME=FILE with what is in a file; the value is not kept, and hidden in logs and errors; more than once", Category: groupLimits},
	}
}

// tuneLimits reads what a worker may use and do; 0 takes a limit away.
func tuneLimits(c *cli.Context, cfg *spec.Config) error {
	l := &cfg.Limits
	var err error
	if c.IsSet("limit-mem") {
		if l.Mem, err = parseMemory("limit-mem", c.String("limit-mem")); err != nil {
			return err
		}
	}
	if c.IsSet("limit-cpu-time") {
		if l.CPU, err = parseTime("limit-cpu-time", c.String("limit-cpu-time")); err != nil {
			return err
		}
	}
	if c.IsSet("limit-procs") {
		if l.Procs = c.Int("limit-procs"); l.Procs < 0 {
			return usage("", "--limit-procs %d: a number cannot be negative", l.Procs)
		}
	}
	if c.IsSet("limit-files") {
		l.Files = c.Uint64("limit-files")
	}
	if c.IsSet("nice") {
		if l.Nice = c.Int("nice"); l.Nice < -20 || l.Nice > 19 {
			return usage("", "--nice %d: it goes from -20 to 19", l.Nice)
		}
	}
	if c.IsSet("user") {
		l.User = c.String("user")
	}
	if c.IsSet("sandbox") {
		l.Sandbox = c.Bool("sandbox")
	}
	if c.IsSet("allow-write") {
		l.Write = nil
		for _, path := range c.StringSlice("allow-write") {
			if path, err = filepath.Abs(path); err != nil {
				return err
			}
			l.Write = append(l.Write, path)
		}
	}
	if c.IsSet("allow-connect") {
		l.Connect = nil
		for _, s := range jobs.SplitList(c.StringSlice("allow-connect")) {
			port, err := strconv.ParseUint(s, 10, 16)
			if err != nil || port == 0 {
				return usage("", "--allow-connect %q is not a TCP port", s)
			}
			l.Connect = append(l.Connect, uint16(port))
		}
	}
	if err := tuneEnvironment(c, l); err != nil {
		return err
	}
	if err := runner.CheckLimits(l); err != nil {
		return usage("", "%w", err)
	}
	return nil
}

func tuneEnvironment(c *cli.Context, l *spec.Limits) error {
	if c.IsSet("env") {
		l.Env = c.StringSlice("env")
	}
	if c.IsSet("secret") {
		l.Secrets = nil
		for _, s := range c.StringSlice("secret") {
			name, file, inFile := strings.Cut(s, "=")
			if inFile {
				abs, err := filepath.Abs(file)
				if err != nil {
					return err
				}
				s = name + "=" + abs
			}
			l.Secrets = append(l.Secrets, s)
		}
	}
	for _, f := range []struct {
		flag string
		list []string
	}{{"env", l.Env}, {"secret", l.Secrets}} {
		for _, s := range f.list {
			if name, _, _ := strings.Cut(s, "="); name == "" || strings.ContainsAny(name, " \t\n") {
				return usage("", "--%s %q does not begin with the name of a variable", f.flag, name)
			}
		}
	}
	return nil
}

// parseMemory reads an amount of memory; 0 is no limit.
func parseMemory(flag, s string) (int64, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil || n > 1<<50 {
		return 0, usage("Give a size such as 256MiB or 2GiB; 0 is no limit.", "--%s %q is not a size", flag, s)
	}
	return int64(n), nil
}
