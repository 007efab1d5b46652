package places

import (
	"brood/jobs/geocode/geo"
	"cmp"
	"slices"
	"strings"
)

const (
	// worthTelling is how sure a further answer must be, beside the best one.
	worthTelling = 0.6
	// otherPlace is how far from the best one, in metres, another place stands.
	otherPlace = 200
)

// places are the best answers. Where several are as good as the best one and are elsewhere, none of
// them is sure.
func (s *search) places(limit int) []geo.Place {
	if len(s.found) == 0 {
		return nil
	}
	near := func(c *candidate) float64 {
		if s.q.Near == nil {
			return 0
		}
		return s.q.Near.Metres(c.Point)
	}
	slices.SortStableFunc(s.found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.confidence, a.confidence), cmp.Compare(near(&a), near(&b)), cmp.Compare(a.row, b.row))
	})
	best := &s.found[0]
	asGood := 1
	for i := range s.found[1:] {
		c := &s.found[1+i]
		if c.confidence < best.confidence {
			break
		}
		if c.row != best.row && c.Metres(best.Point) > otherPlace {
			asGood++
		}
	}
	var out []geo.Place
	for i := range s.found {
		c := &s.found[i]
		if len(out) == limit || c.confidence < worthTelling*best.confidence {
			break
		}
		p := s.place(c)
		if asGood > 1 && c.confidence == best.confidence {
			p.Confidence /= float64(asGood)
		}
		if !slices.ContainsFunc(out, func(o geo.Place) bool { return o.Point == p.Point && o.Formatted == p.Formatted }) {
			out = append(out, p)
		}
	}
	return out
}

func (s *search) place(c *candidate) geo.Place {
	p := s.x.place(c.found, c.area, c.street)
	p.Confidence = c.confidence
	return p
}

// place is what is told of a house.
func (x *Index) place(f found, at, street uint32) geo.Place {
	a := x.area(at)
	p := geo.Place{
		Point: f.Point, Number: f.number.String(), Road: x.text(uint64(street)), City: a.town, County: a.county, State: a.region,
		Postcode: a.postcode, CountryCode: a.country, Kind: "house", Match: f.match, Precision: f.precision,
	}
	if p.City == "" {
		p.City = a.district
	} else if a.district != "" && a.district != a.town {
		p.Names = []string{a.district}
	}
	if p.Number == "" {
		p.Kind = "street"
	}
	p.Formatted = formatted(&p)
	return p
}

// numberFirst are countries where the number stands before the street, and codeLast those where the
// postcode stands behind the town.
const (
	numberFirst = " US CA GB IE AU NZ ZA IN FR LU MC SG MY PH HK IL KE NG JM MT CY TH "
	codeLast    = " US CA GB IE AU NZ ZA IN SG MY PH HK MT BR "
)

// formatted is a place on one line, as it is written there.
func formatted(p *geo.Place) string {
	is := func(list string) bool { return p.CountryCode != "" && strings.Contains(list, " "+p.CountryCode+" ") }
	join := func(sep string, parts ...string) string {
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
	}
	street := join(" ", p.Road, p.Number)
	if is(numberFirst) {
		street = join(" ", p.Number, p.Road)
	}
	town := join(" ", p.Postcode, p.City)
	if is(codeLast) {
		town = join(", ", p.City, join(" ", p.State, p.Postcode))
	}
	return join(", ", street, town)
}
