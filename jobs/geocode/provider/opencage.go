package provider

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// openCage is opencagedata.com/api.
var openCage = &form{
	ask:  askOpenCage,
	read: readOpenCage,
	judge: func(status int, _ []byte, common *web.Trouble) error {
		switch status {
		case http.StatusPaymentRequired:
			return abort(classQuota, common.Text)
		case http.StatusGone, http.StatusRequestURITooLong:
			return failed(common.Text) // the question is too long
		}
		return common
	},
	putKey: func(r *request, key string) { r.set("key", key) },
}

func askOpenCage(_ *Provider, r *request, q *geo.Query) error {
	r.path = "/json"
	r.set("no_annotations", "1")
	// It keeps no copy of what it was asked: the rows are other people's addresses.
	r.set("no_record", "1")
	r.set("language", q.Language)
	if q.Reverse {
		r.set("q", latLon(q.Point))
		r.set("limit", "1")
		return nil
	}
	r.set("q", oneLine(q))
	r.setInt("limit", limitOf(q, 100))
	r.set("countrycode", lowerCodes(q))
	if q.Box != nil {
		r.set("bounds", westSouthEastNorth(q.Box))
	}
	if q.Near != nil {
		r.set("proximity", latLon(*q.Near))
	}
	return nil
}

func readOpenCage(body []byte, _ *geo.Query) ([]geo.Place, error) {
	var a struct {
		Results *[]json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if a.Results == nil {
		return nil, errors.New("it has no results")
	}
	return each(*a.Results, openCagePlace)
}

func openCagePlace(raw json.RawMessage) (geo.Place, error) {
	var f struct {
		Geometry struct {
			Lat *number `json:"lat"`
			Lng *number `json:"lng"`
		} `json:"geometry"`
		Formatted  text    `json:"formatted"`
		Confidence *number `json:"confidence"`
		Components struct {
			osmAddress
			Type       text `json:"_type"`
			Category   text `json:"_category"`
			Normalized text `json:"_normalized_city"`
			Code       text `json:"ISO_3166-1_alpha-2"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return geo.Place{}, err
	}
	c := &f.Components
	p := geo.Place{Point: point(f.Geometry.Lat, f.Geometry.Lng), Formatted: string(f.Formatted), Kind: words("/", string(c.Category), string(c.Type))}
	c.into(&p)
	if c.Normalized != "" {
		p.City = string(c.Normalized)
	}
	if c.Code != "" {
		p.CountryCode = strings.ToUpper(string(c.Code))
	}
	// From 1 to 10, by the size of the box around it; 0 says that nobody knows.
	if p.Confidence = share(f.Confidence, 10); p.Confidence == 0 {
		p.Confidence = unsaid
	}
	p.Precision = precisionOfWord(string(c.Type))
	switch {
	case p.Number != "":
		p.Precision = geo.PrecisionRooftop
	case p.Precision == geo.PrecisionRooftop && p.Road != "":
		p.Precision = geo.PrecisionStreet // a building that has no number
	case p.Precision == geo.PrecisionNone && p.Road != "":
		p.Precision = geo.PrecisionStreet // what stands at a street
	case p.Precision == geo.PrecisionNone && p.City != "":
		p.Precision = geo.PrecisionCity
	case p.Precision == geo.PrecisionNone:
		p.Precision = geo.PrecisionRegion
	}
	return p, nil
}
