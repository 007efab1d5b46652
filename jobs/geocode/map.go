package geocode

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/chart"
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

// mapTool is brood map: a map of what a run has found.
func mapTool() jobs.Tool {
	return jobs.Tool{
		Name:      "map",
		Usage:     "draw what a geocoding run has found on one page, which needs no network",
		Arguments: "[NAME]",
		Help: `The page has the points of the run NAME, or of the newest, coloured by precision, and a
table of what was not found. It can be opened by double-click, sent, and put on a server.

Example:
   brood run geocode --run spring -o spring.csv testdata/geocode/customers.csv
   brood map spring -o spring.html`,
		Flags: []jobs.Flag{
			{Name: "output", Aliases: []string{"o"}, Usage: "the page is written to `FILE`; otherwise to NAME.html", Default: ""},
			{Name: "title", Usage: "it is called `TEXT`; otherwise as the run", Default: ""},
			{Name: "max-points", Usage: "draw at most `N` points, and say how many there are", Default: chart.DefaultMost},
		},
		OfRun: func(o jobs.Options, f *jobs.Finished, stdout, _ io.Writer) error {
			var c config
			if err := json.Unmarshal(f.Config, &c); err != nil {
				return fmt.Errorf("read the configuration of run %s: %w", f.Run, err)
			}
			path := o.String("output")
			if path == "" {
				path = f.Run + ".html"
			}
			if n := o.Int("max-points"); n < 1 {
				return fmt.Errorf("--max-points %d: at least one", n)
			}
			if err := c.draw(f, path, o.String("title"), o.Int("max-points")); err != nil {
				return err
			}
			_, err := fmt.Fprintln(stdout, path)
			return err
		},
	}
}

// draw writes the map of a run.
func (c *config) draw(f *jobs.Finished, path, title string, most int) error {
	if f.Rows == nil {
		return errors.New("a map is made of the results, and those of this run went to standard output or are plain text: give the run -o FILE.csv")
	}
	if title == "" {
		title = f.Run
	}
	if err := chart.CheckPath(path); err != nil {
		return err
	}
	o := chart.Options{Title: title, Attributions: c.attributions(), Made: time.Now(), Most: most}
	r := chart.Reader{Prefix: c.Prefix}
	for rec, err := range f.Rows() {
		if err != nil {
			return fmt.Errorf("draw a map: %w", err)
		}
		r.Query, r.Columns = c.shown(&r, rec.Shape)
		break // its columns are those of all
	}
	o.Columns = r.Columns
	w, err := files.Create(path, 0o666)
	if err != nil {
		return fmt.Errorf("write the map: %w", err)
	}
	buf := bufio.NewWriterSize(w, 1<<16)
	err = chart.Write(buf, chartRows(f, &r), o)
	if err == nil {
		err = buf.Flush()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the map %s: %w", path, err), w.Discard())
	}
	if err := w.Put(path); err != nil {
		return fmt.Errorf("write the map %s: %w", path, err)
	}
	return nil
}

// chartRows are the rows of the results as the map wants them.
func chartRows(f *jobs.Finished, r *chart.Reader) iter.Seq2[chart.Row, error] {
	return func(yield func(chart.Row, error) bool) {
		for rec, err := range f.Rows() {
			if err != nil {
				yield(chart.Row{}, err)
				return
			}
			row := r.Row(func(name string) string {
				v, _ := rec.Lookup(name)
				return strings.ToValidUTF8(string(v), "\uFFFD")
			})
			if !yield(row, nil) {
				return
			}
		}
	}
}

// mostShown is how many columns of the dataset a map shows.
const mostShown = 6

// shown are the columns that the question was made of, and others.
func (c *config) shown(r *chart.Reader, s *jobs.Shape) (query, others []string) {
	if m, err := c.mapping(s); err == nil {
		for _, p := range address.Parts() {
			query = append(query, m.Columns(p)...)
		}
	}
	asked := make(map[string]bool, len(query))
	for _, q := range query {
		asked[q] = true
	}
	for _, name := range r.Others(s.Columns) {
		if !asked[name] && len(others) < mostShown {
			others = append(others, name)
		}
	}
	return query, others
}
