package command

import (
	"brood/runner/doctor"
	"brood/runner/doctor/bundle"
	"brood/runner/home"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// bundleFlag asks for an archive about a run.
const bundleFlag = "bundle"

func (e *env) doctorCommand() *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "look whether this machine has what brood needs", ArgsUsage: "[NAME --bundle FILE.tar.gz]",
		Description: `The kernel, limits, the state directory and its file system, the clock, the terminal and
the environment: each line is ok, warn or fail, with what to do. Of variables only names
are shown. The status is 0 if it could look, whatever it has found.

With the name of a run and --bundle it writes an archive for an issue report: what the
run was asked for and how it went, in numbers, times and brood's own words. There are no
names of runs, columns, hosts, users or files in it, no values of flags, no keys, no
texts of errors, no records and no results. Look into it before you send it.

Examples:
   brood doctor
   brood doctor --json
   brood doctor demo --bundle demo.tar.gz`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object a line"},
			&cli.StringFlag{Name: bundleFlag, Usage: "write what may be shown of the run to `FILE`, a .tar.gz"},
		},
		OnUsageError: usageError,
		Action:       e.doctor,
	}
}

func (e *env) doctor(c *cli.Context) error {
	if c.NArg() > 0 && !c.IsSet(bundleFlag) {
		return usage("As in: brood doctor "+c.Args().First()+" --bundle "+c.Args().First()+".tar.gz", "of a run a bundle is written: say where, by --bundle")
	}
	if c.IsSet(bundleFlag) {
		return e.bundle(c)
	}
	found := e.examine(c.Context, c.String("state"))
	for _, f := range found {
		if c.Bool("json") {
			if err := e.printJSON(f); err != nil {
				return err
			}
		}
	}
	if c.Bool("json") {
		return nil
	}
	return e.printFindings(found)
}

// examine looks at the machine.
func (e *env) examine(ctx context.Context, given string) []doctor.Finding {
	state, err := home.State(given)
	if err != nil {
		state = "" // which the doctor tells of
	}
	b := ReadBuild()
	built, _ := time.Parse(time.RFC3339, b.Date) // of a build that does not know it, never
	return doctor.Examine(ctx, &doctor.Question{Version: b.String(), Built: built, State: state, Now: time.Now(), Lookup: os.LookupEnv})
}

// printFindings prints them in parts, and what to do beneath each that is not well.
func (e *env) printFindings(found []doctor.Finding) error {
	width := 0
	for _, f := range found {
		width = max(width, len(f.Check))
	}
	var b strings.Builder
	var part doctor.Part
	for _, f := range found {
		if f.Part != part {
			if part != "" {
				b.WriteString("\n")
			}
			part = f.Part
			b.WriteString(string(part) + "\n")
		}
		level := string(f.Level)
		if f.Level == doctor.Note {
			level = ""
		}
		indent := len("  warn  ") + width + 2
		fmt.Fprintf(&b, "%s\n", wrap(fmt.Sprintf("  %-4s  %-*s  %s", level, width, f.Check, e.stdout.Line(f.Says)), indent))
		if f.Do != "" {
			b.WriteString(wrap(strings.Repeat(" ", indent)+"→ "+e.stdout.Line(f.Do), indent+2) + "\n")
		}
	}
	switch doctor.Worst(found) {
	case doctor.Fail:
		b.WriteString("\nbrood cannot work here as it should: see what says fail.\n")
	case doctor.Warn:
		b.WriteString("\nbrood works here; what says warn it does without, or slower.\n")
	default:
		b.WriteString("\nAll is well.\n")
	}
	_, err := fmt.Fprint(e.stdout, b.String())
	return err
}

// bundle writes what may be shown of a run.
func (e *env) bundle(c *cli.Context) (err error) {
	path := c.String(bundleFlag)
	if path == "" || path == "-" { // it is looked into before it goes anywhere
		return usage("As in: --bundle run.tar.gz", "--bundle needs the name of a file")
	}
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage("Give another name, or remove it.", "%s is there already", path)
	}
	if err != nil {
		return usage("Name a file in a directory that you may write.", "--bundle: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	err = bundle.Write(c.Context, f, &bundle.Request{
		State: state, Name: name, Build: ReadBuild(), Machine: e.examine(c.Context, c.String("state")), Now: time.Now(),
		KnownFlags: e.knownFlags, OwnClasses: e.ownClasses,
	})
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = fmt.Fprintln(e.stdout, "Written to "+e.stdout.Line(path)+". Look into it before you send it: tar -xOf "+e.stdout.Line(path))
	return err
}

// knownFlags are the flags that a run was begun with, by their names.
func (e *env) knownFlags(job string, args []string) (names []string) {
	run := find(e.app().Commands, "run")
	cmd := find(run.Subcommands, job)
	if cmd == nil {
		return nil
	}
	before, _, _ := cutWords(args)
	before, _ = cutMarked(before)
	flags, _ := split(cmd, before[min(2, len(before)):])
	eachFlag(cmd, flags, func(name string, _ []string) {
		if f := flagOf(cmd, name); f != nil {
			names = append(names, dashed(name))
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// ownClasses reports whether the classes of a job are brood's own words. Those of pipe are whoever's who wrote its
// program, and of a job that is none of brood's nobody knows.
func (e *env) ownClasses(job string) bool {
	return slices.Contains([]string{"billing", "echo", "email", "exec", "geocode", "http", "refund"}, job)
}
