package gazetteer

import (
	"brood/jobs/geocode/geo"
	"context"
	"sync"
)

// fewAnswers is how many are returned if the question does not say.
const fewAnswers = 5

// Find returns the places that answer q, the best first, and behind it those that it was chosen
// from. An error says that the index is damaged.
//
// A town is looked for by its name in any language, then one slip of the finger off, then with
// less of its name. Region, country, postal code, and how near it is to q.Near decide between
// places of one name, then their people. A postal code that is known is the answer, if the town
// that was asked for is there or near; if not, both are returned, with little confidence.
func (x *Index) Find(ctx context.Context, q *geo.Query) (found []geo.Place, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer guard(&err)
	if q.Reverse {
		return x.reverse(q), nil
	}
	if q.Line != "" && q.City == "" && q.Postcode == "" {
		return x.findLine(q), nil
	}
	return x.findParts(q, &q.Address), nil
}

// desks are what questions are worked on: they are a few kilobytes each, and asked often.
var desks = sync.Pool{New: func() any { return new(desk) }}

type desk struct {
	ask
	finding
}

func (x *Index) findParts(q *geo.Query, parts *geo.Address) []geo.Place {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	a, f := &d.ask, &d.finding
	x.read(a, q, parts)
	if a.countryAsText && len(q.Countries) == 0 && a.empty() {
		return nil
	}
	f.Index, f.ask = x, a
	f.towns(x.codes(a))
	f.sort()
	found := f.answers()
	if len(found) == 0 {
		found = x.coarser(a)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = fewAnswers
	}
	return found[:min(len(found), limit)]
}

// codes are the rows of the postal code that was asked for.
func (x *Index) codes(a *ask) []codeRow {
	if a.code == "" {
		return nil
	}
	rows := a.codeRowsRoom[:0]
	for _, country := range x.codeCountries(a) {
		plain := a.code
		if country == "US" {
			five, padded := zipOf(plain)
			if five == "" {
				continue
			}
			before := len(rows)
			rows = x.coded(rows, country, five)
			if padded {
				rows = x.agreeing(rows, before, a)
			}
			continue
		}
		rows = x.coded(rows, country, plain)
	}
	kept := rows[:0]
	for _, c := range rows {
		if a.inBounds(c.point()) {
			kept = append(kept, c)
		}
	}
	return kept
}

// agreeing keeps, of the rows from one on, which are of a code that was given zeros, those in the state
// that was asked for.
func (x *Index) agreeing(rows []codeRow, from int, a *ask) []codeRow {
	kept := rows[:from]
	for _, c := range rows[from:] {
		if a.state != "" && x.stateAgrees(c, a) {
			kept = append(kept, c)
		}
	}
	return kept
}

// codeCountries are those whose postal codes the one asked for may be.
func (x *Index) codeCountries(a *ask) []string {
	if a.country >= 0 {
		code := x.countryCode(a.country)
		if !within(a.q.Countries, code) {
			return nil
		}
		return []string{code}
	}
	if len(a.q.Countries) > 0 {
		return a.q.Countries
	}
	countries := []string{"US"}
	for _, s := range x.side {
		countries = append(countries, s.countriesOfCodes()...)
	}
	return countries
}

// coarser is the answer to what has no town and no postal code that is known: the region or the
// country, never as what was asked for unless nothing finer was.
func (x *Index) coarser(a *ask) []geo.Place {
	asked := a.folded != "" || a.code != "" || a.street || a.district != ""
	if a.q.Level != geo.LevelAddress && asked {
		return nil
	}
	var found []geo.Place
	for _, r := range a.regions {
		row := x.region(r)
		country := u16(row)
		at := pointAt(row[12:])
		if u32(row, 5) == 0 || !a.allowed(country, x.countryCode(country)) || !a.inBounds(at) {
			continue
		}
		p := geo.Place{Point: at, State: x.text(u32(row, 1)), Country: x.text(u32(x.country(country), 3)), CountryCode: x.countryCode(country)}
		found = append(found, p)
	}
	if len(found) == 0 && !asked && a.state == "" && a.county == "" && a.country >= 0 {
		row := x.country(a.country)
		if at := pointAt(row[4:]); a.allowed(a.country, x.countryCode(a.country)) && a.inBounds(at) {
			found = append(found, geo.Place{Point: at, Country: x.text(u32(row, 3)), CountryCode: x.countryCode(a.country), Kind: KindCountry})
		}
	}
	for i := range found {
		p := &found[i]
		p.Precision, p.Match, p.Confidence = geo.PrecisionRegion, geo.MatchExact, 0.9/float64(len(found))
		if p.Kind == "" {
			p.Kind = KindRegion
		}
		if asked {
			p.Match, p.Confidence = geo.MatchFallback, 0.3/float64(len(found))
		}
		p.Formatted = p.Country
		if p.State != "" {
			p.Formatted = p.State + ", " + p.Country
		}
	}
	return found
}
