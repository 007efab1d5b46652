package places

import (
	"math"
)

// Two streets of one name in one town, as where villages have become one, are told from each
// other by the gap between their houses: squares of about gapMetres of which none touches
// one of the others, not even at a corner.
const gapMetres = 1000

// apart are the points of a street, or of several that are not near each other. The order of
// points within each stays.
func apart(points []gatheredPoint) [][]gatheredPoint {
	bounds := nowhere
	for i := range points {
		g := &points[i]
		bounds.add(box{g.lat, g.lon, g.lat, g.lon})
	}
	corner, other := spot{bounds.south, bounds.west}.point(), spot{bounds.north, bounds.east}.point()
	if corner.Metres(other) <= 2*gapMetres {
		return [][]gatheredPoint{points}
	}
	squares := make(map[square]int) // to which part each belongs
	height := gapMetres / 0.1111
	width := height / max(math.Cos(corner.Lat*math.Pi/180), 0.01)
	of := func(s spot) square {
		return square{int32((float64(s.lat) - float64(bounds.south)) / height), int32((float64(s.lon) - float64(bounds.west)) / width)}
	}
	for i := range points {
		squares[of(points[i].spot)] = -1
	}
	n := 0
	for i := range points { // in the order of the points, so that the same comes out each time
		if at := of(points[i].spot); squares[at] < 0 {
			flood(squares, at, n)
			n++
		}
	}
	if n == 1 {
		return [][]gatheredPoint{points}
	}
	parts := make([][]gatheredPoint, n)
	for i := range points {
		at := squares[of(points[i].spot)]
		parts[at] = append(parts[at], points[i])
	}
	return parts
}

type square struct{ lat, lon int32 }

// flood gives a square, and all that touch it, and all that touch those, a number.
func flood(squares map[square]int, from square, n int) {
	squares[from] = n
	open := []square{from}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for dy := int32(-1); dy <= 1; dy++ {
			for dx := int32(-1); dx <= 1; dx++ {
				next := square{at.lat + dy, at.lon + dx}
				if had, ok := squares[next]; ok && had < 0 {
					squares[next] = n
					open = append(open, next)
				}
			}
		}
	}
}
