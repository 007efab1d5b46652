package provider

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// google is the Geocoding API, version 3 (developers.google.com/maps/documentation/geocoding): what
// went wrong stands in the status of a 200.
var google = &form{ask: askGoogle, read: readGoogle, putKey: func(r *request, key string) { r.set("key", key) }}

func askGoogle(_ *Provider, r *request, q *geo.Query) error {
	r.path = "/maps/api/geocode/json"
	r.set("language", q.Language)
	if q.Reverse {
		r.set("latlng", latLon(q.Point))
		switch q.Level {
		case geo.LevelCity:
			r.set("result_type", "locality|postal_town")
		case geo.LevelPostcode:
			r.set("result_type", "postal_code")
		default:
		}
		return nil
	}
	if q.Level == geo.LevelPostcode && q.Postcode != "" && q.CountryCode != "" {
		r.set("components", "postal_code:"+q.Postcode+"|country:"+q.CountryCode)
		return nil
	}
	r.set("address", oneLine(q))
	// One country bounds; several cannot be said.
	if c := codes(q); len(c) == 1 {
		r.set("components", "country:"+c[0])
		r.set("region", ccTLD(c[0]))
	}
	switch {
	case q.Box != nil: // it weighs and does not bound
		r.set("bounds", googleBounds(q.Box))
	case q.Near != nil:
		r.set("bounds", googleBounds(around(*q.Near)))
	}
	return nil
}

// ccTLD is the region as Google wants it: the domain of the country.
func ccTLD(code string) string {
	if code == "GB" {
		return "uk"
	}
	return strings.ToLower(code)
}

func googleBounds(b *geo.Box) string {
	return latLon(geo.Point{Lat: b.South, Lon: b.West}) + "|" + latLon(geo.Point{Lat: b.North, Lon: b.East})
}

