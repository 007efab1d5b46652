package provider

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number is a number in JSON, or one that is written as a text.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `" `), 64)
	if err != nil {
		return fmt.Errorf("%.40s is no number", b)
	}
	*n = number(v)
	return nil
}

// text is a text in JSON; a number is taken as its digits, as some write house numbers and
// postal codes, and anything else as nothing.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*t = text(strings.TrimSpace(s))
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err == nil {
		*t = text(n.String())
	}
	return nil
}

// point is a point that may not be there: it is no point then.
func point(lat, lon *number) geo.Point {
	if lat == nil || lon == nil {
		return geo.Point{Lat: math.NaN(), Lon: math.NaN()}
	}
	return geo.Point{Lat: float64(*lat), Lon: float64(*lon)}
}

// lonLatPoint is the position of GeoJSON (RFC 7946): longitude first.
func lonLatPoint(c []number) geo.Point {
	if len(c) < 2 {
		return point(nil, nil)
	}
	return point(&c[1], &c[0])
}

// features are the features of a collection of GeoJSON.
func features(body []byte) ([]json.RawMessage, error) {
	var c struct {
		Features *[]json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	if c.Features == nil {
		return nil, errors.New("it has no features")
	}
	return *c.Features, nil
}

// each makes a place of each element.
func each(all []json.RawMessage, one func(raw json.RawMessage) (geo.Place, error)) ([]geo.Place, error) {
	places := make([]geo.Place, 0, len(all))
	for _, raw := range all {
		p, err := one(raw)
		if err != nil {
			return nil, err
		}
		p.Raw = raw
		places = append(places, p)
	}
	return places, nil
}

// unsaid is the confidence of who does not say.
const unsaid = -1

// share is a score from 0 to most as a confidence.
func share(score *number, most float64) float64 {
	if score == nil || !(*score >= 0) {
		return unsaid
	}
	return min(float64(*score)/most, 1)
}

// first is the first text that is not empty.
func first(all ...text) string {
	for _, t := range all {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// precisionOfWord is the precision of what a place is called, in the words that most providers
// share; none for another word.
func precisionOfWord(word string) geo.Precision {
	switch word {
	case "house", "building", "address", "housenumber", "house_number", "rooftop":
		return geo.PrecisionRooftop
	case "street", "road", "intersection":
		return geo.PrecisionStreet
	case "postcode", "postalcode", "postal_code":
		return geo.PrecisionPostcode
	case "city", "town", "village", "hamlet", "municipality", "locality", "localadmin", "borough", "neighbourhood", "neighborhood",
		"suburb", "quarter", "city_district", "isolated_dwelling", "place":
		return geo.PrecisionCity
	case "district", "county", "macrocounty", "state_district", "region", "state", "province", "macroregion", "country", "dependency", "continent":
		return geo.PrecisionRegion
	}
	return geo.PrecisionNone
}

// members calls f for each member of an object, in their order, also for those that are there twice.
func members(object json.RawMessage, f func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("it is no object by id")
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := f(name, value); err != nil {
			return err
		}
	}
	return nil
}
