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
// many addresses were put.
func (c *config) sayResults(f *jobs.Finished) error {
	if f.Rows == nil {
		return nil
	}
	counts := make(map[string]int64)
	crowd := judge.NewCrowd(leastCrowd, 0)
	var ask *asker
	for rec, err := range f.Rows() {
		if err != nil {
			return fmt.Errorf("geocode: read the results: %w", err)
		}
		if ask == nil {
			var err error
			if ask, err = newAsker(c, rec.Shape); err != nil {
				return err
			}
		}
		counts[string(rec.First(c.Prefix+columnNames[colStatus]))]++
		c.addTo(crowd, ask, rec)
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
	return nil
}

const (
	leastCrowd = 10 // of distinct addresses on a point
	mostCrowds = 3  // are named
)

// addTo counts a row that claims to be a house or a street: towns and postcodes are crowded.
func (c *config) addTo(crowd *judge.Crowd, ask *asker, rec *jobs.Record) {
	precision, err := geo.ParsePrecision(string(rec.First(c.Prefix + columnNames[colPrecision])))
	if err != nil || precision < geo.PrecisionStreet {
		return
	}
	lat, err := strconv.ParseFloat(string(rec.First(c.Prefix+columnNames[colLat])), 64)
	lon, err2 := strconv.ParseFloat(string(rec.First(c.Prefix+columnNames[colLon])), 64)
	if err != nil || err2 != nil {
		return
	}
	q := ask.question(rec)
	crowd.Add(geo.Point{Lat: lat, Lon: lon}, precision, address.Key(&q.Query))
}
