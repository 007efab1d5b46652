package provider

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"strings"
)

// photon is Komoot's geocoder of OpenStreetMap (github.com/komoot/photon): GeoJSON, longitude
// first. Questions in parts are off at the public server, so only an own one is asked so.
var photon = &form{ask: askPhoton, read: readPhoton}

func askPhoton(p *Provider, r *request, q *geo.Query) error {
	switch {
	case q.Reverse:
		r.path = "/reverse"
		r.setDegrees("lon", q.Point.Lon)
		r.setDegrees("lat", q.Point.Lat)
		if q.MaxMetres > 0 {
			r.setDegrees("radius", max(q.MaxMetres/1000, 0.001))
		}
	case p.own && structured(q):
		r.path = "/structured"
		r.set("countrycode", q.CountryCode)
		r.set("state", q.State)
		r.set("county", q.County)
		r.set("city", q.City)
		r.set("district", q.District)
		r.set("postcode", q.Postcode)
		if q.Level == geo.LevelAddress {
			r.set("street", q.Street)
			r.set("housenumber", q.Number)
		}
	default:
		r.path = "/api"
		r.set("q", oneLine(q))
	}
	r.setInt("limit", limitOf(q, 50))
	r.set("lang", photonLanguage(q.Language))
	if q.Level == geo.LevelCity {
		r.set("layer", "city")
	}
	if q.Reverse {
		return nil
	}
	if q.Box != nil {
		r.set("bbox", westSouthEastNorth(q.Box))
	}
	if q.Near != nil {
		r.setDegrees("lon", q.Near.Lon)
		r.setDegrees("lat", q.Near.Lat)
	}
	return nil
}

// photonLanguage is one that the public server has; it refuses others.
func photonLanguage(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch base {
	case "":
		return ""
	case "de", "en", "fr":
		return base
	}
	return "default"
}

func readPhoton(body []byte, _ *geo.Query) ([]geo.Place, error) {
	all, err := features(body)
	if err != nil {
		return nil, err
	}
	return each(all, photonPlace)
}

func photonPlace(raw json.RawMessage) (geo.Place, error) {
	var f struct {
		Geometry struct {
			Coordinates []number `json:"coordinates"`
		} `json:"geometry"`
		Properties struct {
			OSMType     text `json:"osm_type"`
			OSMID       text `json:"osm_id"`
			OSMKey      text `json:"osm_key"`
			OSMValue    text `json:"osm_value"`
			Type        text `json:"type"`
			Name        text `json:"name"`
			HouseNumber text `json:"housenumber"`
			Street      text `json:"street"`
			Postcode    text `json:"postcode"`
			Locality    text `json:"locality"`
			City        text `json:"city"`
			County      text `json:"county"`
			State       text `json:"state"`
			Country     text `json:"country"`
			CountryCode text `json:"countrycode"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return geo.Place{}, err
	}
	a := &f.Properties
	p := geo.Place{
		Point: lonLatPoint(f.Geometry.Coordinates), Confidence: unsaid,
		Number: string(a.HouseNumber), Road: string(a.Street), City: string(a.City), County: string(a.County), State: string(a.State),
		Postcode: string(a.Postcode), Country: string(a.Country), CountryCode: strings.ToUpper(string(a.CountryCode)),
		ID: words("/", string(a.OSMType), string(a.OSMID)), Kind: words("/", string(a.OSMKey), string(a.OSMValue)),
	}
	name := photonKind(&p, string(a.Type), string(a.OSMValue), string(a.Name))
	p.Formatted = words(", ", name, words(" ", p.Road, p.Number), words(" ", p.Postcode, p.City), p.State, p.Country)
	return p, nil
}

// photonKind puts in what follows from the kind of a place, whose name may be that of a part of the
// address; it returns the name if it is not.
func photonKind(p *geo.Place, kind, value, name string) string {
	p.Precision = precisionOfWord(kind)
	switch {
	case value == "postcode" || value == "postal_code":
		p.Precision = geo.PrecisionPostcode
		p.Postcode = first(text(p.Postcode), text(name))
	case p.Precision == geo.PrecisionStreet && p.Road == "":
		p.Road = name
	case p.Precision == geo.PrecisionCity && p.City == "":
		p.City = name
	case p.Precision == geo.PrecisionRegion:
		switch kind {
		case "county", "district":
			p.County = first(text(p.County), text(name))
		case "state":
			p.State = first(text(p.State), text(name))
		case "country":
			p.Country = first(text(p.Country), text(name))
		}
	case p.Precision == geo.PrecisionNone:
		p.Precision = geo.PrecisionStreet // "other": a place of its own, not known to be a house
		if p.Number != "" {
			p.Precision = geo.PrecisionRooftop
		}
		return name
	default:
		return name
	}
	return ""
}
