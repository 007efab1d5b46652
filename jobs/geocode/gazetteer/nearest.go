package gazetteer

import (
	"brood/jobs/geocode/geo"
	"math"
)

// nearest returns the place nearest to a point, of those in a country (nowhere: of all) and
// within a distance; ok is false if there is none.
func (m *image) nearest(p geo.Point, country int, metres float64) (found uint32, ok bool) {
	s := search{image: m, at: onSphere(p.Lat, p.Lon), best: 5, country: country}
	if metres > 0 {
		s.best = chord(metres)
	}
	s.look(m.sec[secKD], 0)
	return s.found, s.ok
}

// search is one walk through the tree.
type search struct {
	*image
	at      [3]float32
	best    float32 // the square of the chord to the nearest so far
	country int
	found   uint32
	ok      bool
}

// look goes through the part of the tree that lies in nodes: into the side that the point is on
// first, and into the other one only if something nearer could be there.
func (s *search) look(nodes []byte, axis int) {
	for len(nodes) > fewNodes*kdBytes {
		middle := len(nodes) / kdBytes / 2 * kdBytes
		n := nodes[middle:][:kdBytes]
		x, y, z := f32(n)-s.at[0], f32(n[4:])-s.at[1], f32(n[8:])-s.at[2]
		if d := x*x + y*y + z*z; d < s.best && s.wanted(u32(n, 3)) {
			s.best, s.found, s.ok = d, u32(n, 3), true
		}
		off := [3]float32{x, y, z}[axis]
		axis++
		if axis == 3 {
			axis = 0
		}
		near, far := nodes[:middle], nodes[middle+kdBytes:]
		if off < 0 { // the node is less: the point is beyond it
			near, far = far, near
		}
		s.look(near, axis)
		if off*off >= s.best {
			return
		}
		nodes = far
	}
	for ; len(nodes) >= kdBytes; nodes = nodes[kdBytes:] {
		x, y, z := f32(nodes)-s.at[0], f32(nodes[4:])-s.at[1], f32(nodes[8:])-s.at[2]
		if d := x*x + y*y + z*z; d < s.best && s.wanted(u32(nodes, 3)) {
			s.best, s.found, s.ok = d, u32(nodes, 3), true
		}
	}
}

// fewNodes are looked at one after the other: that is quicker than to go down to each.
const fewNodes = 7

func (s *search) wanted(i uint32) bool {
	if s.country == nowhere {
		return true
	}
	country, _, _ := s.area(s.place(i).area())
	return country == s.country
}

func f32(b []byte) float32 { return math.Float32frombits(u32(b, 0)) }

// seaMetres is how far from the nearest place a point may be that no country's outline has around
// it: an island or a harbour that the outlines leave out. Beyond, it is at sea.
const seaMetres = 10000

// The kinds of a place that is no town.
const (
	// KindSea is that of the answer to a point in no country: it has no match, and only the
	// distance to the nearest place.
	KindSea = "sea"
	// KindCountry is that of a point in a country, with no place near enough.
	KindCountry = "country"
	// KindRegion is that of a state or province.
	KindRegion = "region"
	// KindPostcode is that of a postal code.
	KindPostcode = "postcode"
)

// reverse says what is at a point.
func (x *Index) reverse(q *geo.Query) []geo.Place {
	if !q.Point.Valid() {
		return nil
	}
	country, coast := x.locate(q.Point)
	if country != nowhere && !within(q.Countries, x.countryCode(country)) {
		return nil
	}
	i, ok := x.nearestOf(q.Point, country, q.MaxMetres)
	if !ok {
		return x.withoutTown(q, country)
	}
	found := make([]geo.Place, 1)
	a := &found[0]
	x.fill(a, i)
	a.Metres = q.Point.Metres(a.Point)
	if country == nowhere && (a.Metres > seaMetres || !within(q.Countries, a.CountryCode)) {
		return x.withoutTown(q, country)
	}
	a.Match, a.Confidence = geo.MatchExact, 1/(1+a.Metres/50000)
	if a.Metres > 10000 {
		a.Match = geo.MatchFallback
	}
	if coast || country == nowhere {
		a.Confidence *= 0.9
	}
	return found
}

// nearestOf is nearest, where few points are nearer to a place of another country.
func (x *Index) nearestOf(p geo.Point, country int, metres float64) (uint32, bool) {
	i, ok := x.nearest(p, nowhere, metres)
	if !ok || country == nowhere {
		return i, ok
	}
	if c, _, _ := x.area(x.place(i).area()); c == country {
		return i, true
	}
	return x.nearest(p, country, metres)
}

// withoutTown is the answer where there is no place: the country, or the sea.
func (x *Index) withoutTown(q *geo.Query, country int) []geo.Place {
	a := geo.Place{Point: q.Point, Kind: KindSea}
	if country == nowhere {
		if i, ok := x.nearest(q.Point, nowhere, 0); ok {
			a.Metres = q.Point.Metres(x.place(i).point())
		}
		return []geo.Place{a}
	}
	a.Kind, a.Match, a.Precision, a.Confidence = KindCountry, geo.MatchFallback, geo.PrecisionRegion, 0.5
	a.Country, a.CountryCode = x.text(u32(x.country(country), 3)), x.countryCode(country)
	a.Formatted = a.Country
	return []geo.Place{a}
}
