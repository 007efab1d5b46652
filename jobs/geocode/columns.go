package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/geo"
	"strconv"
	"strings"
	"time"
)

// The columns of a row, behind the prefix, in their order.
const (
	colLat = iota
	colLon
	colStatus
	colFormatted
	colNumber
	colRoad
	colCity
	colCounty
	colState
	colPostcode
	colCountry
	colCode
	colMatch
	colPrecision
	colConfidence
	colMismatch
	colMarks
	colAlternatives
	colDistance
	colProvider
	colProviderID
	colCached
	colQueried
	colExpires
	columnCount
)

var columnNames = [columnCount]string{
	"lat", "lon", "status", "formatted", "house_number", "road", "city", "county", "state", "postcode", "country", "country_code",
	"match_type", "precision", "confidence", "mismatch", "marks", "alternatives", "distance", "provider", "provider_id", "cached", "queried_at", "expires",
}

// defaultPrefix is what the columns begin with, unless somebody says otherwise.
const defaultPrefix = "geo_"

// columns are the job's columns. Each takes the place of one of the same name that the input has,
// as a file that was geocoded before has them all.
func columns(prefix string) []jobs.Column {
	out := make([]jobs.Column, columnCount)
	for i, name := range columnNames {
		out[i] = jobs.Column{Name: prefix + name, Replaces: true, JSON: isJSON(i)}
	}
	return out
}

// isJSON reports whether the values of a column are numbers, or true and false.
func isJSON(column int) bool {
	switch column {
	case colLat, colLon, colConfidence, colDistance, colCached:
		return true
	}
	return false
}

// written are the values of a row, one after the other in one piece of memory that is used again
// for the next row.
type written struct {
	b    []byte
	ends [columnCount]int
	at   int // the columns before it are written
	// second is when stamp was written last, and its text: rows come many to a second.
	second int64
	stamp  []byte
}

func (w *written) reset() { w.b, w.at = w.b[:0], 0 }

// to goes on to a column: those between are empty.
func (w *written) to(column int) {
	for ; w.at < column; w.at++ {
		w.ends[w.at] = len(w.b)
	}
}

func (w *written) text(column int, s string) {
	w.to(column)
	w.b = append(w.b, s...)
}

func (w *written) number(column int, f float64, digits int) {
	w.to(column)
	w.b = strconv.AppendFloat(w.b, f, 'f', digits, 64)
}

// time writes a time of RFC 3339, in seconds; nothing for none.
func (w *written) time(column int, t time.Time) {
	w.to(column)
	if t.IsZero() {
		return
	}
	if at := t.Unix(); at != w.second || w.stamp == nil {
		w.second, w.stamp = at, t.UTC().AppendFormat(w.stamp[:0], time.RFC3339)
	}
	w.b = append(w.b, w.stamp...)
}

// values appends a value for each column. They are valid until the next reset.
func (w *written) values(dst [][]byte) [][]byte {
	w.to(columnCount)
	from := 0
	for _, end := range w.ends {
		dst = append(dst, w.b[from:end:end])
		from = end
	}
	return dst
}

// write writes what was found, in the order of the columns.
func (f *found) write(w *written) {
	w.reset()
	p := f.Place
	if p != nil {
		w.number(colLat, p.Lat, degreeDigits)
		w.number(colLon, p.Lon, degreeDigits)
	}
	w.text(colStatus, f.Status.String())
	if p != nil {
		for i, s := range [...]string{p.Formatted, p.Number, p.Road, p.City, p.County, p.State, p.Postcode, p.Country, p.CountryCode} {
			w.text(colFormatted+i, s)
		}
	}
	w.text(colMatch, f.Match.String())
	if p != nil {
		w.text(colPrecision, p.Precision.String())
		if p.Confidence >= 0 {
			w.number(colConfidence, p.Confidence, 2)
		}
	}
	w.text(colMismatch, joined(f.Mismatch))
	w.text(colMarks, joined(f.Marks))
	w.text(colAlternatives, alternatives(f.Alternatives))
	switch {
	case f.compared:
		w.number(colDistance, f.apart, 0)
	case p != nil && p.Metres > 0:
		w.number(colDistance, p.Metres, 0)
	}
	if f.source == "" {
		return
	}
	w.text(colProvider, f.source)
	if p != nil {
		w.text(colProviderID, p.ID)
	}
	w.text(colCached, strconv.FormatBool(f.cached))
	w.time(colQueried, f.at)
	w.time(colExpires, f.expires)
}

// degreeDigits are as many as a centimetre takes.
const degreeDigits = 7

func degrees(d float64) string { return strconv.FormatFloat(d, 'f', degreeDigits, 64) }

// joined are the words of a list, with a semicolon between, which no word has.
func joined[T interface{ String() string }](list []T) string {
	if len(list) == 0 {
		return ""
	}
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = w.String()
	}
	return strings.Join(words, ";")
}

// mostAlternatives is how many other places a row names.
const mostAlternatives = 3

// alternatives names other places that may be meant.
func alternatives(list []geo.Place) string {
	var out []string
	for i := range list[:min(len(list), mostAlternatives)] {
		p := &list[i]
		name := p.Formatted
		if name == "" {
			name = strings.Join([]string{p.City, p.State, p.CountryCode}, ", ")
		}
		out = append(out, name+" ("+degrees(p.Lat)+" "+degrees(p.Lon)+")")
	}
	return strings.Join(out, "; ")
}
