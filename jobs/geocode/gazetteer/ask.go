package gazetteer

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"strings"
)

// ask is a question, made ready to be looked up.
type ask struct {
	q             *geo.Query
	city          string // as it stood there
	folded        string
	district      string
	county        string // folded
	state         string
	foldedState   string // by stateKey
	regions       []int  // that the state may be
	country       int    // number of it; -1: not known
	code          string
	street        bool // a street, house or box was asked for as well, which nobody here knows
	regionRoom    [8]int
	codeRowsRoom  [4]codeRow
	countryAsText bool // a country was named that nobody knows
}

// read makes a question ready. What is on one line only is taken apart.
func (x *Index) read(a *ask, q *geo.Query, parts *geo.Address) {
	*a = ask{q: q, country: -1}
	a.city, a.district, a.state = strings.TrimSpace(parts.City), strings.TrimSpace(parts.District), strings.TrimSpace(parts.State)
	a.county = fold.String(parts.County)
	a.street = parts.Street != "" || parts.Number != "" || parts.POBox != ""
	switch {
	case parts.CountryCode != "":
		a.country = x.countryNamed(parts.CountryCode)
	case parts.Country != "":
		a.country = x.countryNamed(parts.Country)
	case len(q.Countries) == 1:
		a.country = x.countryNumber(q.Countries[0])
	}
	a.countryAsText = a.country < 0 && (parts.CountryCode != "" || parts.Country != "")
	if a.state != "" {
		a.regions = x.regionsNamed(a.regionRoom[:0], a.state, a.country)
		if len(a.regions) == 0 && len(a.state) > 6 { // "State of New York", "Freistaat Bayern"
			for _, before := range []string{"state of ", "provincia de ", "provincia di ", "province of ", "freistaat ", "land ", "estado de ", "region ", "wojewodztwo "} {
				if rest, ok := strings.CutPrefix(a.stateKey(), before); ok {
					a.regions = x.regionsNamed(a.regionRoom[:0], rest, a.country)
				}
			}
		}
	}
	a.folded = fold.String(a.city)
	if parts.Postcode != "" {
		a.code = plainCode(parts.Postcode, x.codeOfNumber(a.country))
	}
}

// stateKey is the state, folded: it is not needed where the state is one that is known.
func (a *ask) stateKey() string {
	if a.foldedState == "" {
		a.foldedState = fold.String(a.state)
	}
	return a.foldedState
}

func (x *Index) codeOfNumber(country int) string {
	if country < 0 {
		return ""
	}
	return x.countryCode(country)
}

// empty reports whether there is nothing to look for but a country.
func (a *ask) empty() bool {
	return a.folded == "" && a.code == "" && a.state == "" && a.district == "" && a.county == ""
}

// allowed reports whether a country may be the answer's.
func (a *ask) allowed(number int, code string) bool {
	return (a.country < 0 || a.country == number) && within(a.q.Countries, code)
}

// inBounds reports whether a point is in the box that bounds the answers.
func (a *ask) inBounds(p geo.Point) bool { return a.q.Box == nil || a.q.Box.Has(p) }
