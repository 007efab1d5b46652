package places

import (
	"brood/jobs/extsort"
	"brood/jobs/geocode/places/house"
	"brood/jobs/geocode/places/source"
	"encoding/binary"
	"io"
	"math"
	"slices"
)

// streets makes rows of points that come in order.
type streets struct {
	b   *builder
	out io.Writer

	name, area uint32
	points     []gatheredPoint // of the street at hand
	row        row
	flats      []bool // of each house of row: its point is that of a flat
	line       []byte

	// Of the rows that are written.
	written  uint64
	offsets  []byte
	areas    []byte
	boxes    []box
	nameRows []byte // of each name, in the order in which they came
	first    int    // row of the name at hand
	houses   uint64
	ends     uint64 // of ranges
	perArea  map[uint32]int
}

// mostPoints is how many points of a street are looked at together: what has more becomes rows by
// number.
const mostPoints = 8192

// write writes all rows.
func (s *streets) write() error {
	err := s.b.points.Each(func(k extsort.Key, line []byte) error {
		name, area := binary.BigEndian.Uint32(k[0:]), binary.BigEndian.Uint32(k[4:])
		if len(s.points) > 0 && (name != s.name || area != s.area || len(s.points) == mostPoints) {
			if err := s.flush(); err != nil {
				return err
			}
		}
		if name != s.name {
			s.endName()
		}
		s.name, s.area = name, area
		g := gathered(k, line)
		if s.b.swapped(g.spot, area) {
			return s.b.tell(source.Swapped, &g)
		}
		s.points = append(s.points, g)
		return nil
	})
	if err != nil {
		return err
	}
	if len(s.points) > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.endName()
	s.offsets = binary.LittleEndian.AppendUint32(s.offsets, uint32(s.written)) //nolint:gosec // compared when it was written
	return nil
}

// endName notes the rows of the name at hand. All names come, in the order of their numbers.
func (s *streets) endName() {
	s.nameRows = binary.LittleEndian.AppendUint32(s.nameRows, uint32(s.first))              //nolint:gosec // as below
	s.nameRows = binary.LittleEndian.AppendUint32(s.nameRows, uint32(len(s.boxes)-s.first)) //nolint:gosec // compared when they were written
	s.first = len(s.boxes)
}

// flush writes the street at hand: a row for each of the streets of that name in the area.
func (s *streets) flush() error {
	for _, part := range apart(s.points) {
		slices.SortStableFunc(part, func(a, b gatheredPoint) int {
			if a.main&1 != b.main&1 {
				return int(a.main&1) - int(b.main&1)
			}
			if c := house.Compare(a.number(), b.number()); c != 0 {
				return c
			}
			switch { // a house before an end of a range
			case a.anchor == b.anchor:
				return 0
			case b.anchor:
				return -1
			}
			return 1
		})
		if err := s.put(part); err != nil {
			return err
		}
	}
	s.points = s.points[:0]
	return nil
}

// How far two points of one number are apart, in metres, to be two: those of flats may be in
// several buildings.
const (
	sameHouse = 30
	sameUnits = 150
	// mostTwins is how many points a number may have.
	mostTwins = 8
)

// put writes one row.
func (s *streets) put(points []gatheredPoint) error {
	r := &s.row
	r.houses, r.even, r.street, s.flats = r.houses[:0], 0, points[0].written, s.flats[:0]
	bounds := nowhere
	for i := range points {
		g := &points[i]
		keep, err := s.keep(g)
		if err != nil {
			return err
		}
		if !keep {
			continue
		}
		r.houses, s.flats = append(r.houses, g.houseAt), append(s.flats, g.unit)
		if g.main&1 == 0 {
			r.even++
		}
		bounds.add(box{g.lat, g.lon, g.lat, g.lon})
		if g.anchor {
			s.ends++
		} else if g.main > 0 {
			s.houses++
			s.perArea[s.area]++
		}
	}
	s.line = appendRow(s.line[:0], r)
	if s.written+uint64(len(s.line)) > math.MaxUint32 || len(s.boxes) >= math.MaxInt32 {
		return errFull
	}
	s.offsets = binary.LittleEndian.AppendUint32(s.offsets, uint32(s.written))
	s.areas = binary.LittleEndian.AppendUint32(s.areas, s.area)
	s.boxes = append(s.boxes, bounds)
	s.written += uint64(len(s.line))
	_, err := s.out.Write(s.line)
	return err
}

// keep reports whether a point is another one than those of its number that are in the row.
func (s *streets) keep(g *gatheredPoint) (bool, error) {
	houses := s.row.houses
	twins, least, flats := 0, math.Inf(1), g.unit
	for i := len(houses) - 1; i >= 0; i-- {
		h := &houses[i]
		if h.main != g.main || string(h.suffix) != string(g.suffix) {
			break
		}
		twins++
		flats = flats || s.flats[i]
		least = min(least, h.point().Metres(g.point()))
	}
	switch {
	case twins == 0:
		return true, nil
	case g.anchor: // ends of ranges that meet, or a house that is known
		return false, nil
	case flats && (least <= sameUnits || twins >= mostTwins):
		// Flats of one house, or the house itself beside them, which stands for them from now on.
		if at := len(houses) - 1; !g.unit && twins == 1 && s.flats[at] {
			houses[at].spot, s.flats[at] = g.spot, false
			return false, nil
		}
		if g.unit || twins > 1 {
			return false, nil
		}
		return false, s.b.tell(source.Duplicate, g)
	case least <= sameHouse || twins >= mostTwins:
		return false, s.b.tell(source.Duplicate, g)
	}
	return true, s.b.tell(source.SeveralPoints, g)
}
