package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/judge"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// sayResults says how many rows came to what, of a run that is done, and warns of points on which
// many addresses were put. It returns how many rows have an answer of a provider that was not
// asked for.
func (c *config) sayResults(f *jobs.Finished) (int64, error) {
	if f.Rows == nil {
		return 0, nil
	}
	shared := int64(0)
	counts := make(map[string]int64)
	crowd := judge.NewCrowd(leastCrowd, 0)
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
		l.addTo(crowd, rec)
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
	for i, s := range crowd.Spots() {
		if i == mostCrowds {
			f.Say("and %d more such points", len(crowd.Spots())-i)
			break
		}
		f.Say("%s addresses that are not the same lie on one point, %s, said to be of %s precision: look whether that is where they are", humanize.Comma(s.Rows), degrees(s.Lat)+" "+degrees(s.Lon), s.Precision)
	}
	return shared, nil
}

const (
	leastCrowd = 10 // of distinct addresses on a point
	mostCrowds = 3  // are named
)

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

// addTo counts a row that claims to be a house or a street: towns and postcodes are crowded.
func (l *census) addTo(crowd *judge.Crowd, rec *jobs.Record) {
	precision, err := geo.ParsePrecision(l.text(rec, colPrecision))
	if err != nil || precision < geo.PrecisionStreet {
		return
	}
	lat, err := strconv.ParseFloat(l.text(rec, colLat), 64)
	lon, err2 := strconv.ParseFloat(l.text(rec, colLon), 64)
	if err != nil || err2 != nil {
		return
	}
	q := l.asker.question(rec)
	crowd.Add(geo.Point{Lat: lat, Lon: lon}, precision, address.Key(&q.Query))
}
