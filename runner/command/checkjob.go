package command

import (
	"brood/jobs"
	"brood/runner/runfile"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// CheckJob says what is wrong with a job that somebody has written: all that would panic, or be in the way of
// something of brood's own, when it is asked for.
func CheckJob(d *jobs.Definition) error {
	problems := []error{d.Check()}
	e := &env{registry: jobs.NewRegistry(d)}
	wrong := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("job %s: "+format, append([]any{d.Name}, args...)...))
	}
	own := make(map[string]bool)
	for _, f := range d.Flags {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			own[name] = true
		}
		if slices.Contains(runfile.Keys(), f.Name) || slices.Contains(notInFile, f.Name) {
			wrong("no flag can be called --%s: that is a word of the file of runs, or of every command", f.Name)
		}
	}
	for _, f := range e.flagsOfRun(d) {
		for _, name := range f.Names() {
			if own[name] {
				wrong("%s is a flag of brood run, and the job needs another name for its own", dashed(name))
			}
		}
	}
	for _, t := range d.Tools {
		name := t.Name
		if t.Of != nil {
			name = t.Of.Name
		}
		if slices.ContainsFunc(e.ownCommands(), func(c *cli.Command) bool { return c.HasName(name) }) {
			wrong("brood %s is a command of brood's own", name)
		}
		if strings.TrimSpace(t.Usage) == "" {
			wrong("its command %s says nothing about itself", t.Name)
		}
	}
	return errors.Join(problems...)
}
