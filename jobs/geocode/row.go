package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/judge"
	"strconv"
	"strings"
)

// asker makes questions of rows. It is used by the parent too, which must know which rows ask the
// same. It is safe for several goroutines once it is made.
type asker struct {
	c       *config
	mapping address.Mapping
	reader  *address.Reader
	level   geo.Level
	// at is where the columns stand that were filled by an earlier run; -1: nowhere.
	lat, lon, status int
}

func newAsker(c *config, s *jobs.Shape) (*asker, error) {
	m, err := c.mapping(s)
	if err != nil {
		return nil, err
	}
	a := &asker{c: c, mapping: m, lat: s.Index(c.Prefix + columnNames[colLat]), lon: s.Index(c.Prefix + columnNames[colLon]), status: s.Index(c.Prefix + columnNames[colStatus])}
	a.level, err = geo.ParseLevel(c.Level)
	if err != nil {
		return nil, err
	}
	home := ""
	if len(c.Countries) == 1 {
		home = c.Countries[0]
	}
	a.reader = address.NewReader(m, home, c.Reverse || c.OnlyMissing)
	return a, nil
}

// asked is what a row wants to know.
type asked struct {
	geo.Query
	kind address.Kind
	// swapped says that latitude and longitude stand in each other's place.
	swapped bool
	// kept says that the row has its answer already.
	kept bool
}

// read makes the question of a row, unless it has its answer.
func (a *asker) read(rec *jobs.Record) asked {
	if a.isKept(rec) {
		return asked{kept: true}
	}
	return a.question(rec)
}

// question makes the question of a row.
func (a *asker) question(rec *jobs.Record) asked {
	var q asked
	col := func(name string) string {
		v, _ := rec.Lookup(name)
		return string(v)
	}
	read := a.reader.Read(col)
	q.Query = geo.Query{
		Address: read.Address, Level: a.level, Countries: a.c.Countries, Box: a.c.Box, Near: a.c.Near,
		Language: a.c.Language, MaxMetres: a.c.Metres, Reverse: a.c.Reverse,
	}
	q.kind, q.swapped, q.Point = read.Kind, read.Swapped, read.Point
	restoreZeros(&q.Address)
	switch {
	case a.c.Reverse && q.kind != address.Coordinates:
		q.kind = address.Nothing
	case q.kind == address.POBox && q.Level == geo.LevelAddress && q.Postcode != "":
		q.Level = geo.LevelPostcode
	case q.kind == address.POBox && q.Level == geo.LevelAddress:
		q.Level = geo.LevelCity
	}
	return q
}

// isKept reports whether the row was filled by an earlier run, and stays as it is: one that has
// coordinates, unless --force, and with --only-missing one that has a status.
func (a *asker) isKept(rec *jobs.Record) bool {
	if a.c.Force || a.lat < 0 || a.lon < 0 {
		return false
	}
	if s := string(rec.Value(max(a.status, 0))); a.c.OnlyMissing && a.status >= 0 && s != "" && s != judge.Failed.String() {
		return true
	}
	lat, err := strconv.ParseFloat(strings.TrimSpace(string(rec.Value(a.lat))), 64)
	lon, err2 := strconv.ParseFloat(strings.TrimSpace(string(rec.Value(a.lon))), 64)
	return err == nil && err2 == nil && (geo.Point{Lat: lat, Lon: lon}).Valid()
}

// same is by what the rows that ask the same are known; nil: nobody is asked for this one.
func (a *asker) same(rec *jobs.Record) []byte {
	q := a.read(rec)
	if q.kept || q.answered() {
		return nil
	}
	return []byte(address.Key(&q.Query))
}

// answered reports whether the question needs nobody to answer it.
func (q *asked) answered() bool {
	return q.kept || q.kind == address.Nothing || q.kind == address.Coordinates && (!q.Reverse || q.swapped)
}

// fromInput is the provider of a row that had its point itself.
const fromInput = "input"

// itself is the answer of a row that has its point already.
func (q *asked) itself() *found {
	f := &found{}
	f.Status, f.Match, f.source = judge.OK, geo.MatchExact, fromInput
	f.Place = &geo.Place{Point: q.Point, Confidence: -1}
	f.cached = true
	if q.swapped && q.Reverse {
		f.Status, f.Match, f.Place = judge.NoMatch, geo.MatchNone, nil
		f.Marks = append(f.Marks, judge.Swapped)
		return f
	}
	if q.swapped {
		f.Status = judge.LowConfidence
		f.Marks = append(f.Marks, judge.Swapped)
	}
	return f
}
