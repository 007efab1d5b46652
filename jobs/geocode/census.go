package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/judge"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// sayResults says how many rows came to what, of a run that is done, and warns of points on which
// many addresses were put, see revise. It returns how many rows have an answer of a provider that was not
// asked for.
func (c *config) sayResults(f *jobs.Finished) (int64, error) {
	if f.Rows == nil {
		return 0, nil
	}
	shared := int64(0)
	counts := make(map[string]int64)
	var crowds judge.Spots
	var l *census
	for rec, err := range f.Rows() {
		if err == nil && l == nil {
			l, err = c.newCensus(rec.Shape)
		}
		if err != nil {
			return shared, fmt.Errorf("geocode: read the results: %w", err)
		}
		counts[l.text(rec, colStatus)]++
		if l.text(rec, colCached) == "true" && l.text(rec, colProvider) != offlineName && l.text(rec, colProvider) != fromInput {
			shared++
		}
		if p, precision, ok := l.crowded(rec); ok {
			crowds.Add(p, precision)
		}
	}
	var said []string
	for _, s := range []judge.Status{judge.OK, judge.LowConfidence, judge.NoMatch, judge.Failed} {
		if n := counts[s.String()]; n > 0 {
			said = append(said, humanize.Comma(n)+" "+s.String())
		}
	}
	if len(said) > 0 {
		f.Say("%s: %s", c.Prefix+columnNames[colStatus], strings.Join(said, ", "))
	}
	spots := crowds.List()
	for i, s := range spots {
		if i == mostCrowds {
			f.Say("and %d more such points", len(spots)-i)
			break
		}
		f.Say("%s rows with different addresses lie on one point, %s, said to be of %s precision: look whether that is where they are", humanize.Comma(s.Rows), degrees(s.Lat)+" "+degrees(s.Lon), s.Precision)
	}
	return shared, nil
}

// mostCrowds is how many points with many addresses are named.
const mostCrowds = 3

// census reads the results of a run.
type census struct {
	asker *asker
	at    [columnCount]int // where the job's columns stand; -1: nowhere
}

func (c *config) newCensus(s *jobs.Shape) (*census, error) {
	a, err := newAsker(c, s)
	if err != nil {
		return nil, err
	}
	l := &census{asker: a}
	for i, name := range columnNames {
		l.at[i] = s.Index(c.Prefix + name)
	}
	return l, nil
}

// text is the value of one of the job's columns.
func (l *census) text(rec *jobs.Record, column int) string {
	if l.at[column] < 0 {
		return ""
	}
	return string(rec.Value(l.at[column]))
}

// place is where a row says that it is, and how precisely.
func (l *census) place(rec *jobs.Record) (p geo.Point, precision geo.Precision, ok bool) {
	precision, err := geo.ParsePrecision(l.text(rec, colPrecision))
	if err != nil || precision < geo.PrecisionStreet {
		return p, precision, false
	}
	p.Lat, err = strconv.ParseFloat(l.text(rec, colLat), 64)
	if err == nil {
		p.Lon, err = strconv.ParseFloat(l.text(rec, colLon), 64)
	}
	return p, precision, err == nil
}

// crowded is where a row lies that is marked as one of many.
func (l *census) crowded(rec *jobs.Record) (p geo.Point, precision geo.Precision, ok bool) {
	if marks := l.text(rec, colMarks); marks == "" || !hasMark(marks, judge.Crowded) {
		return p, precision, false
	}
	return l.place(rec)
}
