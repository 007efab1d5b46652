package provider

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// census is the geocoder of the US Census Bureau (geocoding.geo.census.gov/geocoder): it has ranges
// of house numbers, so each of its points lies between two others, and it is for addresses only.
var census = &form{ask: askCensus, read: readCensus, batch: censusBatch}

// censusBenchmark is which of its data is meant: the newest.
const censusBenchmark = "Public_AR_Current"

var (
	errTooShort    = fmt.Errorf("fewer than three letters are no question for this provider: %w", ErrElsewhere)
	errNoAddress   = fmt.Errorf("this provider has addresses only, with a street: %w", ErrElsewhere)
	errNoResult    = errors.New("it has no result")
	censusAreaKeys = []string{"Counties", "States"}
)

func askCensus(_ *Provider, r *request, q *geo.Query) error {
	switch {
	case q.Reverse:
		r.path = "/geographies/coordinates"
		r.setDegrees("x", q.Point.Lon)
		r.setDegrees("y", q.Point.Lat)
		r.set("vintage", "Current_Current")
		r.set("layers", strings.Join(censusAreaKeys, ","))
	case q.Level != geo.LevelAddress:
		return errNoAddress
	case q.Line != "":
		r.path = "/locations/onelineaddress"
		r.set("address", q.Line)
	case q.Street == "":
		return errNoAddress
	default:
		r.path = "/locations/address"
		r.set("street", words(" ", q.Number, q.Street))
		r.set("city", q.City)
		r.set("state", q.State)
		r.set("zip", q.Postcode)
	}
	r.set("benchmark", censusBenchmark)
	r.set("format", "json")
	return nil
}

func readCensus(body []byte, q *geo.Query) ([]geo.Place, error) {
	var a struct {
		Result *struct {
			Matches     *[]json.RawMessage `json:"addressMatches"`
			Geographies map[string][]struct {
				Name  text `json:"NAME"`
				GeoID text `json:"GEOID"`
			} `json:"geographies"`
		} `json:"result"`
		Errors []text `json:"errors"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	switch {
	case len(a.Errors) > 0:
		return nil, failed(clip(string(a.Errors[0])))
	case a.Result == nil:
		return nil, errNoResult
	case q.Reverse:
		county, state := a.Result.Geographies["Counties"], a.Result.Geographies["States"]
		if len(state) == 0 {
			return nil, nil
		}
		// The point is the one that was asked for: of an area it says no other.
		p := geo.Place{Point: q.Point, State: string(state[0].Name), Country: "United States", CountryCode: "US", ID: string(state[0].GeoID), Kind: "state", Precision: geo.PrecisionRegion, Confidence: unsaid}
		if len(county) > 0 {
			p.County, p.ID, p.Kind = string(county[0].Name), string(county[0].GeoID), "county"
		}
		p.Formatted = words(", ", p.County, p.State, p.Country)
		p.Raw = body
		return []geo.Place{p}, nil
	case a.Result.Matches == nil:
		return nil, errNoResult
	}
	return each(*a.Result.Matches, func(raw json.RawMessage) (geo.Place, error) {
		var m struct {
			Address     text `json:"matchedAddress"`
			Coordinates struct {
				X *number `json:"x"`
				Y *number `json:"y"`
			} `json:"coordinates"`
			Line struct {
				ID text `json:"tigerLineId"`
			} `json:"tigerLine"`
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			return geo.Place{}, err
		}
		p := censusPlace(string(m.Address))
		p.Point, p.ID = point(m.Coordinates.Y, m.Coordinates.X), string(m.Line.ID)
		return p, nil
	})
}

// censusPlace takes its one line apart: 4600 SILVER HILL RD, WASHINGTON, DC, 20233.
func censusPlace(line string) geo.Place {
	p := geo.Place{Formatted: line, Country: "United States", CountryCode: "US", Kind: "address", Precision: geo.PrecisionRooftop, Match: geo.MatchInterpolated, Confidence: unsaid}
	parts := strings.Split(line, ", ")
	street := parts[0]
	if number, road, ok := strings.Cut(street, " "); ok && number != "" && number[0] >= '0' && number[0] <= '9' {
		p.Number, p.Road = number, road
	} else {
		p.Road = street
	}
	if n := len(parts); n >= 4 {
		p.City, p.State, p.Postcode = parts[n-3], parts[n-2], parts[n-1]
	}
	return p
}
