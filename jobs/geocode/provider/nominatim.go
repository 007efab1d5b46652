package provider

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// nominatim is OpenStreetMap's geocoder (nominatim.org/release-docs/latest/api).
var nominatim = &form{
	ask:  func(_ *Provider, r *request, q *geo.Query) error { return askNominatim(r, q, "/search", "jsonv2") },
	read: readNominatim,
	judge: func(status int, _ []byte, common *web.Trouble) error {
		if status == http.StatusForbidden || status == 509 {
			// Its operators have had enough of this user: to ask again makes it worse.
			return abort(classAuth, common.Text+"; the server has blocked this user, see the policy of its operator")
		}
		return common
	},
}

// locationIQ is Nominatim with keys (docs.locationiq.com): structured questions have a path of
// their own, and nothing found is a 404.
var locationIQ = &form{
	ask: func(_ *Provider, r *request, q *geo.Query) error {
		path := "/search"
		if structured(q) && !q.Reverse {
			path = "/search/structured"
		}
		if err := askNominatim(r, q, path, "json"); err != nil {
			return err
		}
		r.set("normalizeaddress", "1") // the city is then always called so
		if !q.Reverse {
			r.set("matchquality", "1")
		}
		return nil
	},
	read: readNominatim,
	judge: func(status int, body []byte, common *web.Trouble) error {
		switch {
		case status == http.StatusNotFound && strings.Contains(strings.ToLower(said(body)), "unable to geocode"):
			return nil
		case status == http.StatusTooManyRequests && strings.Contains(said(body), "Day"):
			return abort(classQuota, common.Text) // Rate Limited Day
		case status == http.StatusTooManyRequests && strings.Contains(said(body), "Minute") && common.RetryAfter == 0:
			return throttle(time.Minute, common.Text)
		}
		return common
	},
	putKey: func(r *request, key string) { r.set("key", key) },
}

func askNominatim(r *request, q *geo.Query, path, format string) error {
	r.set("format", format)
	r.set("addressdetails", "1")
	r.set("accept-language", q.Language)
	if q.Reverse {
		r.path = "/reverse"
		r.setDegrees("lat", q.Point.Lat)
		r.setDegrees("lon", q.Point.Lon)
		switch q.Level {
		case geo.LevelCity:
			r.set("zoom", "12") // towns and villages
		default:
			r.set("zoom", "18") // buildings
		}
		return nil
	}
	r.path = path
	switch {
	case q.Level == geo.LevelPostcode && q.Postcode != "":
		r.set("postalcode", q.Postcode)
		r.set("country", country(q))
	case structured(q):
		askNominatimParts(r, q)
	default:
		r.set("q", oneLine(q))
		if q.Level == geo.LevelCity {
			r.set("featureType", "settlement")
		}
	}
	r.setInt("limit", limitOf(q, 40))
	r.set("countrycodes", lowerCodes(q))
	switch {
	case q.Box != nil:
		r.set("viewbox", westSouthEastNorth(q.Box))
		r.set("bounded", "1")
	case q.Near != nil:
		r.set("viewbox", westSouthEastNorth(around(*q.Near)))
	}
	return nil
}

func askNominatimParts(r *request, q *geo.Query) {
	if q.Level == geo.LevelAddress {
		r.set("street", words(" ", q.Number, q.Street)) // so its documentation has it, for all countries
	}
	r.set("city", q.City)
	r.set("county", q.County)
	r.set("state", q.State)
	r.set("country", country(q))
	r.set("postalcode", q.Postcode)
}

// osmAddress are the parts of an address as OpenStreetMap calls them.
type osmAddress struct {
	HouseNumber   text `json:"house_number"`
	Road          text `json:"road"`
	Pedestrian    text `json:"pedestrian"`
	Footway       text `json:"footway"`
	Square        text `json:"square"`
	Place         text `json:"place"`
	City          text `json:"city"`
	Town          text `json:"town"`
	Village       text `json:"village"`
	Municipality  text `json:"municipality"`
	Hamlet        text `json:"hamlet"`
	Locality      text `json:"locality"`
	County        text `json:"county"`
	StateDistrict text `json:"state_district"`
	State         text `json:"state"`
	Region        text `json:"region"`
	Province      text `json:"province"`
	Postcode      text `json:"postcode"`
	Country       text `json:"country"`
	CountryCode   text `json:"country_code"`
}

