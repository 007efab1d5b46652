package geotest

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// service is how one of them speaks.
type service struct {
	name string
	key  string // the parameter that has it
	// route makes of a path what is asked; nil: there is nothing there. An error is the client's fault.
	route func(path string, c *call) (*ask, error)
	// refuse answers with a status, in the words of the service.
	refuse func(c *call, status int, text string)
}

var services = map[string]*service{
	"nominatim": {name: "nominatim", key: "key", route: routeNominatim, refuse: refuseJSON(func(status int, text string) any {
		return map[string]any{"error": map[string]any{"code": status, "message": text}}
	})},
	"photon":   {name: "photon", key: "key", route: routePhoton, refuse: refuseJSON(func(_ int, text string) any { return map[string]any{"message": text} })},
	"google":   {name: "google", key: "key", route: routeGoogle, refuse: refuseGoogle},
	"geocodio": {name: "geocodio", key: "api_key", route: routeGeocodio, refuse: refuseJSON(func(_ int, text string) any { return map[string]any{"error": text} })},
	"census": {name: "census", key: "key", route: routeCensus, refuse: refuseJSON(func(status int, text string) any {
		return map[string]any{"errors": []string{text}, "status": strconv.Itoa(status)}
	})},
	"ban": {name: "ban", key: "key", route: routeBAN, refuse: refuseJSON(func(status int, text string) any { return map[string]any{"code": status, "message": text} })},
}

func refuseJSON(say func(status int, text string) any) func(c *call, status int, text string) {
	return func(c *call, status int, text string) {
		c.w.Header().Set("Content-Type", "application/json")
		c.w.WriteHeader(status)
		_, _ = c.w.Write(mustJSON(say(status, text)))
	}
}

// parameters are those of a request, and whether they can be meant.
type parameters struct {
	c   *call
	err error
}

func (p *parameters) get(name string) string { return p.c.r.URL.Query().Get(name) }

func (p *parameters) float(name string) float64 {
	v, err := strconv.ParseFloat(p.get(name), 64)
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("the parameter %q must be a number", name)
	}
	return v
}

// limit is how many are wanted.
func (p *parameters) limit(otherwise int) int {
	v := p.get("limit")
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if (err != nil || n < 1) && p.err == nil {
		p.err = fmt.Errorf("the parameter limit must be a number")
	}
	return n
}

func (p *parameters) countries(name, between string) []string {
	if p.get(name) == "" {
		return nil
	}
	return strings.Split(strings.ToUpper(p.get(name)), between)
}

// box reads four numbers with commas: west, south, east, north; corners may be given in any order.
func (p *parameters) box(name string) *geo.Box {
	v := p.get(name)
	if v == "" {
		return nil
	}
	var n [4]float64
	parts := strings.Split(v, ",")
	for i := range n {
		var err error
		if i >= len(parts) {
			err = fmt.Errorf("%q has four numbers", name)
		} else {
			n[i], err = strconv.ParseFloat(parts[i], 64)
		}
		if err != nil && p.err == nil {
			p.err = fmt.Errorf("bad parameter %q: %w", name, err)
		}
	}
	return &geo.Box{West: min(n[0], n[2]), South: min(n[1], n[3]), East: max(n[0], n[2]), North: max(n[1], n[3])}
}

// single is the ask of one question.
func (p *parameters) single(q *geo.Query, render func([]geo.Place) any) (*ask, error) {
	if p.err != nil {
		return nil, p.err
	}
	return &ask{
		question: inWords(q), queries: []*geo.Query{q}, kind: "application/json; charset=utf-8",
		render: func(found [][]geo.Place, fault *Fault) []byte {
			if fault != nil && fault.Kind == KindNothing {
				return mustJSON(render(nil))
			}
			return mustJSON(render(found[0]))
		},
	}, nil
}

