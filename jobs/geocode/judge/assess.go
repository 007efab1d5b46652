package judge

import (
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"math/bits"
)

// set is a set of parts.
type set uint32

func (s set) has(p address.Part) bool { return s&(1<<p) != 0 }

func (s *set) add(p address.Part) { *s |= 1 << p }

// likeness is what a comparison gives.
type likeness uint8

const (
	same likeness = iota
	near          // the same, written otherwise than spelling explains
	lacking
	differing
)

// assessment is how one place answers a question.
type assessment struct {
	differs, lacks set // parts
	marked         uint32
	precision      geo.Precision // up to the one that is wanted
	reverse        bool
}

func (a *assessment) mark(m Mark) { a.marked |= 1 << m }

func (a *assessment) has(m Mark) bool { return a.marked&(1<<m) != 0 }

func (a *assessment) marks() []Mark {
	var out []Mark
	for m := range markCount {
		if a.has(m) {
			out = append(out, m)
		}
	}
	return out
}

// parts are those that differ or are lacking, in the order of their constants.
func (a *assessment) parts() []address.Part {
	var out []address.Part
	for both := a.differs | a.lacks; both != 0; both &= both - 1 {
		out = append(out, address.Part(bits.TrailingZeros32(uint32(both)))) //nolint:gosec // below 32
	}
	return out
}

func (a *assessment) note(p address.Part, l likeness) {
	switch l {
	case same:
	case near:
		if p == address.Number {
			a.mark(NearNumber)
		} else {
			a.mark(Spelling)
		}
	case lacking:
		a.lacks.add(p)
	case differing:
		a.differs.add(p)
	}
}

// penalty weighs what differs: what contradicts is worse than what is missing, so that the
// right town is better than the right street in a wrong one. Another country is worst.
func (a *assessment) penalty() int {
	n := 6*bits.OnesCount32(uint32(a.differs)) + 2*bits.OnesCount32(uint32(a.lacks))
	if a.differs.has(address.Country) {
		n += 24
	}
	for m := range Ambiguous {
		switch {
		case !a.has(m):
		case m.Decides():
			n += 12
		default:
			n++
		}
	}
	return n
}

// better reports whether a place is a better answer than one before it.
func (a *assessment) better(b *assessment) bool {
	if p, q := a.penalty(), b.penalty(); p != q {
		return p < q
	}
	return a.precision > b.precision
}

// asked is a question made ready to be compared with several places.
type asked struct {
	*geo.Query
	country string
	city    cityName
}

func newAsked(q *geo.Query) *asked {
	return &asked{Query: q, country: q.CountryCode}
}

// town is the town that was asked for, made ready when it is wanted first: mostly it is written
// alike.
func (q *asked) town() *cityName {
	if q.city.forms == nil {
		q.city = newCity(q.City)
	}
	return &q.city
}

// assess compares a place with the question, part by part.
func (q *asked) assess(p *geo.Place) assessment {
	a := assessment{reverse: q.Reverse}
	if q.Reverse {
		if q.MaxMetres > 0 && p.Metres > q.MaxMetres {
			a.mark(TooFar)
		}
		return a
	}
	a.note(address.Country, q.compareCountry(p))
	a.note(address.State, q.compareState(p))
	code := q.comparePostcode(p)
	a.note(address.Postcode, code)
	a.note(address.City, q.compareCity(p, code == same && q.Postcode != "" && p.Postcode != ""))
	if q.Level != geo.LevelAddress {
		return a
	}
	if q.Street != "" {
		a.note(address.Street, q.compareStreet(p))
	}
	if q.Number != "" {
		a.note(address.Number, q.compareNumber(p))
	}
	switch {
	case q.Line == "" || q.Street != "" || q.City != "":
	case q.Number != "":
		q.compareWithin(p, &a)
	case q.Postcode == "":
		q.compareLine(p, &a)
	}
	return a
}

// bounds marks a place for where it lies.
func (a *assessment) bounds(q *geo.Query, p *geo.Place, policy *Policy) {
	const (
		islandMetres = 1000
		centreMetres = 250
	)
	if p.Point.Metres(geo.Point{}) < islandMetres {
		a.mark(NullIsland)
	}
	for _, countries := range [...][]string{policy.Countries, q.Countries} {
		if len(countries) > 0 && p.CountryCode != "" && !anyCountry(countries, p.CountryCode) {
			a.mark(OutsideCountry)
		}
	}
	for _, box := range [...]*geo.Box{policy.Box, q.Box} {
		if box != nil && !box.Has(p.Point) {
			a.mark(OutsideBox)
		}
	}
	if policy.Centres == nil || p.CountryCode == "" || q.Reverse || Wanted(q) <= geo.PrecisionRegion {
		return
	}
	if c, ok := policy.Centres.Centre(p.CountryCode); ok && c.Metres(p.Point) < centreMetres {
		a.mark(CountryCentre)
	}
}

// anyCountry reports whether a code is one of some countries, or a territory of one.
func anyCountry(countries []string, code string) bool {
	for _, c := range countries {
		if sameCountry(c, code) {
			return true
		}
	}
	return false
}
