package provider

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// request is one before it is made: its parameters in the order in which they were put, so that
// it looks the same each time.
type request struct {
	method string
	base   string
	path   string
	params []param
	header http.Header
	body   []byte
}

type param struct{ name, value string }

func newRequest(base string) *request {
	return &request{method: http.MethodGet, base: base, header: http.Header{}}
}

// set puts a parameter, unless it has no value.
func (r *request) set(name, value string) {
	if value != "" {
		r.params = append(r.params, param{name, value})
	}
}

func (r *request) setDegrees(name string, v float64) { r.set(name, degrees(v)) }

func (r *request) setInt(name string, n int) { r.set(name, strconv.Itoa(n)) }

func (r *request) url() string {
	var b strings.Builder
	b.WriteString(r.base)
	b.WriteString(r.path)
	for i, p := range r.params {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(url.QueryEscape(p.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

// make makes the request. It can be sent again: its body can be had once more.
func (r *request) make(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url(), body)
	if err != nil {
		return nil, errBadURL
	}
	req.Header = r.header
	return req, nil
}

// degrees writes a coordinate with seven digits at most, which is a centimetre.
func degrees(v float64) string {
	s := strconv.FormatFloat(v, 'f', 7, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// latLon and lonLat write a point as providers want it.
func latLon(p geo.Point) string { return degrees(p.Lat) + "," + degrees(p.Lon) }
func lonLat(p geo.Point) string { return degrees(p.Lon) + "," + degrees(p.Lat) }

// westSouthEastNorth writes a box.
func westSouthEastNorth(b *geo.Box) string {
	return degrees(b.West) + "," + degrees(b.South) + "," + degrees(b.East) + "," + degrees(b.North)
}

// around is a box about a point, for providers that know boxes and no points to weigh by.
func around(p geo.Point) *geo.Box {
	const half = 0.5 // of a degree: some 50 km
	return &geo.Box{
		West: max(p.Lon-half, -180), South: max(p.Lat-half, -90),
		East: min(p.Lon+half, 180), North: min(p.Lat+half, 90),
	}
}

// few is how many answers are asked for if the question does not say.
const few = 5

func limitOf(q *geo.Query, most int) int {
	if q.Limit > 0 {
		return min(q.Limit, most)
	}
	return min(few, most)
}

// streetFirst are the countries where the number stands behind the street.
const streetFirst = " AT BE BG BR CH CZ DE DK EE ES FI GR HR HU IS IT LI LT LV MX NL NO PL PT RO RS RU SE SI SK TR UA AR CL CO PE "

// streetLine is the number and the street on one line.
func streetLine(a *geo.Address) string {
	if a.Number != "" && a.CountryCode != "" && strings.Contains(streetFirst, " "+a.CountryCode+" ") {
		return words(" ", a.Street, a.Number)
	}
	return words(" ", a.Number, a.Street)
}

// oneLine is the whole question on one line: as it stood in the row, or made of its parts.
func oneLine(q *geo.Query) string {
	switch {
	case q.Level == geo.LevelPostcode && q.Postcode != "":
		return words(", ", words(" ", q.Postcode, q.City), q.State, country(q))
	case q.Level == geo.LevelCity && q.City != "":
		return words(", ", q.District, words(" ", q.Postcode, q.City), q.County, q.State, country(q))
	case q.Line != "":
		if c := country(q); c != "" && !strings.Contains(strings.ToLower(q.Line), strings.ToLower(c)) {
			return q.Line + ", " + c
		}
		return q.Line
	case q.CountryCode == "US" || q.CountryCode == "CA":
		return words(", ", streetLine(&q.Address), q.District, q.City, words(" ", q.State, q.Postcode), country(q))
	}
	return words(", ", streetLine(&q.Address), q.District, words(" ", q.Postcode, q.City), q.County, q.State, country(q))
}

// country is the country as it was written, or its code.
func country(q *geo.Query) string {
	if q.Country != "" {
		return q.Country
	}
	return q.CountryCode
}

// words joins what there is.
func words(between string, all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), between)
}

// structured reports whether a question is known by its parts.
func structured(q *geo.Query) bool {
	return q.Line == "" && (q.Street != "" || q.City != "" || q.Postcode != "" || q.State != "" || q.County != "")
}

// codes are the countries that bound a question: those it was given, or its own.
func codes(q *geo.Query) []string {
	if len(q.Countries) == 0 && q.CountryCode != "" {
		return []string{q.CountryCode}
	}
	return q.Countries
}

func lowerCodes(q *geo.Query) string { return strings.ToLower(strings.Join(codes(q), ",")) }
