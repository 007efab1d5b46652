package places

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/places/house"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
)

// fewPlaces is how many answers are given where nobody says how many.
const fewPlaces = 5

// Find returns the houses, or streets, that answer a question. See geo.Finder.
func (x *Index) Find(ctx context.Context, q *geo.Query) ([]geo.Place, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = fewPlaces
	}
	if q.Reverse {
		return x.nearest(q, limit)
	}
	if q.Level != geo.LevelAddress {
		return nil, nil // towns and postcodes are a gazetteer's
	}
	s := searches.Get().(*search)
	defer s.release()
	s.x, s.q = x, q
	if q.Street != "" {
		a := asked{street: q.Street, city: q.City, district: q.District, state: q.State, postcode: q.Postcode, country: q.CountryCode}
		var err error
		a.number, err = house.Parse(q.Number)
		a.unread = err != nil
		s.structured(&a)
	}
	const sure = 0.6
	if s.err == nil && s.best() < sure && (q.Line != "" || q.Street != "" && len(s.found) == 0) && q.POBox == "" {
		s.line(lineOf(q))
	}
	if s.err != nil {
		return nil, s.err
	}
	return s.places(limit), nil
}

// lineOf is the address on one line.
func lineOf(q *geo.Query) string {
	if q.Line != "" {
		return q.Line
	}
	return strings.Join([]string{q.Number + " " + q.Street, q.Postcode + " " + q.City}, ", ")
}

// asked is an address in parts that is looked for.
type asked struct {
	number                                           house.Number
	unread                                           bool // there is a number that is none
	street, city, district, state, postcode, country string
}

// searches are used again, for the room they have.
var searches = sync.Pool{New: func() any { return new(search) }}

// release gives the room back, and lets go of what was asked and where.
func (s *search) release() {
	clear(s.found)
	clear(s.row.houses) // their suffixes are in the file
	*s = search{found: s.found[:0], row: row{houses: s.row.houses[:0]}, areas: s.areas[:0], ids: s.ids[:0], near: s.near[:0]}
	searches.Put(s)
}

// search is one question while it is answered.
type search struct {
	x     *Index
	q     *geo.Query
	found []candidate
	err   error

	row    row
	areas  []areaHit
	all    bool // neither town nor postcode is known: areas is empty, and all are meant
	asked  *asked
	strict bool // only what is written right
	ids    []uint32
	near   []int
	region struct { // the last one that was compared
		state string
		id    uint64
		fits  float64
	}
}

// candidate is what may be the answer.
type candidate struct {
	found
	confidence float64
	row        int
	area       uint32
	street     uint32
}

func (s *search) best() float64 {
	best := 0.0
	for i := range s.found {
		best = max(best, s.found[i].confidence)
	}
	return best
}

const (
	// likely is how sure the best answer must be for nothing less likely to be tried.
	likely = 0.5
	// leastSimilar is how like a street's name must be, in a town or postcode that fits; and
	// anywhere.
	leastSimilar         = 0.7
	leastSimilarAnywhere = 0.85
)

// structured looks for an address in parts, in steps of which the next one is taken if there was
// nothing yet: the street as it is written; with slips; with its words joined or apart. Where
// neither town nor postcode are known here, it may be the only one of its name.
func (s *search) structured(a *asked) {
	s.asked = a
	s.findAreas(a)
	keys := s.streetKeys(a)
	before := len(s.found)
	for _, k := range keys {
		s.exactly(k, 1)
	}
	if len(s.found) > before || s.err != nil || s.strict {
		return
	}
	if !s.all && len(s.areas) == 0 {
		s.unique(keys)
		return
	}
	least := leastSimilar
	if s.all {
		least = leastSimilarAnywhere
	}
	for _, k := range keys {
		s.similar(k, least)
	}
	if len(s.found) > before || s.err != nil {
		return
	}
	for _, k := range keys {
		for _, other := range s.regrouped(k) {
			s.exactly(other, 0.95)
			if len(s.found) == before {
				s.similar(other, max(least, 0.8))
			}
		}
	}
}

// streetForm is a street folded as in a country.
type streetForm struct{ text, country string }

// streetKeys are the forms that a street may be looked up as.
func (s *search) streetKeys(a *asked) []streetForm {
	var keys []streetForm
	for i, form := range fold.Variants(a.street) {
		if i == 0 {
			form = a.street // Street knows more of it with its signs
		}
		for _, c := range s.countries(a.country) {
			k := streetKey(form, c)
			if k != "" && !slices.ContainsFunc(keys, func(has streetForm) bool { return has.text == k }) {
				keys = append(keys, streetForm{k, c})
			}
		}
	}
	return keys
}

// mostCountries bounds by how many countries' habits a street is folded where nobody says which.
const mostCountries = 12

