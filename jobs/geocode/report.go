package geocode

import (
	"brood/jobs"
	"brood/jobs/figures"
	"brood/jobs/geocode/chart"
	"brood/jobs/geocode/geo"
	"brood/jobs/permits"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
)

// report tells how precisely places were found, where, by whom, and at what cost.
func report(f *jobs.Finished) ([]figures.Section, error) {
	var c config
	if err := json.Unmarshal(f.Config, &c); err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	s := figures.Section{Title: "Places"}
	if f.Rows != nil {
		if err := c.reportRows(f, &s); err != nil {
			return nil, err
		}
	} else {
		s.Text = []string{"How precisely places were found is told by the results, and there are none to read."}
	}
	if err := c.reportCosts(f, &s); err != nil {
		return nil, err
	}
	s.Notes = append(s.Notes, c.attributions()...)
	if s.Drawings != nil {
		s.Notes = append(s.Notes, "A map that can be moved and searched: brood map "+f.Run)
	}
	return []figures.Section{s}, nil
}

// located counts rows.
type located struct {
	status, provider map[string]uint64
	precision        [geo.PrecisionRooftop + 1]uint64
	picture          chart.Picture
}

func (c *config) reportRows(f *jobs.Finished, s *figures.Section) error {
	n := located{status: make(map[string]uint64), provider: make(map[string]uint64)}
	for rec, err := range f.Rows() {
		if err != nil {
			return err
		}
		text := func(name string) string {
			v, _ := rec.Lookup(c.Prefix + name)
			return string(v)
		}
		if status := text("status"); status != "" {
			n.status[status]++
		}
		lat, latErr := strconv.ParseFloat(text("lat"), 64)
		lon, lonErr := strconv.ParseFloat(text("lon"), 64)
		if latErr != nil || lonErr != nil {
			continue
		}
		p, _ := geo.ParsePrecision(text("precision")) // what is none is not known
		n.precision[p]++
		n.provider[cmp.Or(text("provider"), "(not said)")]++
		n.picture.Add(geo.Point{Lat: lat, Lon: lon}, p)
	}
	d, err := n.picture.Drawing()
	if err != nil {
		return err
	}
	if d.Shapes != nil {
		s.Drawings = []figures.Drawing{d}
	}
	s.Bars = n.bars()
	if len(n.provider) > 1 {
		t := figures.Table{Title: "By whom they were found", Columns: []figures.Heading{{Name: "provider"}, {Name: "places", Number: true}}}
		for _, name := range byCount(n.provider) {
			t.Rows = append(t.Rows, []string{name, comma(n.provider[name])})
		}
		s.Tables = []figures.Table{t}
	}
	return nil
}

func comma(n uint64) string { return humanize.Comma(int64(n)) } //nolint:gosec // of rows

// byCount are the words of which there are most first.
func byCount(of map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b)) })
}

// bars are the places by precision, and the rows by how the search has ended.
func (n *located) bars() (out []figures.Bars) {
	tints := [...]figures.Tint{figures.TintSix, figures.TintFive, figures.TintFour, figures.TintThree, figures.TintTwo, figures.TintOne}
	precision := figures.Bars{Title: "How precisely"}
	for i := len(n.precision) - 1; i >= 0; i-- {
		if n.precision[i] == 0 {
			continue
		}
		name := cmp.Or(geo.Precision(i).String(), "precision not known") //nolint:gosec // there are six
		precision.Bars = append(precision.Bars, figures.Bar{Name: name, Text: comma(n.precision[i]), Parts: []figures.Part{{Amount: float64(n.precision[i]), Tint: tints[i]}}})
	}
	status := figures.Bars{Title: "How the search has ended"}
	of := map[string]figures.Tint{string(chart.Found): figures.TintGood, string(chart.LowConfidence): figures.TintMeh, string(chart.NoMatch): figures.TintBad, string(chart.Failed): figures.TintBad}
	for _, word := range byCount(n.status) {
		status.Bars = append(status.Bars, figures.Bar{Name: word, Text: comma(n.status[word]), Parts: []figures.Part{{Amount: float64(n.status[word]), Tint: of[word]}}})
	}
	for _, b := range []figures.Bars{precision, status} {
		if b.Bars != nil {
			out = append(out, b)
		}
	}
	return out
}

// reportCosts says how many requests were made, and what they cost.
func (c *config) reportCosts(f *jobs.Finished, s *figures.Section) error {
	path := filepath.Join(f.Dir, budgetFile)
	if _, err := os.Stat(path); err != nil {
		return nil //nolint:nilerr // nobody was asked
	}
	b, err := permits.OpenBudget(path, 0, 0)
	if err != nil {
		return err
	}
	requests, cost := b.Spent()
	if err := b.Close(); err != nil {
		return err
	}
	s.Facts = append(s.Facts, figures.Fact{Name: "requests to providers", Value: humanize.Comma(requests)})
	if cost > 0 {
		s.Facts = append(s.Facts, figures.Fact{Name: "at the list price", Value: fmt.Sprint(cost)})
	}
	return nil
}
