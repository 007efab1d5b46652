package command

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/runner/home"
	pages "brood/runner/report"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"
)

func (e *env) reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "tell of a run on one page, or compare two",
		ArgsUsage: "[NAME [NAME2]]",
		Description: `The page is HTML, holds all it needs, and can be opened by double-click, sent and
printed: what was run, how it ended and why, how fast, what held it up, and what is left
to do. It tells of a run that is going on as well. With two names it says in what the
second differs from the first. The page is written to NAME.html in the working
directory, or where -o says; -o - is standard output. An older report is replaced,
and nothing else is.

Examples:
   brood run echo testdata/cities.csv --run demo --resume -o /tmp/demo.csv
   brood report demo -o /tmp/demo.html
   brood report demo --text`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the page to `FILE`; - is standard output"},
			&cli.BoolFlag{Name: "text", Usage: "as plain text, on standard output unless -o says otherwise"},
		},
		OnUsageError: usageError,
		Action:       e.report,
	}
}

func (e *env) report(c *cli.Context) error {
	state, names, err := e.reportedRuns(c)
	if err != nil {
		return err
	}
	kind, path := pages.HTML, c.String("output")
	if c.Bool("text") {
		kind = pages.Text
		if path == "" {
			path = sink.Stdout
		}
	}
	if path == "" {
		if path = names[0]; len(names) == 2 {
			path += "-" + names[1]
		}
		path += ".html"
	}
	if path != sink.Stdout {
		if err := checkReportPath(path); err != nil {
			return err
		}
	}
	var runs []*pages.Run
	for _, name := range names {
		r, err := e.gather(c, state, name)
		if err != nil {
			return err
		}
		runs = append(runs, r)
	}
	page := runs[0].Page()
	if len(runs) == 2 {
		page = pages.Compare(runs[0], runs[1])
	}
	var b bytes.Buffer
	if err := page.Write(&b, kind); err != nil {
		return err
	}
	if path == sink.Stdout {
		_, err := io.Copy(e.stdout, &b)
		return err
	}
	if err := writeReport(path, b.Bytes()); err != nil {
		return &spec.WriteError{Err: fmt.Errorf("write the report: %w", err)}
	}
	_, err = fmt.Fprintln(e.stdout, e.stdout.Line(path))
	return err
}

// reportedRuns are the runs that are meant, one or two.
func (e *env) reportedRuns(c *cli.Context) (state string, names []string, err error) {
	if c.NArg() == 0 {
		state, name, err := e.unnamedRun(c, toLook)
		return state, []string{name}, err
	}
	names = c.Args().Slice()
	if len(names) > 2 {
		return "", nil, usage("", "%d names: a report is on one run, or compares two", len(names))
	}
	if state, err = home.State(c.String("state")); err != nil {
		return "", nil, usage("", "%w", err)
	}
	for _, name := range names {
		if err := checkRun(state, name); err != nil {
			return "", nil, err
		}
	}
	return state, names, nil
}

func (e *env) gather(c *cli.Context, state, name string) (*pages.Run, error) {
	s := pages.Source{State: state, Name: name, Now: time.Now(), Zone: time.Local, Version: Version()}
	s.Definition = func(job string) *jobs.Definition {
		def, err := e.registry.Lookup(job)
		if err != nil {
			return nil
		}
		return def
	}
	r, err := pages.Gather(c.Context, &s)
	if pages.NotBegun(err) {
		return nil, usage("Start it again with brood run.", "run %s was cut off before it began", name)
	}
	return r, err
}

// checkReportPath refuses a place where something else stands than an older report.
func checkReportPath(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return usage("", "write the report: %w", err)
		}
		return nil
	}
	if err != nil {
		return usage("", "write the report: %w", err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() && !st.IsDir() {
		return nil // a pipe, or a device
	}
	head := make([]byte, 2048)
	n, _ := io.ReadFull(f, head) // what cannot be read is no report
	if n > 0 && (bytes.Contains(head[:n], []byte(pages.HTMLMark)) || bytes.HasPrefix(head[:n], []byte(pages.TextMark))) || err == nil && st.Mode().IsRegular() && st.Size() == 0 {
		return nil
	}
	return usage("Give another name: -o FILE", "%s is there already and is no report of brood's", path)
}

// writeReport writes the page in place of an older one, whole or not at all.
func writeReport(path string, page []byte) error {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return os.WriteFile(path, page, 0o666)
	}
	return files.Write(path, page, 0o666)
}