// countries are those whose habits a street may be folded by: of the areas, if there are some.
func (s *search) countries(asked string) []string {
	_, some := s.x.about.Countries[""]
	if asked != "" {
		if some {
			return []string{asked, ""}
		}
		return []string{asked}
	}
	var all []string
	for _, h := range s.areas {
		c := s.x.country(h.area)
		if !slices.ContainsFunc(all, func(has string) bool { return has == string(c) }) && len(all) < mostCountries {
			all = append(all, string(c))
		}
	}
	if all != nil {
		return all
	}
	for c := range s.x.about.Countries {
		if len(s.q.Countries) == 0 || c == "" || slices.Contains(s.q.Countries, c) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.x.about.Countries[b], s.x.about.Countries[a]), strings.Compare(a, b))
	})
	return all[:min(len(all), mostCountries)]
}

// exactly takes the streets of a name.
func (s *search) exactly(key streetForm, similarity float64) {
	if name, ok := s.x.names.find(key.text); ok {
		s.take(name, similarity)
	}
}

// How many streets of one name are looked at.
const mostRows = 4000

// take looks for the house in all streets of a name that are in an area that fits.
func (s *search) take(name int, similarity float64) {
	first, end := s.x.rowsOf(name)
	if s.all {
		for r := first; r < min(end, first+mostRows); r++ {
			at := s.x.rowArea.at(r)
			if fits := s.fit(at, 1); fits > 0 {
				s.try(r, at, fits*similarity)
			}
		}
		return
	}
	if len(s.areas) > end-first { // few streets in many areas
		for r := first; r < end; r++ {
			at := s.x.rowArea.at(r)
			if i := s.fitting(at); i >= 0 {
				if fits := s.fit(at, s.areas[i].fits); fits > 0 {
					s.try(r, at, fits*similarity)
				}
			}
		}
		return
	}
	for _, h := range s.areas {
		for r := s.firstRow(first, end, h.area); r < end && s.x.rowArea.at(r) == h.area; r++ {
			if fits := s.fit(h.area, h.fits); fits > 0 {
				s.try(r, h.area, fits*similarity)
			}
		}
	}
}

// has reports whether there is a street of a name in an area that fits.
func (s *search) has(name int) bool {
	first, end := s.x.rowsOf(name)
	if s.all {
		return first < end
	}
	if len(s.areas) > end-first {
		for r := first; r < end; r++ {
			if s.fitting(s.x.rowArea.at(r)) >= 0 {
				return true
			}
		}
		return false
	}
	for _, h := range s.areas {
		if r := s.firstRow(first, end, h.area); r < end && s.x.rowArea.at(r) == h.area {
			return true
		}
	}
	return false
}

// fitting is where an area stands among those that fit, or -1.
func (s *search) fitting(area uint32) int {
	if i, ok := slices.BinarySearchFunc(s.areas, area, func(h areaHit, at uint32) int { return cmp.Compare(h.area, at) }); ok {
		return i
	}
	return -1
}

// firstRow is the first row of an area among those of a name, which are in the order of their
// areas.
func (s *search) firstRow(first, end int, area uint32) int {
	for first < end {
		if mid := int(uint(first+end) / 2); s.x.rowArea.at(mid) < area { //nolint:gosec // both are rows
			first = mid + 1
		} else {
			end = mid
		}
	}
	return first
}

// try looks for the house in one row.
func (s *search) try(r int, area uint32, fits float64) {
	if s.err != nil {
		return
	}
	if s.err = readRow(s.x.rows.get(r), &s.row); s.err != nil {
		return
	}
	for _, f := range s.row.locate(s.asked.number) {
		if s.asked.unread {
			f.match, f.factor = geo.MatchFallback, sureStreet
		}
		if s.q.Box != nil && !s.q.Box.Has(f.Point) {
			continue
		}
		s.found = append(s.found, candidate{f, fits * f.factor, r, area, s.row.street})
	}
}

// unique takes a street that is the only one of its name, where neither town nor postcode are
// known: they may be written in another way here. What was found then differs from what was
// asked, and who compares them sees it. In a town that is known a street that is not there is none.
func (s *search) unique(keys []streetForm) {
	const doubt = 0.3
	for _, k := range keys {
		name, ok := s.x.names.find(k.text)
		if !ok {
			continue
		}
		first, end := s.x.rowsOf(name)
		if end-first > fewPlaces {
			continue
		}
		var town area
		for r := first; r < end; r++ {
			at := s.x.rowArea.at(r)
			a := s.x.area(at)
			a.district, a.postcode = "", ""
			if r > first && a != town || s.fit(at, 1) == 0 {
				return
			}
			town = a
		}
		before := len(s.found)
		for r := first; r < end; r++ {
			s.try(r, s.x.rowArea.at(r), doubt)
		}
		s.found = slices.DeleteFunc(s.found, func(c candidate) bool { return c.match == geo.MatchFallback })
		if len(s.found) > before {
			return
		}
	}
}