func readGoogle(body []byte, _ *geo.Query) ([]geo.Place, error) {
	var a struct {
		Status  string            `json:"status"`
		Message string            `json:"error_message"`
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	text := clip(words(": ", a.Status, a.Message))
	switch a.Status {
	case "OK":
		return each(a.Results, googlePlace)
	case "ZERO_RESULTS", "NOT_FOUND":
		return nil, nil
	case "OVER_QUERY_LIMIT":
		return nil, throttle(2*time.Second, text)
	case "OVER_DAILY_LIMIT":
		return nil, abort(classQuota, text)
	case "REQUEST_DENIED":
		return nil, abort(classAuth, text)
	case "INVALID_REQUEST", "MAX_ELEMENTS_EXCEEDED":
		return nil, failed(text)
	case "UNKNOWN_ERROR":
		return nil, retry(classServer, text)
	}
	return nil, fmt.Errorf("its status is %q", clip(a.Status))
}

// googlePart is one component of an address, of either version.
type googlePart struct {
	Long   text   `json:"long_name"`
	Short  text   `json:"short_name"`
	Long4  text   `json:"longText"`
	Short4 text   `json:"shortText"`
	Types  []text `json:"types"`
}

// googleParts puts the components of an address in their places.
func googleParts(parts []googlePart, p *geo.Place) {
	var town, third, sub text
	for i := range parts {
		c := &parts[i]
		long, short := text(first(c.Long, c.Long4)), text(first(c.Short, c.Short4))
		for _, t := range c.Types {
			switch t {
			case "street_number":
				p.Number = string(long)
			case "route":
				p.Road = string(long)
			case "locality":
				p.City = string(long)
			case "postal_town":
				town = long
			case "administrative_area_level_3":
				third = long
			case "sublocality", "sublocality_level_1":
				sub = long
			case "administrative_area_level_2":
				p.County = string(long)
			case "administrative_area_level_1":
				p.State = string(long)
			case "postal_code":
				p.Postcode = string(long)
			case "country":
				p.Country, p.CountryCode = string(long), string(short)
			}
		}
	}
	if p.City == "" {
		p.City = first(town, sub, third)
	}
}

func googlePlace(raw json.RawMessage) (geo.Place, error) {
	var f struct {
		Parts     []googlePart `json:"address_components"`
		Formatted text         `json:"formatted_address"`
		Geometry  struct {
			Location struct {
				Lat *number `json:"lat"`
				Lng *number `json:"lng"`
			} `json:"location"`
			Type text `json:"location_type"`
		} `json:"geometry"`
		Partial bool   `json:"partial_match"`
		ID      text   `json:"place_id"`
		Types   []text `json:"types"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return geo.Place{}, err
	}
	p := geo.Place{Point: point(f.Geometry.Location.Lat, f.Geometry.Location.Lng), Formatted: string(f.Formatted), ID: string(f.ID), Confidence: unsaid}
	googleParts(f.Parts, &p)
	googleKind(f.Types, string(f.Geometry.Type), &p)
	if f.Partial {
		p.Match = geo.MatchFallback
	}
	return p, nil
}

// googleKind makes a precision of what a place is, and how its point was come to.
func googleKind(types []text, location string, p *geo.Place) {
	is := func(all ...text) bool {
		return slices.ContainsFunc(types, func(t text) bool { return slices.Contains(all, t) })
	}
	if len(types) > 0 {
		p.Kind = string(types[0])
	}
	switch {
	case is("postal_code", "postal_code_prefix"):
		p.Precision = geo.PrecisionPostcode
	case is("locality", "sublocality", "sublocality_level_1", "neighborhood", "postal_town", "administrative_area_level_3", "administrative_area_level_4", "administrative_area_level_5"):
		p.Precision = geo.PrecisionCity
	case is("administrative_area_level_1", "administrative_area_level_2", "country", "continent"):
		p.Precision = geo.PrecisionRegion
	case location == "ROOFTOP":
		p.Precision = geo.PrecisionRooftop
	case location == "RANGE_INTERPOLATED":
		p.Precision, p.Match = geo.PrecisionRooftop, geo.MatchInterpolated
	default:
		// The middle of a street, or of something that stands at one.
		p.Precision = geo.PrecisionStreet
		if location == "GEOMETRIC_CENTER" && is("premise", "subpremise", "street_address") {
			p.Precision = geo.PrecisionRooftop
		}
	}
}

// googleV4 is version 4 (developers.google.com/maps/documentation/geocoding/geocoding-v4-overview).
var googleV4 = &form{
	ask:  askGoogleV4,
	read: readGoogleV4,
	judge: func(status int, body []byte, common *web.Trouble) error {
		switch {
		case status == http.StatusNotFound && strings.Contains(string(body), "NOT_FOUND"):
			return nil
		case status == http.StatusBadRequest && strings.Contains(string(body), "API_KEY_INVALID"):
			return abort(classAuth, common.Text)
		}
		return common
	},
	putKey: func(r *request, key string) { r.header.Set("X-Goog-Api-Key", key) },
}

// googleFields are the members that are asked for: fewer cost less time there.
const googleFields = "results.placeId,results.location,results.granularity,results.formattedAddress,results.addressComponents,results.types"

func askGoogleV4(_ *Provider, r *request, q *geo.Query) error {
	r.header.Set("X-Goog-FieldMask", googleFields)
	switch {
	case q.Reverse:
		r.path = "/v4/geocode/location"
		r.setDegrees("location.latitude", q.Point.Lat)
		r.setDegrees("location.longitude", q.Point.Lon)
	case structured(q):
		r.path = "/v4/geocode/address"
		if q.Level == geo.LevelAddress {
			r.set("address.addressLines", streetLine(&q.Address))
		}
		r.set("address.sublocality", q.District)
		r.set("address.locality", q.City)
		r.set("address.administrativeArea", q.State)
		r.set("address.postalCode", q.Postcode)
		r.set("address.regionCode", q.CountryCode)
	default:
		// It stands in the path, where Google takes a plus as a space.
		r.path = "/v4/geocode/address/" + strings.ReplaceAll(url.PathEscape(oneLine(q)), "+", "%2B")
	}
	r.set("languageCode", q.Language)
	if c := codes(q); len(c) == 1 {
		r.set("regionCode", c[0])
	}
	b := q.Box
	if b == nil && q.Near != nil {
		b = around(*q.Near)
	}
	if b != nil && !q.Reverse {
		r.setDegrees("locationBias.rectangle.low.latitude", b.South)
		r.setDegrees("locationBias.rectangle.low.longitude", b.West)
		r.setDegrees("locationBias.rectangle.high.latitude", b.North)
		r.setDegrees("locationBias.rectangle.high.longitude", b.East)
	}
	return nil
}

func readGoogleV4(body []byte, _ *geo.Query) ([]geo.Place, error) {
	var a struct {
		Results []json.RawMessage `json:"results"` // left out if there are none
		Error   *struct {
			Message text `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if a.Error != nil {
		return nil, fmt.Errorf("it says %s", clip(string(a.Error.Message)))
	}
	return each(a.Results, func(raw json.RawMessage) (geo.Place, error) {
		var f struct {
			Parts     []googlePart `json:"addressComponents"`
			Formatted text         `json:"formattedAddress"`
			Location  struct {
				Lat *number `json:"latitude"`
				Lng *number `json:"longitude"`
			} `json:"location"`
			Granularity text   `json:"granularity"`
			ID          text   `json:"placeId"`
			Types       []text `json:"types"`
		}
		if err := json.Unmarshal(raw, &f); err != nil {
			return geo.Place{}, err
		}
		p := geo.Place{Point: point(f.Location.Lat, f.Location.Lng), Formatted: string(f.Formatted), ID: string(f.ID), Confidence: unsaid}
		googleParts(f.Parts, &p)
		googleKind(f.Types, string(f.Granularity), &p)
		return p, nil
	})
}
