package places

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/places/house"
	"math"
	"strings"
)

// found is where a house is, or what stands for it.
type found struct {
	geo.Point
	number    house.Number
	match     geo.Match
	precision geo.Precision
	factor    float64 // how sure it is, in a street that is sure
}

// How sure it is where a house stands, in the measure of this index.
const (
	sureRange     = 0.97 // within one of several numbers: 12-14
	sureTwins     = 0.7  // at one of several points
	sureLetter    = 0.9  // 12 for 12a, or the other way round
	sureBetween   = 0.9  // between two of its side, not far from each other
	sureWide      = 0.8  // between two of its side
	sureOpposite  = 0.7  // between two of the other side
	sureStreet    = 0.5  // somewhere in the street
	closeNumbers  = 20
	metresOfHouse = 300 // two that are farther from each other say little of what is between them
)

// locate finds a house in a street: itself, at its points; or what stands for it.
func (r *row) locate(n house.Number) []found {
	if len(r.houses) == 0 {
		return nil
	}
	if n.Main == 0 {
		return []found{{r.middle(), n, geo.MatchExact, geo.PrecisionStreet, 1}}
	}
	if out := r.exact(n); out != nil {
		return out
	}
	for _, find := range [...]func(house.Number) (found, bool){r.spanning, r.kin, r.between} {
		if f, ok := find(n); ok {
			return []found{f}
		}
	}
	return []found{{r.middle(), house.Number{}, geo.MatchFallback, geo.PrecisionStreet, sureStreet}}
}

// side are the houses on the side of a number.
func (r *row) side(main uint32) []houseAt { return r.sides()[main&1] }

// exact is the house itself. One that is at several points is at each of them.
func (r *row) exact(n house.Number) (out []found) {
	side := r.side(n.Main)
	for i := range side {
		h := &side[i]
		if h.main == n.Main && string(h.suffix) == n.Suffix && !h.anchor {
			out = append(out, found{h.point(), n, geo.MatchExact, geo.PrecisionRooftop, 1})
		}
	}
	if len(out) > 1 {
		for i := range out {
			out[i].factor = sureTwins
		}
	}
	return out
}

// spanning is the building that has several numbers, of which this is one.
func (r *row) spanning(n house.Number) (found, bool) {
	if n.Suffix != "" {
		return found{}, false
	}
	for i := range r.houses {
		h := &r.houses[i]
		if h.main <= n.Main && len(h.suffix) > 0 && h.suffix[0] == '-' && !h.anchor {
			if of := h.number(); of.Second() > of.Main && of.Spans(n.Main) {
				return found{h.point(), of, geo.MatchExact, geo.PrecisionRooftop, sureRange}, true
			}
		}
	}
	return found{}, false
}

// kin is a house of the same main number, under its own: 12 for 12a, 12a for 12; and between 12 and
// 14 for 12-14. Where the second number is that of the house, as in Queens, it lies between two of these.
func (r *row) kin(n house.Number) (found, bool) {
	if strings.HasPrefix(n.Suffix, "^") {
		return found{}, false
	}
	second := n.Second()
	building := second > n.Main && n.Spans(second)
	if second > 0 && !building {
		return r.withinBlock(n, second)
	}
	var plain, other, last *houseAt
	for i := range r.houses {
		h := &r.houses[i]
		switch {
		case h.anchor || len(h.suffix) > 0 && h.suffix[0] == '^':
		case h.main == n.Main && len(h.suffix) == 0:
			plain = h
		case h.main == n.Main && other == nil && h.suffix[0] != '-':
			other = h
		case building && h.main == second && len(h.suffix) == 0:
			last = h
		}
	}
	switch {
	case plain != nil && last != nil:
		return found{halfway(plain.spot, last.spot), n, geo.MatchInterpolated, geo.PrecisionRooftop, sureLetter}, true
	case plain == nil:
		plain = other
	}
	if plain == nil {
		plain = last
	}
	if plain == nil {
		return found{}, false
	}
	return found{plain.point(), plain.number(), geo.MatchInterpolated, geo.PrecisionRooftop, sureLetter}, true
}

