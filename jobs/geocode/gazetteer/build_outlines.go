package gazetteer

import (
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"encoding/binary"
	"fmt"
	"slices"
)

// nowhere is the country of the sea, in the cells and lines.
const nowhere = 255

// vertex is a point of an outline.
type vertex struct{ lat, lon int32 }

// edge is a piece of an outline, from a point of the line to the next.
type edge struct {
	a, b vertex
	of   [2]byte
	at   uint32
}

// buildOutlines makes the lines, and for each cell of half a degree the edges within it and the
// country of its middle.
func buildOutlines(b *bundle.Bundle, w *world, parts *[sections][]byte) error {
	arcs, err := b.Read(bundle.Arcs)
	if err != nil {
		return err
	}
	edges, line, err := readArcs(arcs, w)
	if err != nil {
		return err
	}
	parts[secLine] = line
	parts[secCellEdges], parts[secEdges] = cellEdges(edges)
	parts[secCells] = cellMiddles(edges)
	return nil
}

func readArcs(arcs []byte, w *world) (edges []edge, line []byte, err error) {
	n := numbers{b: arcs}
	// A point takes two bytes at least. What is not used of it is never touched.
	most := len(arcs) / 2
	edges, line = make([]edge, 0, most), make([]byte, 0, most*lineBytes)
	for range n.unsigned() {
		if len(n.b) < 4 {
			return nil, nil, fmt.Errorf("the data of the gazetteer has outlines that are cut off")
		}
		of := [2]byte{nowhere, nowhere}
		for i := range of {
			if code := string(n.b[2*i:][:2]); code != "\x00\x00" {
				country, ok := w.country[code]
				if !ok {
					return nil, nil, fmt.Errorf("the data of the gazetteer has an outline of %q", code)
				}
				of[i] = byte(country) //nolint:gosec // below 255
			}
		}
		n.b = n.b[4:]
		var lat, lon int64
		var last vertex
		for i := range n.unsigned() {
			lon, lat = lon+n.signed(), lat+n.signed()
			if n.short {
				return nil, nil, fmt.Errorf("the data of the gazetteer has outlines that are cut off")
			}
			v := vertex{int32(lat), int32(lon)} //nolint:gosec // within the earth
			if i > 0 {
				edges = append(edges, edge{last, v, of, uint32(len(line)/lineBytes) - 1}) //nolint:gosec // some hundred thousand
			}
			line = append(point(line, lat, lon), of[0], of[1])
			last = v
		}
	}
	return edges, line, nil
}

// Cells are counted from the south west; the middles of them are a half unit beside all points of the
// outlines.
func cellOf(units, from int32) int { return int(units-from) / cellUnits }

const (
	west  = -180 * unit
	south = -90 * unit
)

// cellEdges lists the edges whose box a cell touches.
func cellEdges(edges []edge) (starts, list []byte) {
	counts := make([]uint32, cellsAround*cellsUp+2)
	each := func(e edge, do func(cell int)) {
		fromRow, toRow := min(e.a.lat, e.b.lat), max(e.a.lat, e.b.lat)
		fromCol, toCol := min(e.a.lon, e.b.lon), max(e.a.lon, e.b.lon)
		for row := max(cellOf(fromRow, south), 0); row <= min(cellOf(toRow, south), cellsUp-1); row++ {
			for col := max(cellOf(fromCol, west), 0); col <= min(cellOf(toCol, west), cellsAround-1); col++ {
				do(row*cellsAround + col)
			}
		}
	}
	for _, e := range edges {
		each(e, func(cell int) { counts[cell+2]++ })
	}
	for i := 2; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	list = make([]byte, 4*counts[len(counts)-1])
	for _, e := range edges {
		each(e, func(cell int) {
			binary.LittleEndian.PutUint32(list[4*counts[cell+1]:], e.at)
			counts[cell+1]++
		})
	}
	for _, n := range counts[:len(counts)-1] {
		starts = binary.LittleEndian.AppendUint32(starts, n)
	}
	return starts, list
}

// crossing is where an edge crosses the parallel through the middles of a row of cells.
type crossing struct {
	lon float64
	of  [2]byte
}

// cellMiddles walks along each row of cells from the west, and notes whose country it is in.
func cellMiddles(edges []edge) []byte {
	rows := make([][]crossing, cellsUp)
	for _, e := range edges {
		lo, hi := min(e.a.lat, e.b.lat), max(e.a.lat, e.b.lat)
		for row := max(cellOf(lo, south)-1, 0); row <= min(cellOf(hi, south)+1, cellsUp-1); row++ {
			lat := middleOf(row, south)
			if (float64(e.a.lat) > lat) == (float64(e.b.lat) > lat) {
				continue
			}
			share := (lat - float64(e.a.lat)) / float64(e.b.lat-e.a.lat)
			rows[row] = append(rows[row], crossing{float64(e.a.lon) + share*float64(e.b.lon-e.a.lon), e.of})
		}
	}
	cells := make([]byte, cellsAround*cellsUp)
	dateLine := dateLineOf(edges)
	for row, crossings := range rows {
		slices.SortFunc(crossings, func(a, b crossing) int {
			if a.lon < b.lon {
				return -1
			}
			return 1
		})
		var in parity
		for _, c := range dateLine {
			if c.lat > middleOf(row, south) {
				in.cross(c.of)
			}
		}
		for col := range cellsAround {
			for len(crossings) > 0 && crossings[0].lon < middleOf(col, west) {
				in.cross(crossings[0].of)
				crossings = crossings[1:]
			}
			cells[row*cellsAround+col] = in.country()
		}
	}
	return cells
}

// onDateLine is where an outline goes over the meridian of 180 degrees.
type onDateLine struct {
	lat float64
	of  [2]byte
}

// dateLineOf finds where outlines begin or end on that meridian, in the west. At the north pole
// is no country, so that those north of a point say in whose it is.
func dateLineOf(edges []edge) []onDateLine {
	var found []onDateLine
	for i, e := range edges {
		if e.a.lon == west && (i == 0 || edges[i-1].at+1 != e.at) {
			found = append(found, onDateLine{float64(e.a.lat), e.of})
		}
		if e.b.lon == west && (i+1 == len(edges) || edges[i+1].at != e.at+1) {
			found = append(found, onDateLine{float64(e.b.lat), e.of})
		}
	}
	return found
}

func middleOf(cell int, from float64) float64 {
	return from + float64(cell)*cellUnits + cellUnits/2 + 0.5
}

// parity is the countries whose outlines have been crossed an odd number of times: as a rule one,
// or none at sea.
type parity struct {
	in [6]byte
	n  int
}

func (p *parity) cross(of [2]byte) {
	for _, country := range of {
		if country == nowhere {
			continue
		}
		at := 0
		for at < p.n && p.in[at] != country {
			at++
		}
		switch {
		case at < p.n:
			p.n--
			p.in[at] = p.in[p.n]
		case p.n < len(p.in):
			p.in[p.n] = country
			p.n++
		}
	}
}

func (p *parity) country() byte {
	if p.n == 0 {
		return nowhere
	}
	return p.in[0]
}