func (a *osmAddress) into(p *geo.Place) {
	p.Number = string(a.HouseNumber)
	p.Road = first(a.Road, a.Pedestrian, a.Footway, a.Square, a.Place)
	p.City = first(a.City, a.Town, a.Village, a.Municipality, a.Hamlet, a.Locality)
	p.County = first(a.County, a.StateDistrict)
	p.State = first(a.State, a.Province, a.Region)
	p.Postcode, p.Country, p.CountryCode = string(a.Postcode), string(a.Country), strings.ToUpper(string(a.CountryCode))
}

// readNominatim reads the list of a search, or the one place of a reverse.
func readNominatim(body []byte, q *geo.Query) ([]geo.Place, error) {
	var all []json.RawMessage
	if q.Reverse {
		var e struct {
			Error json.RawMessage `json:"error"`
		}
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, err
		}
		if e.Error != nil {
			if strings.Contains(strings.ToLower(textOf(e.Error)), "unable to geocode") {
				return nil, nil // the sea
			}
			return nil, errors.New("it says " + clip(textOf(e.Error)))
		}
		all = []json.RawMessage{body}
	} else if err := json.Unmarshal(body, &all); err != nil {
		return nil, err
	}
	return each(all, nominatimPlace)
}

func nominatimPlace(raw json.RawMessage) (geo.Place, error) {
	var a struct {
		Lat         *number    `json:"lat"`
		Lon         *number    `json:"lon"`
		Category    text       `json:"category"`
		Class       text       `json:"class"` // LocationIQ, and format json
		Type        text       `json:"type"`
		AddressType text       `json:"addresstype"`
		PlaceRank   *number    `json:"place_rank"`
		OSMType     text       `json:"osm_type"`
		OSMID       text       `json:"osm_id"`
		DisplayName text       `json:"display_name"`
		Address     osmAddress `json:"address"`
		Matched     *struct {
			Type text `json:"matchtype"`
		} `json:"matchquality"`
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return geo.Place{}, err
	}
	p := geo.Place{
		Point: point(a.Lat, a.Lon), Formatted: string(a.DisplayName), Confidence: unsaid,
		ID: words("/", string(a.OSMType), string(a.OSMID)), Kind: words("/", first(a.Category, a.Class), string(a.Type)),
	}
	a.Address.into(&p)
	p.Precision = nominatimPrecision(a.PlaceRank, first(a.AddressType, a.Type), p.Number != "")
	if a.Matched != nil && a.Matched.Type == "fallback" {
		p.Match = geo.MatchFallback
	}
	return p, nil
}

// nominatimPrecision goes by place_rank (nominatim.org, "Place Ranking"): up to 12 what is larger
// than a town, up to 25 towns and their parts, 26 and 27 streets, from 28 on what stands at one.
func nominatimPrecision(rank *number, kind string, hasNumber bool) geo.Precision {
	// Berlin is a city and has the rank of a state; a house is called a place.
	if word := precisionOfWord(kind); word == geo.PrecisionPostcode || word == geo.PrecisionCity && kind != "place" && !hasNumber {
		return word
	}
	if rank == nil {
		switch p := precisionOfWord(kind); {
		case hasNumber:
			return geo.PrecisionRooftop
		case p != geo.PrecisionNone:
			return p
		case kind == "administrative":
			return geo.PrecisionCity
		}
		return geo.PrecisionStreet
	}
	switch r := *rank; {
	case r < 13:
		return geo.PrecisionRegion
	case r < 26:
		return geo.PrecisionCity
	case r < 28:
		return geo.PrecisionStreet
	}
	return geo.PrecisionRooftop
}
