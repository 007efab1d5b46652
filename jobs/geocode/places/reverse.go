package places

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/places/house"
	"cmp"
	"math"
	"slices"
)

// farthest is how far a house may be from a point that is asked for, in metres, if nobody says: what
// stands in a field has no address.
const farthest = 1000

// neighbour is a house near the point.
type neighbour struct {
	found
	metres       float64
	area, street uint32
}

// nearest finds the houses nearest to a point; of one street the nearest one.
func (x *Index) nearest(q *geo.Query, limit int) ([]geo.Place, error) {
	if !q.Point.Valid() {
		return nil, nil
	}
	far := q.MaxMetres
	if far <= 0 {
		far = farthest
	}
	s := &search{x: x, q: q, asked: &asked{}}
	var best []neighbour
	err := x.tree.nearest(q.Point, far, func(r int) (float64, error) {
		at := x.rowArea.at(r)
		if s.fit(at, 1) == 0 {
			return far, nil
		}
		if err := readRow(x.rows.get(r), &s.row); err != nil {
			return 0, err
		}
		if n, ok := s.row.nearest(q.Point); ok && n.metres <= far && (q.Box == nil || q.Box.Has(n.Point)) {
			n.area, n.street = at, s.row.street
			i, _ := slices.BinarySearchFunc(best, n, func(a, b neighbour) int { return cmp.Compare(a.metres, b.metres) })
			if best = slices.Insert(best, i, n); len(best) > limit {
				best = best[:limit]
			}
			if len(best) == limit {
				far = best[limit-1].metres
			}
		}
		return far, nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]geo.Place, 0, len(best))
	for i := range best {
		n := &best[i]
		p := x.place(n.found, n.area, n.street)
		p.Metres, p.Confidence = n.metres, n.factor
		out = append(out, p)
	}
	return out, nil
}

// nearest is the house of a street that is nearest to a point; or, of a range of numbers, the
// number that stands nearest.
func (r *row) nearest(p geo.Point) (neighbour, bool) {
	best, at := math.Inf(1), -1
	cos := math.Cos(p.Lat * math.Pi / 180)
	flat := func(s spot) float64 { // in the order of distances: the rows are near
		dx := math.Remainder(float64(s.lon)-p.Lon*1e6, 360e6) * cos
		return math.Hypot(float64(s.lat)-p.Lat*1e6, dx)
	}
	for i := range r.houses {
		if d := flat(r.houses[i].spot); d < best {
			best, at = d, i
		}
	}
	if at < 0 {
		return neighbour{}, false
	}
	h := &r.houses[at]
	n := neighbour{found: found{h.point(), h.number(), geo.MatchExact, geo.PrecisionRooftop, 1}}
	switch {
	case h.main == 0:
		n.precision = geo.PrecisionStreet
	case h.anchor:
		n.match, n.factor = geo.MatchInterpolated, sureBetween
	}
	for _, side := range r.sides() {
		for i := 1; i < len(side); i++ {
			if c, ok := beside(p, &side[i-1], &side[i]); ok && c.metres < p.Metres(n.Point) {
				n = c
			}
		}
	}
	n.metres = p.Metres(n.Point)
	return n, true
}

// beside is the place nearest to a point between two ends of a range, and the number that would
// stand there.
func beside(p geo.Point, a, b *houseAt) (neighbour, bool) {
	if !a.anchor || !b.anchor || b.main <= a.main {
		return neighbour{}, false
	}
	cos := math.Cos(p.Lat * math.Pi / 180)
	dx, dy := float64(b.lon-a.lon)*cos, float64(b.lat-a.lat)
	px, py := (p.Lon*1e6-float64(a.lon))*cos, p.Lat*1e6-float64(a.lat)
	whole := dx*dx + dy*dy
	if whole == 0 {
		return neighbour{}, false
	}
	t := (px*dx + py*dy) / whole
	if t <= 0 || t >= 1 {
		return neighbour{}, false
	}
	at := along(a.spot, b.spot, t)
	main := a.main + 2*uint32(math.Round(t*float64(b.main-a.main)/2)) //nolint:gosec // between the two
	return neighbour{found: found{at, house.Number{Main: main}, geo.MatchInterpolated, geo.PrecisionRooftop, sureBetween}, metres: p.Metres(at)}, true
}
