package gazetteer

import (
	"brood/jobs/geocode/geo"
	"math"
)

// coastMetres is how far from the outline of a country a point may lie that is still said to
// be in it: as far as the outlines are drawn coarsely (islands, piers, river mouths).
const coastMetres = 3000

// Country returns the code of ISO 3166-1 of the country that a point is in, by the outlines of
// Natural Earth (1:10 million: within a kilometre of a border it may be the neighbour), "" at
// sea. A point up to 3 km off a coast is in the country that the nearest edge of an outline
// bounds.
func (x *Index) Country(p geo.Point) (code string) {
	var damaged error
	defer guard(&damaged)
	if !p.Valid() {
		return ""
	}
	country, _ := x.locate(p)
	return x.countryCode(country)
}

// locate returns the country that a point is in, and whether it is only near it.
func (m *image) locate(p geo.Point) (country int, coast bool) {
	at := [2]float64{p.Lon * unit, p.Lat * unit}
	col := min(max(int((at[0]-west)/cellUnits), 0), cellsAround-1)
	row := min(max(int((at[1]-south)/cellUnits), 0), cellsUp-1)
	cell := row*cellsAround + col
	from, to := u32(m.sec[secCellEdges], cell), u32(m.sec[secCellEdges], cell+1)
	country = int(m.sec[secCells][cell])
	if from == to {
		return country, false
	}
	edges := m.sec[secEdges][4*from : 4*to]
	var in parity
	in.cross([2]byte{byte(country), nowhere})
	middle := [2]float64{middleOf(col, west), middleOf(row, south)}
	for i := range len(edges) / 4 {
		a, b, of := m.edge(u32(edges, i))
		if between(middle, at, a, b) {
			in.cross(of)
		}
	}
	country = int(in.country())
	if country != nowhere {
		return country, false
	}
	country = m.coast(edges, at)
	return country, country != nowhere
}

// edge is a piece of an outline: its ends, east and north, and the countries on its sides.
func (m *image) edge(i uint32) (a, b [2]float64, of [2]byte) {
	line := m.sec[secLine][int(i)*lineBytes:][:2*lineBytes]
	a = [2]float64{float64(i32(line[4:])), float64(i32(line))}
	b = [2]float64{float64(i32(line[lineBytes+4:])), float64(i32(line[lineBytes:]))}
	return a, b, [2]byte(line[8:])
}

// between reports whether the line from p to q crosses the one from a to b. An end of the second
// that lies upon the first counts as being on one side of it, always the same: where two edges
// meet one of them is crossed, or both, or none, as it must be.
func between(p, q, a, b [2]float64) bool {
	side := func(p, q, r [2]float64) bool {
		return (q[0]-p[0])*(r[1]-p[1])-(q[1]-p[1])*(r[0]-p[0]) > 0
	}
	return side(p, q, a) != side(p, q, b) && side(a, b, p) != side(a, b, q)
}

// coast is the country of the nearest edge, if that is near enough.
func (m *image) coast(edges []byte, at [2]float64) int {
	const metresOfUnit = 111195 / unit
	shrink := math.Cos(at[1] / unit * math.Pi / 180)
	const most = coastMetres / metresOfUnit
	best, country := most*most, nowhere
	for i := range len(edges) / 4 {
		a, b, of := m.edge(u32(edges, i))
		if d := offEdge(at, a, b, shrink); d < best {
			best, country = d, int(min(of[0], of[1]))
		}
	}
	return country
}

// offEdge is how far a point is from an edge, squared, a degree of longitude being shorter by
// shrink.
func offEdge(p, a, b [2]float64, shrink float64) float64 {
	px, py := (p[0]-a[0])*shrink, p[1]-a[1]
	bx, by := (b[0]-a[0])*shrink, b[1]-a[1]
	t := 0.0
	if length := bx*bx + by*by; length > 0 {
		t = max(0, min(1, (px*bx+py*by)/length))
	}
	return (px-t*bx)*(px-t*bx) + (py-t*by)*(py-t*by)
}
