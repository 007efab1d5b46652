package command

import (
	"brood/jobs"
	"brood/runner/term"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// thing is what the tools of two jobs are about.
var thing = &jobs.Noun{Name: "places", Usage: "points", Help: "Example:\n   brood places show"}

// tools are jobs with tools that say what they were given.
func tools() *jobs.Registry {
	say := func(o jobs.Options, args []string, stdout, _ io.Writer) error {
		_, err := fmt.Fprintf(stdout, "%q of %s", args, filepath.Base(o.StateDir()))
		return err
	}
	one, two := testJob(), testJob()
	two.Name = "other"
	one.Tools = []jobs.Tool{
		{Name: "alone", Usage: "x", Run: say},
		{Of: thing, Name: "show", Usage: "x", Run: say, State: true},
	}
	two.Tools = []jobs.Tool{
		{Of: thing, Name: "import", Usage: "x", Flags: []jobs.Flag{{Name: "part", Default: false}}, Run: func(o jobs.Options, args []string, _, _ io.Writer) error {
			if o.Bool("part") {
				return &jobs.PartlyError{Left: "one file is left"}
			}
			return errors.New("no such file")
		}},
	}
	return jobs.NewRegistry(one, two)
}

// TestTools: tools are commands, or verbs of what they are about.
func TestTools(t *testing.T) {
	t.Setenv("BROOD_STATE", "/tmp/by-environment")
	for line, want := range map[string]struct {
		code int
		says string
	}{
		"alone a -":                   {exitOK, `["a" "-"] of by-environment`},
		"places show x --state /s/by": {exitOK, `["x"] of by`}, // a flag may stand behind
		"places import --part":        {exitFailed, "brood: one file is left\n"},
		"places import x":             {exitUsage, "brood: no such file\n  See: brood places import --help"},
		"places import --state /s":    {exitUsage, "brood places import has no flag --state"},
		"places":                      {exitUsage, "brood places: say what to do with it"},
		"places imprt":                {exitUsage, "brood places has no \"imprt\"\n  Did you mean brood places import?"},
		"places nothing":              {exitUsage, "listed by: brood places --help"},
		"places --help":               {exitOK, "\nVerbs\n  import  x\n  show    x\n"},
		"places import --help":        {exitOK, "brood places import - x\n"},
		"--help":                      {exitOK, "  places  points\n"},
		"show":                        {exitUsage, `there is no command "show"`},
	} {
		var out, said bytes.Buffer
		code := run(tools(), strings.Fields(line), &out, &said)
		if code != want.code || !strings.Contains(out.String()+said.String(), want.says) {
			t.Errorf("brood %s: status %d\n%s%s", line, code, &out, &said)
		}
	}
}

// run is a command line that begins no run.
func run(registry *jobs.Registry, args []string, stdout, stderr io.Writer) int {
	e := &env{registry: registry, args: args, stdout: term.NewWriter(stdout), stderr: term.NewWriter(stderr)}
	app := e.app()
	args = permute(app, append([]string{"brood"}, args...))
	if text := e.help(app, args); text != "" {
		return e.end(e.showHelp(text))
	}
	return e.end(app.Run(args))
}
