package provider

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// geocodio knows the United States, Canada and Mexico (geocod.io/docs).
var geocodio = &form{
	ask:    askGeocodio,
	read:   readGeocodio,
	judge:  judgeGeocodio,
	putKey: func(r *request, key string) { r.set("api_key", key) },
	batch:  geocodioBatch,
}

func judgeGeocodio(status int, body []byte, common *web.Trouble) error {
	switch status {
	case http.StatusForbidden:
		// The key, or the limit of the day: either way no other request will do better.
		class := classAuth
		if s := strings.ToLower(said(body)); strings.Contains(s, "limit") || strings.Contains(s, "maximum") {
			class = classQuota
		}
		return abort(class, common.Text)
	case http.StatusUnprocessableEntity:
		if strings.Contains(strings.ToLower(said(body)), "could not geocode") {
			return nil
		}
		return failed(common.Text)
	}
	return common
}

func askGeocodio(_ *Provider, r *request, q *geo.Query) error {
	switch {
	case q.Reverse:
		r.path = "/v1.9/reverse"
		r.set("q", latLon(q.Point))
	case structured(q):
		r.path = "/v1.9/geocode"
		r.params = geocodioParts(q)
	default:
		r.path = "/v1.9/geocode"
		r.set("q", oneLine(q))
		r.set("country", geocodioCountry(q))
	}
	r.setInt("limit", limitOf(q, 20))
	return nil
}

func geocodioParts(q *geo.Query) []param {
	r := &request{}
	if q.Level == geo.LevelAddress {
		r.set("street", words(" ", q.Number, q.Street))
	}
	r.set("city", q.City)
	r.set("county", q.County)
	r.set("state", q.State)
	r.set("postal_code", q.Postcode)
	r.set("country", geocodioCountry(q))
	return r.params
}

func geocodioCountry(q *geo.Query) string {
	if c := codes(q); len(c) == 1 {
		return c[0]
	}
	return q.Country
}

func readGeocodio(body []byte, _ *geo.Query) ([]geo.Place, error) {
	var a struct {
		Error   text               `json:"error"`
		Results *[]json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if a.Error != "" { // of one in a batch
		if strings.Contains(strings.ToLower(string(a.Error)), "could not geocode") {
			return nil, nil
		}
		return nil, failed(clip(string(a.Error)))
	}
	if a.Results == nil {
		return nil, errors.New("it has no results")
	}
	return each(*a.Results, geocodioPlace)
}

func geocodioPlace(raw json.RawMessage) (geo.Place, error) {
	var f struct {
		Parts struct {
			Number   text `json:"number"`
			Street   text `json:"formatted_street"`
			City     text `json:"city"`
			County   text `json:"county"`
			State    text `json:"state"`
			Province text `json:"state_province"` // version 2
			Zip      text `json:"zip"`
			Postcode text `json:"postal_code"` // version 2
			Country  text `json:"country"`
		} `json:"address_components"`
		Formatted text `json:"formatted_address"`
		Location  struct {
			Lat *number `json:"lat"`
			Lng *number `json:"lng"`
		} `json:"location"`
		Accuracy *number `json:"accuracy"`
		Type     text    `json:"accuracy_type"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return geo.Place{}, err
	}
	a := &f.Parts
	p := geo.Place{
		Point: point(f.Location.Lat, f.Location.Lng), Formatted: string(f.Formatted), Number: string(a.Number), Road: string(a.Street), City: string(a.City),
		County: string(a.County), State: first(a.State, a.Province), Postcode: first(a.Zip, a.Postcode), CountryCode: string(a.Country), Kind: string(f.Type),
		Confidence: share(f.Accuracy, 1),
	}
	switch f.Type {
	case "rooftop", "point":
		p.Precision = geo.PrecisionRooftop
	case "range_interpolation":
		p.Precision, p.Match = geo.PrecisionRooftop, geo.MatchInterpolated
	case "nearest_rooftop_match": // of a neighbour: the street is certain, the house is not
		p.Precision, p.Match = geo.PrecisionStreet, geo.MatchFallback
	case "intersection", "street_center", "nearest_street":
		p.Precision = geo.PrecisionStreet
	case "place", "nearest_place":
		p.Precision = geo.PrecisionCity
		if p.City == "" && p.Postcode != "" {
			p.Precision = geo.PrecisionPostcode
		}
	default:
		p.Precision = geo.PrecisionRegion
	}
	return p, nil
}
