package chart

import (
	"brood/jobs"
	"brood/jobs/files"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// Source is what a job knows of the results of a run: of its plan's Config.
type Source struct {
	Prefix       string   // see Reader
	Query        []string // the columns that were asked for
	Attributions []string // what the providers want to be said
	Title        string   // empty: the name of the results
}

// ErrNoRows says that the results of a run cannot be drawn, as they are no table.
var ErrNoRows = errors.New("its results went to standard output or are plain text, and cannot be drawn; say -o FILE.csv with the run")

// Draw writes the map of a run's results.
func Draw(w io.Writer, run *jobs.Finished, s Source, now time.Time) error {
	if run.Rows == nil {
		return fmt.Errorf("run %s: %w", run.Run, ErrNoRows)
	}
	o := &Options{Title: s.Title, Attributions: s.Attributions, Made: now}
	if o.Title == "" {
		o.Title = filepath.Base(run.Output)
	}
	return write(w, rowsOf(run, s, o), o)
}

// rowsOf reads the results. Which columns they have is known with the first row.
func rowsOf(run *jobs.Finished, s Source, o *Options) iter.Seq2[Row, error] {
	r := Reader{Prefix: s.Prefix, Query: s.Query}
	return func(yield func(Row, error) bool) {
		begun := false
		for rec, err := range run.Rows() {
			if err != nil {
				yield(Row{}, err)
				return
			}
			if !begun {
				r.Columns = r.Others(rec.Shape.Columns)
				o.Columns, begun = r.Columns, true
			}
			row := r.Row(func(column string) string {
				v, _ := rec.Lookup(column)
				return string(v)
			})
			if row.Seq < 0 { // they are in the order of the dataset
				row.Seq = int64(rec.Seq) //nolint:gosec // no dataset has so many
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// DrawFile writes the map of a run's results to a file, which is the old one or the new one
// at any moment. See CheckPath.
func DrawFile(path string, run *jobs.Finished, s Source, now time.Time, force bool) error {
	if !force {
		if err := CheckPath(path); err != nil {
			return err
		}
	}
	f, err := files.Create(path, 0o644)
	if err != nil {
		return fmt.Errorf("draw a map: %w", err)
	}
	if err := Draw(f, run, s, now); err != nil {
		return errors.Join(err, f.Discard())
	}
	if err := f.Put(path); err != nil {
		return fmt.Errorf("draw a map: %w", err)
	}
	return nil
}

// CheckPath refuses a path for a map where something else stands.
func CheckPath(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("draw a map: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("draw a map: %w", err)
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 2048)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("draw a map: %w", err)
	}
	if n > 0 && !bytes.Contains(head[:n], []byte(`<meta name="generator" content="brood">`)) {
		return fmt.Errorf("%s is there already and is no map of brood's; give another name", path)
	}
	return nil
}

// Tool is brood map, for a job that knows what its runs' configurations mean.
func Tool(source func(config json.RawMessage) (Source, error)) jobs.Tool {
	return jobs.Tool{
		Name: "map", Usage: "draw what a run of geocode has found, in a page that needs no network", Arguments: "[NAME]",
		Help: `Draws the results of a run on a map: a single page for any browser, which holds all it
needs and loads nothing from anywhere. The colour of a point says how fine it is; what
was not found, or not well, is in a list beside it. A click shows the row. It may be
made while the run goes on. Without a name it is that of the newest run.

Mind that the page holds the rows: who has it has your list.

Examples:
   brood map
   brood map customers -o customers.html`,
		Flags: []jobs.Flag{
			{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, or - for standard output (default: NAME.html)", Default: ""},
			{Name: "title", Usage: "call it `TEXT` (default: the name of the results)", Default: ""},
			{Name: "force", Usage: "write also over a file that is no map", Default: false},
		},
		OfRun: func(o jobs.Options, run *jobs.Finished, stdout, stderr io.Writer) error {
			s, err := source(run.Config)
			if err != nil {
				return err
			}
			if t := o.String("title"); t != "" {
				s.Title = t
			}
			path := o.String("output")
			switch path {
			case jobs.Stdout:
				return Draw(stdout, run, s, time.Now())
			case "":
				path = run.Run + ".html"
			}
			if same(path, run.Output) {
				return fmt.Errorf("%s are the results themselves; give another name", path)
			}
			if err := DrawFile(path, run, s, time.Now(), o.Bool("force")); err != nil {
				return err
			}
			_, err = fmt.Fprintf(stderr, "brood: the map is %s\n", path)
			return err
		},
	}
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
