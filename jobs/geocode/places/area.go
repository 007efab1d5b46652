package places

import (
	"brood/jobs/fold"
	"cmp"
	"slices"
	"strings"
)

// areaHit is an area that may be meant, and how well it fits, from 0 to 1.
type areaHit struct {
	area uint32
	fits float64
}

// How well an area fits of which not all is as it was asked for. They are this index's own
// measure: what is most likely right comes first.
const (
	fitsOtherTown   = 0.8  // the postcode is right, the town another one that is known
	fitsOtherCode   = 0.75 // the town is right, the postcode another one that is known
	fitsUnknown     = 0.9  // the one is right, the other is not known at all
	fitsSlip        = 0.95 // the town has a slip
	fitsPart        = 0.9  // the town is part of what was asked, or the other way round
	fitsBare        = 0.7  // nothing is known of where the houses are
	fitsOtherState  = 0.5
	fitsMaybeState  = 0.97 // a state written in another way, or another state
	mostOfTownNames = 40   // that begin with what was asked
)

// findAreas finds the areas in which an address may be.
func (s *search) findAreas(a *asked) {
	s.areas, s.all = s.areas[:0], false
	code := codeKey(a.postcode, a.country)
	city := a.city
	if city == "" {
		city = a.district
	}
	if code == "" && city == "" {
		s.all = true
		return
	}
	byCode := s.ofCode(code)
	byTown, slip := s.ofTown(city)
	if len(byTown) == 0 && a.district != "" && a.district != city {
		byTown, slip = s.ofTown(a.district)
	}
	onlyCode, onlyTown := 1.0, 1.0
	switch {
	case city == "":
	case len(byTown) == 0:
		onlyCode = fitsUnknown
	default:
		onlyCode = fitsOtherTown
	}
	switch {
	case code == "":
	case len(byCode) == 0:
		onlyTown = fitsUnknown
	default:
		onlyTown = fitsOtherCode
	}
	s.areas = slices.Grow(s.areas, len(byCode)+len(byTown)+len(s.x.bare))
	s.merge(byCode, byTown, onlyCode, onlyTown, slip)
	if len(s.x.bare) > 0 {
		for _, at := range s.x.bare {
			s.areas = append(s.areas, areaHit{at, fitsBare})
		}
		slices.SortFunc(s.areas, func(x, y areaHit) int { return cmp.Compare(x.area, y.area) })
	}
}

// merge puts the areas of a postcode and of a town together. Both go upwards.
func (s *search) merge(byCode, byTown []uint32, onlyCode, onlyTown, slip float64) {
	for len(byCode) > 0 || len(byTown) > 0 {
		switch {
		case len(byTown) == 0 || len(byCode) > 0 && byCode[0] < byTown[0]:
			s.areas = append(s.areas, areaHit{byCode[0], onlyCode})
			byCode = byCode[1:]
		case len(byCode) == 0 || byTown[0] < byCode[0]:
			s.areas = append(s.areas, areaHit{byTown[0], onlyTown * slip})
			byTown = byTown[1:]
		default:
			s.areas = append(s.areas, areaHit{byCode[0], 1})
			byCode, byTown = byCode[1:], byTown[1:]
		}
	}
}

// fit weighs what else is known of an area: 0 if it is in another country.
func (s *search) fit(at uint32, fits float64) float64 {
	in := reader{b: s.x.areas.get(int(at))}
	c := in.bytes(2)
	if len(c) == 2 && c[0] != 0 && (s.asked.country != "" && string(c) != s.asked.country ||
		len(s.q.Countries) > 0 && !slices.ContainsFunc(s.q.Countries, func(may string) bool { return may == string(c) })) {
		return 0
	}
	if s.asked.state == "" {
		return fits
	}
	region := in.uvarint()
	if s.region.state != s.asked.state || s.region.id != region {
		s.region.state, s.region.id, s.region.fits = s.asked.state, region, fitsState(s.x.text(region), s.asked.state)
	}
	return fits * s.region.fits
}

// fitsState is how well a state, or what else is the first division of a country, is the one that was
// asked for.
func fitsState(region, asked string) float64 {
	switch {
	case region == "" || strings.EqualFold(region, asked) || fold.String(region) == fold.String(asked):
		return 1
	case (len(region) <= 3) == (len(asked) <= 3): // both are codes, or both are names
		return fitsOtherState
	}
	return fitsMaybeState
}

// ofCode are the areas of a postcode.
func (s *search) ofCode(code string) []uint32 {
	if code == "" {
		return nil
	}
	i, ok := s.x.codes.find(code)
	if n := len(code); !ok && (n == 3 || n == 4) && figuresOnly(code) {
		// A spreadsheet has taken the noughts for nothing. Where the whole code is there, and
		// its state is not another one, it is meant.
		if i, ok = s.x.codes.find("00000"[n:] + code); ok {
			for _, at := range s.numbers(s.x.codeAreas.get(i)) {
				if s.fit(at, 1) <= fitsOtherState {
					return nil
				}
			}
		}
	}
	if !ok {
		return nil
	}
	return slices.Clone(s.numbers(s.x.codeAreas.get(i)))
}

func (s *search) numbers(b []byte) []uint32 {
	ids, ok := numbers(s.ids[:0], b)
	if s.ids = ids; !ok {
		s.err = ErrDamaged
	}
	return s.ids
}

// ofTown are the areas of a town, and how well its name fits.
func (s *search) ofTown(city string) ([]uint32, float64) {
	keys := townKeys(city)
	var at []int
	for _, k := range keys {
		if i, ok := s.x.towns.find(k); ok {
			at = append(at, i)
		}
	}
	if at != nil {
		return s.ofTowns(at), 1
	}
	for _, k := range keys {
		at = s.x.towns.near(at, k)
	}
	if at != nil {
		return s.ofTowns(at), fitsSlip
	}
	for _, k := range keys {
		if at = s.partly(at, k); at != nil {
			return s.ofTowns(at), fitsPart
		}
	}
	return nil, 1
}

// ofTowns are the areas of several names, upwards.
func (s *search) ofTowns(at []int) (out []uint32) {
	for _, i := range at {
		out = append(out, s.numbers(s.x.townAreas.get(i))...)
	}
	if len(at) > 1 {
		slices.Sort(out)
		out = slices.Compact(out)
	}
	return out
}

// partly finds towns that begin with all words that were asked for (Frankfurt: Frankfurt am
// Main), or else one that the words begin with (Lille Cedex 9: Lille).
func (s *search) partly(at []int, key string) []int {
	const leastLetters = 4
	if len(key) < leastLetters {
		return at
	}
	from, _ := s.x.towns.find(key + " ")
	for i := from; i < s.x.towns.len() && len(at) < mostOfTownNames && strings.HasPrefix(string(s.x.towns.get(i)), key+" "); i++ {
		at = append(at, i)
	}
	for at == nil {
		n := strings.LastIndexByte(key, ' ')
		if n < leastLetters {
			break
		}
		key = key[:n]
		if i, ok := s.x.towns.find(key); ok {
			at = append(at, i)
		}
	}
	return at
}
