package geotest

import (
	"brood/jobs/geocode/geo"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// refuseGoogle says most in a 200; what a fault has as a status is that status.
func refuseGoogle(c *call, status int, text string) {
	body := mustJSON(map[string]any{"results": []any{}, "status": statusWord(status), "error_message": text})
	c.w.Header().Set("Content-Type", "application/json")
	if c.fault != nil && c.fault.Kind == KindStatus || status >= http.StatusInternalServerError {
		c.w.WriteHeader(status)
	} else {
		c.w.Header().Del("Retry-After")
	}
	_, _ = c.w.Write(body)
}

func routeGoogle(path string, c *call) (*ask, error) {
	if path != "/maps/api/geocode/json" {
		return nil, nil
	}
	p := &parameters{c: c}
	q := &geo.Query{Address: geo.Address{Line: p.get("address")}}
	for part := range strings.SplitSeq(p.get("components"), "|") {
		switch name, value, _ := strings.Cut(part, ":"); name {
		case "country":
			q.Countries = append(q.Countries, strings.ToUpper(value))
		case "postal_code":
			q.Postcode = value
		}
	}
	if at := p.get("latlng"); at != "" {
		lat, lon, _ := strings.Cut(at, ",")
		var err error
		q.Reverse = true
		if q.Point.Lat, err = strconv.ParseFloat(lat, 64); err == nil {
			q.Point.Lon, err = strconv.ParseFloat(lon, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("invalid request. Invalid 'latlng' parameter")
		}
	} else if q.Line == "" && len(q.Countries) == 0 && q.Postcode == "" {
		return nil, fmt.Errorf("invalid request. Missing the 'address', 'components', 'latlng' or 'place_id' parameter")
	}
	return p.single(q, func(found []geo.Place) any {
		status := "OK"
		if len(found) == 0 {
			status = "ZERO_RESULTS"
		}
		return map[string]any{"results": all(found, googlePlace), "status": status}
	})
}

func googlePlace(p *geo.Place) any {
	var parts []any
	add := func(value string, types ...string) {
		if value != "" {
			parts = append(parts, map[string]any{"long_name": value, "short_name": value, "types": types})
		}
	}
	add(p.Number, "street_number")
	add(p.Road, "route")
	add(p.City, "locality", "political")
	add(p.State, "administrative_area_level_1", "political")
	add(p.CountryCode, "country", "political")
	add(p.Postcode, "postal_code")
	types, location := []string{"locality", "political"}, "APPROXIMATE"
	switch p.Precision {
	case geo.PrecisionRooftop:
		types, location = []string{"street_address"}, "ROOFTOP"
	case geo.PrecisionStreet:
		types, location = []string{"route"}, "GEOMETRIC_CENTER"
	default:
	}
	corner := func(by float64) map[string]any { return map[string]any{"lat": p.Lat + by, "lng": p.Lon + by} }
	return map[string]any{
		"address_components": parts, "formatted_address": p.Formatted, "place_id": "test-" + p.ID, "types": types,
		"geometry": map[string]any{
			"location": corner(0), "location_type": location,
			"viewport": map[string]any{"northeast": corner(0.01), "southwest": corner(-0.01)},
		},
	}
}
