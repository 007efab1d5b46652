package provider

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"strings"
)

// ban is the Base Adresse Nationale of France, as the Géoplateforme serves it
// (geoservices.ign.fr, "API Géoplateforme - Géocodage"). It answers whatever looks alike: "59 LOOS"
// is 59, Rue de Loos for it. So where no street is asked for, towns alone are.
var ban = &form{ask: askBAN, read: readBAN, batch: banBatch}

func askBAN(_ *Provider, r *request, q *geo.Query) error {
	if q.Reverse {
		r.path = "/reverse"
		r.setDegrees("lon", q.Point.Lon)
		r.setDegrees("lat", q.Point.Lat)
		if q.Level != geo.LevelAddress {
			r.set("type", "municipality")
		}
		r.set("limit", "1")
		return nil
	}
	r.path = "/search"
	line, municipality := banLine(q)
	if len([]rune(line)) < 3 {
		return errTooShort
	}
	r.set("q", line)
	if q.Line == "" || q.Level != geo.LevelAddress {
		r.set("postcode", q.Postcode)
	}
	if municipality {
		r.set("type", "municipality")
	}
	r.setInt("limit", limitOf(q, 20))
	switch {
	case q.Near != nil:
		r.setDegrees("lon", q.Near.Lon)
		r.setDegrees("lat", q.Near.Lat)
	case q.Box != nil:
		m := middle(q.Box)
		r.setDegrees("lon", m.Lon)
		r.setDegrees("lat", m.Lat)
	}
	return nil
}

// banLine is the text of a question, without the country, and whether a town is asked for.
func banLine(q *geo.Query) (line string, municipality bool) {
	switch {
	case q.Level == geo.LevelAddress && q.Line != "":
		return q.Line, false
	case q.Level == geo.LevelAddress && q.Street != "":
		return words(" ", q.Number, q.Street, q.Postcode, q.City), false
	case q.City != "":
		return q.City, true
	case q.Postcode != "":
		return q.Postcode, true
	}
	return q.Line, true
}

func readBAN(body []byte, _ *geo.Query) ([]geo.Place, error) {
	all, err := features(body)
	if err != nil {
		return nil, err
	}
	return each(all, func(raw json.RawMessage) (geo.Place, error) {
		var f struct {
			Geometry struct {
				Coordinates []number `json:"coordinates"`
			} `json:"geometry"`
			Properties struct {
				Label       text    `json:"label"`
				Score       *number `json:"score"`
				HouseNumber text    `json:"housenumber"`
				ID          text    `json:"id"`
				Name        text    `json:"name"`
				Street      text    `json:"street"`
				Postcode    text    `json:"postcode"`
				City        text    `json:"city"`
				Context     text    `json:"context"`
				Type        text    `json:"type"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(raw, &f); err != nil {
			return geo.Place{}, err
		}
		a := &f.Properties
		p := geo.Place{
			Point: lonLatPoint(f.Geometry.Coordinates), Formatted: string(a.Label), Number: string(a.HouseNumber), Road: string(a.Street), City: string(a.City),
			Postcode: string(a.Postcode), ID: string(a.ID), Kind: string(a.Type), Confidence: share(a.Score, 1),
		}
		banKind(string(a.Name), string(a.Context), &p)
		return p, nil
	})
}

// banKind puts in what follows from the kind of a place, and from its context: number of the
// département, its name, region.
func banKind(name, context string, p *geo.Place) {
	p.Country, p.CountryCode = "France", "FR"
	parts := strings.Split(context, ", ")
	if len(parts) > 1 {
		p.County = parts[1]
		p.State = parts[len(parts)-1]
	}
	switch p.Kind {
	case "housenumber":
		p.Precision = geo.PrecisionRooftop
	case "street", "locality": // a locality is a named place that has no streets
		p.Precision = geo.PrecisionStreet
		if p.Road == "" {
			p.Road = name
		}
	case "municipality":
		p.Precision = geo.PrecisionCity
	}
}
