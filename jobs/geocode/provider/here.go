package provider

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"errors"
	"strings"
)

// here is the Geocoding and Search API, version 7 (HERE's path says v1). Forward and reverse have a
// host each, unless a base URL is given.
var here = &form{ask: askHere, read: readHere, putKey: func(r *request, key string) { r.set("apiKey", key) }}

const hereReverse = "https://revgeocode.search.hereapi.com"

func askHere(p *Provider, r *request, q *geo.Query) error {
	r.set("lang", q.Language)
	switch q.Level {
	case geo.LevelCity:
		r.set("types", "city")
	case geo.LevelPostcode:
		r.set("types", "postalCode")
	default:
	}
	if q.Reverse {
		r.path = "/v1/revgeocode"
		if r.base == hereForward {
			r.base = hereReverse
		}
		r.set("at", latLon(q.Point))
		return nil
	}
	r.path = "/v1/geocode"
	if structured(q) {
		r.set("qq", hereQualified(q))
	} else {
		r.set("q", oneLine(q))
	}
	if in := hereCountries(codes(q)); in != "" {
		r.set("in", in)
	}
	r.setInt("limit", limitOf(q, 100))
	switch {
	case q.Near != nil:
		r.set("at", latLon(*q.Near))
	case q.Box != nil: // it knows countries only to bound by
		r.set("at", latLon(middle(q.Box)))
	}
	return nil
}

// middle is the middle of a box, also of one across the meridian of 180 degrees.
func middle(b *geo.Box) geo.Point {
	p := geo.Point{Lat: (b.South + b.North) / 2, Lon: (b.West + b.East) / 2}
	if b.West > b.East {
		if p.Lon += 180; p.Lon > 180 {
			p.Lon -= 360
		}
	}
	return p
}

// hereQualified is a question in parts: houseNumber=1;street=…
func hereQualified(q *geo.Query) string {
	var parts []string
	put := func(name, value string) {
		// The two letters that part it cannot be quoted.
		if value = strings.NewReplacer(";", " ", "=", " ").Replace(value); value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	if q.Level == geo.LevelAddress {
		put("houseNumber", q.Number)
		put("street", q.Street)
	}
	put("district", q.District)
	put("city", q.City)
	put("county", q.County)
	put("state", q.State)
	put("postalCode", q.Postcode)
	put("country", country(q))
	return strings.Join(parts, ";")
}

func hereCountries(codes []string) string {
	var long []string
	for _, c := range codes {
		if a := alpha3(c); a != "" {
			long = append(long, a)
		}
	}
	if long == nil {
		return ""
	}
	return "countryCode:" + strings.Join(long, ",")
}

func readHere(body []byte, _ *geo.Query) ([]geo.Place, error) {
	var a struct {
		Items *[]json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if a.Items == nil {
		return nil, errors.New("it has no items")
	}
	return each(*a.Items, herePlace)
}

func herePlace(raw json.RawMessage) (geo.Place, error) {
	var f struct {
		ID           text `json:"id"`
		ResultType   text `json:"resultType"`
		NumberType   text `json:"houseNumberType"`
		LocalityType text `json:"localityType"`
		Position     struct {
			Lat *number `json:"lat"`
			Lng *number `json:"lng"`
		} `json:"position"`
		Address struct {
			Label       text `json:"label"`
			CountryCode text `json:"countryCode"`
			CountryName text `json:"countryName"`
			State       text `json:"state"`
			County      text `json:"county"`
			City        text `json:"city"`
			Street      text `json:"street"`
			Postcode    text `json:"postalCode"`
			HouseNumber text `json:"houseNumber"`
		} `json:"address"`
		Scoring struct {
			Query *number `json:"queryScore"`
		} `json:"scoring"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return geo.Place{}, err
	}
	a := &f.Address
	p := geo.Place{
		Point: point(f.Position.Lat, f.Position.Lng), Formatted: string(a.Label), ID: string(f.ID), Kind: words("/", string(f.ResultType), first(f.NumberType, f.LocalityType)),
		Number: string(a.HouseNumber), Road: string(a.Street), City: string(a.City), County: string(a.County), State: string(a.State),
		Postcode: string(a.Postcode), Country: string(a.CountryName), CountryCode: alpha2(string(a.CountryCode)), Confidence: share(f.Scoring.Query, 1),
	}
	switch f.ResultType {
	case "houseNumber":
		p.Precision = geo.PrecisionRooftop
		if f.NumberType == "interpolated" {
			p.Match = geo.MatchInterpolated
		}
	case "place":
		p.Precision = geo.PrecisionRooftop
	case "street", "intersection", "addressBlock":
		p.Precision = geo.PrecisionStreet
	case "postalCodePoint":
		p.Precision = geo.PrecisionPostcode
	case "locality":
		p.Precision = geo.PrecisionCity
		if f.LocalityType == "postalCode" {
			p.Precision = geo.PrecisionPostcode
		}
	default:
		p.Precision = geo.PrecisionRegion
	}
	return p, nil
}
