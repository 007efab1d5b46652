package provider

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// mapbox is the Geocoding API, version 6 (docs.mapbox.com/api/search/geocoding). What it answers may
// be kept only if it was asked with permanent=true, so it is asked in no other way.
var mapbox = &form{
	ask:  askMapbox,
	read: readMapbox,
	judge: func(status int, _ []byte, common *web.Trouble) error {
		if status == http.StatusUnprocessableEntity {
			return failed(common.Text)
		}
		return common
	},
	putKey: func(r *request, key string) { r.set("access_token", key) },
	batch:  mapboxBatch,
}

// errAcross is about a box that Mapbox cannot take.
var errAcross = errors.New("mapbox takes no box across the meridian of 180 degrees: leave --bbox out, or use two runs")

// mapboxParams are the parameters of a question, for one request and for one of many.
func mapboxParams(q *geo.Query) ([]param, error) {
	r := &request{}
	switch {
	case q.Reverse:
		r.setDegrees("longitude", q.Point.Lon)
		r.setDegrees("latitude", q.Point.Lat)
	case structured(q):
		if q.Level == geo.LevelAddress {
			r.set("address_number", q.Number)
			r.set("street", q.Street)
		}
		r.set("neighborhood", q.District)
		r.set("place", q.City)
		r.set("region", q.State)
		r.set("postcode", q.Postcode)
	default:
		r.set("q", oneLine(q))
	}
	r.set("country", lowerCodes(q))
	r.set("language", q.Language)
	switch q.Level {
	case geo.LevelCity:
		r.set("types", "place,locality")
	case geo.LevelPostcode:
		r.set("types", "postcode")
	default:
	}
	if q.Reverse {
		return r.params, nil // several answers need one type
	}
	if b := q.Box; b != nil {
		if b.West > b.East {
			return nil, errAcross
		}
		r.set("bbox", westSouthEastNorth(b))
	}
	if q.Near != nil {
		r.set("proximity", lonLat(*q.Near))
	}
	r.set("autocomplete", "false")
	return r.params, nil
}

func askMapbox(p *Provider, r *request, q *geo.Query) error {
	params, err := mapboxParams(q)
	if err != nil {
		return err
	}
	r.path, r.params = "/search/geocode/v6/forward", params
	if q.Reverse {
		r.path = "/search/geocode/v6/reverse"
	} else {
		r.setInt("limit", limitOf(q, 10))
	}
	if p.permanent {
		r.set("permanent", "true")
	}
	return nil
}

func readMapbox(body []byte, _ *geo.Query) ([]geo.Place, error) {
	all, err := features(body)
	if err != nil {
		return nil, err
	}
	return each(all, mapboxPlace)
}

// mapboxContext is what a place lies in.
type mapboxContext struct {
	Address struct {
		Number text `json:"address_number"`
		Street text `json:"street_name"`
	} `json:"address"`
	Street   struct{ Name text } `json:"street"`
	Postcode struct{ Name text } `json:"postcode"`
	Locality struct{ Name text } `json:"locality"`
	Place    struct{ Name text } `json:"place"`
	District struct{ Name text } `json:"district"`
	Region   struct{ Name text } `json:"region"`
	Country  struct {
		Name text `json:"name"`
		Code text `json:"country_code"`
	} `json:"country"`
}

func mapboxPlace(raw json.RawMessage) (geo.Place, error) {
	var f struct {
		Geometry struct {
			Coordinates []number `json:"coordinates"`
		} `json:"geometry"`
		Properties struct {
			ID          text `json:"mapbox_id"`
			Type        text `json:"feature_type"`
			Name        text `json:"name"`
			Full        text `json:"full_address"`
			Formatted   text `json:"place_formatted"`
			Coordinates struct {
				Lat      *number `json:"latitude"`
				Lon      *number `json:"longitude"`
				Accuracy text    `json:"accuracy"`
			} `json:"coordinates"`
			Context mapboxContext `json:"context"`
			Match   struct {
				Confidence text `json:"confidence"`
			} `json:"match_code"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return geo.Place{}, err
	}
	a := &f.Properties
	c := &a.Context
	p := geo.Place{
		Point: lonLatPoint(f.Geometry.Coordinates), Formatted: first(a.Full, text(words(", ", string(a.Name), string(a.Formatted)))), ID: string(a.ID), Kind: string(a.Type),
		Number: string(c.Address.Number), Road: first(c.Address.Street, c.Street.Name), City: first(c.Place.Name, c.Locality.Name), County: string(c.District.Name),
		State: string(c.Region.Name), Postcode: string(c.Postcode.Name), Country: string(c.Country.Name), CountryCode: strings.ToUpper(string(c.Country.Code)),
	}
	if a.Coordinates.Lat != nil && a.Coordinates.Lon != nil {
		p.Point = point(a.Coordinates.Lat, a.Coordinates.Lon)
	}
	p.Confidence = mapboxConfidence(string(a.Match.Confidence))
	mapboxKind(string(a.Type), string(a.Coordinates.Accuracy), &p)
	return p, nil
}

// mapboxConfidence is its word as a number: how many parts of the question fit.
func mapboxConfidence(word string) float64 {
	switch word {
	case "exact":
		return 1
	case "high":
		return 0.75
	case "medium":
		return 0.5
	case "low":
		return 0.25
	}
	return unsaid
}

func mapboxKind(kind, accuracy string, p *geo.Place) {
	switch kind {
	case "address", "secondary_address", "poi":
		p.Precision = geo.PrecisionRooftop
		switch accuracy {
		case "interpolated":
			p.Match = geo.MatchInterpolated
		case "approximate", "intersection", "street":
			p.Precision = geo.PrecisionStreet
		}
	case "block":
		p.Precision = geo.PrecisionStreet
	default:
		p.Precision = precisionOfWord(kind)
	}
}
