package provider

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"strings"
)

// pelias is the geocoder of Geocode Earth, Stadia and others (github.com/pelias/documentation).
var pelias = &form{ask: askPelias, read: readPelias, putKey: func(r *request, key string) { r.set("api_key", key) }}

func askPelias(_ *Provider, r *request, q *geo.Query) error {
	switch {
	case q.Reverse:
		r.path = "/reverse"
		r.setDegrees("point.lat", q.Point.Lat)
		r.setDegrees("point.lon", q.Point.Lon)
	case structured(q):
		r.path = "/search/structured"
		if q.Level == geo.LevelAddress {
			r.set("address", streetLine(&q.Address))
		}
		r.set("neighbourhood", q.District)
		r.set("locality", q.City)
		r.set("county", q.County)
		r.set("region", q.State)
		r.set("postalcode", q.Postcode)
		r.set("country", country(q))
	default:
		r.path = "/search"
		r.set("text", oneLine(q))
	}
	r.setInt("size", limitOf(q, 40))
	r.set("lang", q.Language)
	r.set("boundary.country", strings.Join(codes(q), ","))
	switch q.Level {
	case geo.LevelCity:
		r.set("layers", "locality,localadmin,borough")
	case geo.LevelPostcode:
		r.set("layers", "postalcode")
	default:
	}
	if q.Reverse {
		return nil
	}
	if b := q.Box; b != nil {
		r.setDegrees("boundary.rect.min_lat", b.South)
		r.setDegrees("boundary.rect.min_lon", b.West)
		r.setDegrees("boundary.rect.max_lat", b.North)
		r.setDegrees("boundary.rect.max_lon", b.East)
	}
	if q.Near != nil {
		r.setDegrees("focus.point.lat", q.Near.Lat)
		r.setDegrees("focus.point.lon", q.Near.Lon)
	}
	return nil
}

func readPelias(body []byte, _ *geo.Query) ([]geo.Place, error) {
	all, err := features(body)
	if err != nil {
		return nil, err
	}
	return each(all, peliasPlace)
}

func peliasPlace(raw json.RawMessage) (geo.Place, error) {
	var f struct {
		Geometry struct {
			Coordinates []number `json:"coordinates"`
		} `json:"geometry"`
		Properties struct {
			GID         text    `json:"gid"`
			Layer       text    `json:"layer"`
			Label       text    `json:"label"`
			HouseNumber text    `json:"housenumber"`
			Street      text    `json:"street"`
			Postcode    text    `json:"postalcode"`
			Locality    text    `json:"locality"`
			LocalAdmin  text    `json:"localadmin"`
			County      text    `json:"county"`
			Region      text    `json:"region"`
			Country     text    `json:"country"`
			CountryCode text    `json:"country_code"`
			CountryA    text    `json:"country_a"`
			Confidence  *number `json:"confidence"`
			MatchType   text    `json:"match_type"`
			Accuracy    text    `json:"accuracy"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return geo.Place{}, err
	}
	a := &f.Properties
	p := geo.Place{
		Point: lonLatPoint(f.Geometry.Coordinates), Confidence: share(a.Confidence, 1), Formatted: string(a.Label),
		Number: string(a.HouseNumber), Road: string(a.Street), City: first(a.Locality, a.LocalAdmin), County: string(a.County), State: string(a.Region),
		Postcode: string(a.Postcode), Country: string(a.Country), CountryCode: strings.ToUpper(string(a.CountryCode)), ID: string(a.GID), Kind: string(a.Layer),
	}
	if p.CountryCode == "" {
		p.CountryCode = alpha2(string(a.CountryA))
	}
	p.Precision = precisionOfWord(string(a.Layer))
	if a.Layer == "venue" {
		p.Precision = geo.PrecisionRooftop
	}
	switch {
	case a.MatchType == "fallback":
		p.Match = geo.MatchFallback
	case a.MatchType == "interpolated" || a.Accuracy == "interpolated":
		p.Match = geo.MatchInterpolated
	}
	return p, nil
}
