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

// values writes what was found into the values of a result.
func (f *found) values(dst [][]byte) [][]byte {
	var v [columnCount]string
	v[colStatus] = f.Status.String()
	if p := f.Place; p != nil {
		v[colLat], v[colLon] = degrees(p.Lat), degrees(p.Lon)
		v[colFormatted], v[colNumber], v[colRoad], v[colCity], v[colCounty] = p.Formatted, p.Number, p.Road, p.City, p.County
		v[colState], v[colPostcode], v[colCountry], v[colCode] = p.State, p.Postcode, p.Country, p.CountryCode
		v[colPrecision], v[colProviderID] = p.Precision.String(), p.ID
		if p.Confidence >= 0 {
			v[colConfidence] = strconv.FormatFloat(p.Confidence, 'f', 2, 64)
		}
	}
	v[colMatch] = f.Match.String()
	v[colMismatch], v[colMarks] = joined(f.Mismatch), joined(f.Marks)
	v[colAlternatives] = alternatives(f.Alternatives)
	switch {
	case f.compared:
		v[colDistance] = metres(f.apart)
	case f.Place != nil && f.Place.Metres > 0:
		v[colDistance] = metres(f.Place.Metres)
	}
	if f.source != "" {
		v[colProvider] = f.source
		v[colCached] = strconv.FormatBool(f.cached)
		v[colQueried] = stamp(f.at)
		v[colExpires] = stamp(f.expires)
	}
	for _, s := range v {
		dst = append(dst, []byte(s))
	}
	return dst
}

// degrees has seven digits behind the point: a centimetre.
func degrees(d float64) string { return strconv.FormatFloat(d, 'f', 7, 64) }

func metres(m float64) string { return strconv.FormatFloat(m, 'f', 0, 64) }

// stamp is a time of RFC 3339, in seconds; empty for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

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