// inWords is a question for the log.
func inWords(q *geo.Query) string {
	switch {
	case q.Reverse:
		return fmt.Sprintf("%g,%g", q.Point.Lat, q.Point.Lon)
	case q.Line != "":
		return q.Line
	}
	var parts []string
	for _, s := range []string{strings.TrimSpace(q.Number + " " + q.Street), q.City, q.State, q.Postcode, q.CountryCode} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// named is the code of a country that was written out, or as a code.
func named(s string) string {
	if len(s) == 2 {
		return strings.ToUpper(s)
	}
	return ""
}

// streetOf parts a street from its number.
func streetOf(q *geo.Query, s string) {
	if s != "" {
		q.Number, q.Street = splitNumber(s)
	}
}

func routeNominatim(path string, c *call) (*ask, error) {
	p := &parameters{c: c}
	q := &geo.Query{Countries: p.countries("countrycodes", ","), Limit: p.limit(10)}
	switch path {
	case "/reverse":
		q = &geo.Query{Reverse: true, Point: geo.Point{Lat: p.float("lat"), Lon: p.float("lon")}}
		return p.single(q, func(found []geo.Place) any {
			if len(found) == 0 {
				return map[string]any{"error": "Unable to geocode"}
			}
			return nominatimPlace(&found[0])
		})
	case "/search":
		q.Line = p.get("q")
		q.City, q.State, q.Postcode, q.CountryCode = p.get("city"), p.get("state"), p.get("postalcode"), named(p.get("country"))
		streetOf(q, p.get("street"))
		if q.Line == "" && inWords(q) == "" {
			return nil, fmt.Errorf("nothing to search for")
		}
		if p.get("bounded") == "1" {
			q.Box = p.box("viewbox")
		}
		return p.single(q, func(found []geo.Place) any { return all(found, nominatimPlace) })
	}
	return nil, nil
}

// all renders each place.
func all(found []geo.Place, one func(*geo.Place) any) []any {
	out := make([]any, 0, len(found))
	for i := range found {
		out = append(out, one(&found[i]))
	}
	return out
}

func nominatimPlace(p *geo.Place) any {
	address := map[string]any{"country": p.Country, "country_code": strings.ToLower(p.CountryCode)}
	for name, v := range map[string]string{"house_number": p.Number, "road": p.Road, "city": p.City, "county": p.County, "state": p.State, "postcode": p.Postcode} {
		if v != "" {
			address[name] = v
		}
	}
	rank, category, kind, addressType := 16, "place", "city", "city"
	switch p.Precision {
	case geo.PrecisionRooftop:
		rank, category, kind, addressType = 30, "place", "house", "place"
	case geo.PrecisionStreet:
		rank, category, kind, addressType = 26, "highway", "residential", "road"
	case geo.PrecisionPostcode:
		rank, category, kind, addressType = 21, "place", "postcode", "postcode"
	case geo.PrecisionRegion:
		rank, category, kind, addressType = 8, "boundary", "administrative", "state"
	default:
	}
	id, _ := strconv.ParseInt(p.ID, 10, 64)
	return map[string]any{
		"place_id": id, "licence": "Data of a test", "osm_type": "node", "osm_id": id,
		"lat": strconv.FormatFloat(p.Lat, 'f', 7, 64), "lon": strconv.FormatFloat(p.Lon, 'f', 7, 64),
		"category": category, "class": category, "type": kind, "addresstype": addressType, "place_rank": rank, "importance": 0.5,
		"name": p.City, "display_name": p.Formatted, "address": address,
		"boundingbox": []string{fmt.Sprint(p.Lat - 0.01), fmt.Sprint(p.Lat + 0.01), fmt.Sprint(p.Lon - 0.01), fmt.Sprint(p.Lon + 0.01)},
	}
}

func routePhoton(path string, c *call) (*ask, error) {
	p := &parameters{c: c}
	q := &geo.Query{Limit: p.limit(15)}
	switch path {
	case "/reverse":
		q.Reverse, q.Point = true, geo.Point{Lat: p.float("lat"), Lon: p.float("lon")}
	case "/api", "/api/":
		if q.Line = p.get("q"); q.Line == "" {
			return nil, fmt.Errorf("missing search term 'q': /?q=berlin")
		}
		q.Box = p.box("bbox")
	case "/structured":
		q.Number, q.Street, q.City, q.Postcode, q.CountryCode = p.get("housenumber"), p.get("street"), p.get("city"), p.get("postcode"), named(p.get("countrycode"))
	default:
		return nil, nil
	}
	switch p.get("lang") {
	case "", "default", "en", "de", "fr":
	default:
		return nil, fmt.Errorf("language %s is not supported, supported languages are: default, en, de, fr", p.get("lang"))
	}
	return p.single(q, func(found []geo.Place) any {
		return map[string]any{"type": "FeatureCollection", "features": all(found, photonPlace)}
	})
}

func photonPlace(p *geo.Place) any {
	id, _ := strconv.ParseInt(p.ID, 10, 64)
	kind := map[geo.Precision]string{geo.PrecisionRooftop: "house", geo.PrecisionStreet: "street", geo.PrecisionCity: "city", geo.PrecisionRegion: "state"}[p.Precision]
	properties := map[string]any{"osm_type": "N", "osm_id": id, "osm_key": "place", "osm_value": kind, "type": kind, "countrycode": p.CountryCode}
	for name, v := range map[string]string{"housenumber": p.Number, "street": p.Road, "postcode": p.Postcode, "city": p.City, "state": p.State, "country": p.Country} {
		if v != "" {
			properties[name] = v
		}
	}
	switch p.Precision {
	case geo.PrecisionCity:
		properties["name"] = p.City
		delete(properties, "city")
	case geo.PrecisionStreet:
		properties["name"] = p.Road
		delete(properties, "street")
	default:
	}
	return map[string]any{"type": "Feature", "geometry": map[string]any{"type": "Point", "coordinates": []float64{p.Lon, p.Lat}}, "properties": properties}
}

// decodeJSON reads a body.
func decodeJSON(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	return nil
}

// statusWord is Google's word for a status.
func statusWord(status int) string {
	switch status {
	case http.StatusTooManyRequests:
		return "OVER_QUERY_LIMIT"
	case http.StatusForbidden, http.StatusUnauthorized:
		return "REQUEST_DENIED"
	case http.StatusBadRequest:
		return "INVALID_REQUEST"
	}
	return "UNKNOWN_ERROR"
}