func halfway(a, b spot) geo.Point { return along(a, b, 0.5) }

// along is a point between two others.
func along(a, b spot, t float64) geo.Point {
	return geo.Point{
		Lat: (float64(a.lat) + t*float64(b.lat-a.lat)) / 1e6,
		Lon: (float64(a.lon) + t*(float64(b.lon)-float64(a.lon))) / 1e6,
	}
}

// withinBlock is a house of a block (37-12: the block is 37), between two others of it.
func (r *row) withinBlock(n house.Number, second uint32) (found, bool) {
	var low, high *houseAt
	var lowest, highest uint32
	side := r.side(n.Main)
	for i := range side {
		h := &side[i]
		if h.main != n.Main || len(h.suffix) == 0 || h.suffix[0] != '-' || h.anchor {
			continue
		}
		switch v := h.number().Second(); {
		case (v^second)&1 != 0:
		case v < second && (low == nil || v > lowest):
			low, lowest = h, v
		case v > second && (high == nil || v < highest):
			high, highest = h, v
		}
	}
	if low == nil || high == nil {
		return found{}, false
	}
	return interpolated(n, low.spot, high.spot, second, lowest, highest, false)
}

// between is a place between the two houses nearest by number, of the same side, or else of the
// other; never beyond the first or the last.
func (r *row) between(n house.Number) (found, bool) {
	if n.Second() > 0 && !n.Spans(n.Second()) || strings.HasPrefix(n.Suffix, "^") {
		return found{}, false
	}
	for _, opposite := range [...]bool{false, true} {
		main := n.Main
		if opposite {
			main ^= 1
		}
		var low, high *houseAt
		side := r.side(main)
		for i := range side {
			h := &side[i]
			switch {
			case h.main == 0 || len(h.suffix) > 0 && (h.suffix[0] == '^' || blockwise(h)):
			case h.main <= n.Main:
				low = h
			case high == nil:
				high = h
			}
		}
		if low != nil && low.main == n.Main && !opposite { // an end of a range
			return found{low.point(), n, geo.MatchInterpolated, geo.PrecisionRooftop, sureBetween}, true
		}
		if low == nil || high == nil {
			continue
		}
		if f, ok := interpolated(n, low.spot, high.spot, n.Main, low.main, high.main, opposite); ok {
			return f, true
		}
	}
	return found{}, false
}

// blockwise reports whether a number is one of a block, as in Queens.
func blockwise(h *houseAt) bool {
	if h.suffix[0] != '-' {
		return false
	}
	of := h.number()
	second := of.Second()
	return second > 0 && (second < of.Main || !of.Spans(second))
}

func interpolated(n house.Number, low, high spot, at, from, to uint32, opposite bool) (found, bool) {
	if math.Abs(float64(low.lon)-float64(high.lon)) > 180e6 {
		return found{}, false // on both sides of the 180th meridian
	}
	f := found{along(low, high, float64(at-from)/float64(to-from)), n, geo.MatchInterpolated, geo.PrecisionRooftop, sureBetween}
	switch {
	case opposite:
		f.factor = sureOpposite
	case to-from > closeNumbers:
		f.factor = sureWide
	}
	if low.point().Metres(high.point()) > metresOfHouse {
		f.precision = geo.PrecisionStreet
		f.factor *= sureLetter
	}
	return f, true
}

// middle is the point of a street: that of the street itself, if there is one, or the house in
// the middle of its numbers.
func (r *row) middle() geo.Point {
	if r.houses[0].main == 0 {
		return r.houses[0].point()
	}
	// The middle by number: halfway through the sides that are merged.
	even, odd := r.houses[:r.even], r.houses[r.even:]
	for range (len(r.houses) - 1) / 2 {
		if len(odd) == 0 || len(even) > 0 && even[0].main < odd[0].main {
			even = even[1:]
		} else {
			odd = odd[1:]
		}
	}
	if len(odd) == 0 || len(even) > 0 && even[0].main < odd[0].main {
		return even[0].point()
	}
	return odd[0].point()
}
