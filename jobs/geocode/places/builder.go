package places

import (
	"brood/jobs/extsort"
	"brood/jobs/geocode/places/source"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// sortMemory is how much of the points is put in order in memory, in bytes.
const sortMemory = 96 << 20

// builder gathers points and makes an index of them. What it keeps in memory grows with the
// streets and towns, and not with the houses: those are put in order on the disk.
type builder struct {
	odd     func(source.Oddity) error
	points  *extsort.Sorter
	n       uint64
	strings *interned
	names   *interned // folded
	streets map[string]streetID
	areas   *interned
	files   []string

	// The street and the area of the point before: most are the same.
	lastStreet, lastCountry string
	street                  streetID
	lastArea                areaParts
	area                    uint32

	key, scratch []byte
	cells        map[cell]uint32 // points in each square of a degree
	homes        []home          // of each area
}

// home is the square that most points of an area are in, if there is one with more than half of
// them (the vote of Boyer and Moore: more than it has others against it).
type home struct {
	cell
	more uint32
}

func (h *home) vote(c cell) {
	switch {
	case h.cell == c:
		h.more++
	case h.more == 0:
		h.cell, h.more = c, 1
	default:
		h.more--
	}
}

// streetID is a name as it is looked up, and as it is written.
type streetID struct{ name, written uint32 }

type areaParts struct{ country, region, county, town, district, postcode string }

// cell is a square of a degree.
type cell struct{ lat, lon int16 }

func cellOf(lat, lon float64) cell {
	return cell{int16(math.Floor(lat)), int16(math.Floor(lon))}
}

func newBuilder(dir string, memory int, odd func(source.Oddity) error) *builder {
	return &builder{
		odd: odd, points: extsort.New(dir, memory), strings: newInterned(), names: newInterned(), areas: newInterned(),
		streets: make(map[string]streetID), cells: make(map[cell]uint32),
	}
}

func (b *builder) close() error { return b.points.Close() }

// interned gives texts numbers, in the order in which they come.
type interned struct {
	ids  map[string]uint32
	list []string
}

func newInterned() *interned { return &interned{ids: make(map[string]uint32)} }

func (n *interned) id(s []byte) uint32 {
	if id, ok := n.ids[string(s)]; ok {
		return id
	}
	return n.put(string(s))
}

func (n *interned) text(s string) uint32 {
	if id, ok := n.ids[s]; ok {
		return id
	}
	return n.put(strings.Clone(s)) // s is a part of a row, which would stay in memory
}

func (n *interned) put(s string) uint32 {
	id := uint32(len(n.list)) //nolint:gosec // the index is full before: see full
	n.ids[s] = id
	n.list = append(n.list, s)
	return id
}

// errFull says that a file of this format has no room for more.
var errFull = errors.New("these are more streets than one index can have; import it in parts, each with a name of its own")

// file begins with the points of a file.
func (b *builder) file(name string) { b.files = append(b.files, name) }

// add takes a point.
func (b *builder) add(p *source.Point) error {
	if len(b.names.list) > math.MaxInt32 || b.n > math.MaxUint32 {
		return errFull
	}
	if p.Street != b.lastStreet || p.Country != b.lastCountry {
		b.lastStreet, b.lastCountry = p.Street, p.Country
		b.street = b.streetOf(p.Street, p.Country)
	}
	if at := (areaParts{p.Country, p.Region, p.County, p.City, p.District, p.Postcode}); at != b.lastArea || b.n == 0 {
		b.lastArea, b.area = at, b.areaOf(&at)
	}
	at := cellOf(p.Lat, p.Lon)
	b.cells[at]++
	for int(b.area) >= len(b.homes) {
		b.homes = append(b.homes, home{})
	}
	b.homes[b.area].vote(at)
	var k extsort.Key
	binary.BigEndian.PutUint32(k[0:], b.street.name)
	binary.BigEndian.PutUint32(k[4:], b.area)
	k[8] = byte(p.Number.Main & 1)
	binary.BigEndian.PutUint32(k[9:], p.Number.Main)
	binary.BigEndian.PutUint64(k[13:], b.n)
	b.n++
	return b.points.Add(k, b.encode(p))
}

// encode is what of a point does not stand in its key.
func (b *builder) encode(p *source.Point) []byte {
	s := spotOf(p.Lat, p.Lon)
	out := b.scratch[:0]
	out = append(out, 0)
	if p.Anchor {
		out[0] |= 1
	}
	if p.Unit {
		out[0] |= 2
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(s.lat)) //nolint:gosec // the same bits
	out = binary.LittleEndian.AppendUint32(out, uint32(s.lon)) //nolint:gosec // the same bits
	out = binary.AppendUvarint(out, uint64(b.street.written))
	out = binary.AppendUvarint(out, uint64(len(b.files)-1)) //nolint:gosec // a file has begun
	out = binary.AppendUvarint(out, uint64(p.Line))         //nolint:gosec // lines are counted from 1
	out = append(out, p.Number.Suffix...)
	b.scratch = out
	return out
}

// gatheredPoint is a point that has been put in order.
type gatheredPoint struct {
	houseAt
	unit           bool
	written        uint32
	fileAt, lineAt int
}

// gathered reads what encode wrote.
func gathered(k extsort.Key, row []byte) gatheredPoint {
	v := func(n int) int32 { return int32(binary.LittleEndian.Uint32(row[n:])) } //nolint:gosec // the same bits
	g := gatheredPoint{unit: row[0]&2 != 0}
	g.main, g.anchor, g.spot = binary.BigEndian.Uint32(k[9:]), row[0]&1 != 0, spot{v(1), v(5)}
	in := reader{b: row[9:]}
	g.written, g.fileAt, g.lineAt = uint32(in.uvarint()), int(in.uvarint()), int(in.uvarint()) //nolint:gosec // as they were written
	if len(in.b) > 0 {
		g.suffix = append([]byte(nil), in.b...)
	}
	return g
}

// streetOf gives a street its numbers.
func (b *builder) streetOf(street, country string) streetID {
	b.key = append(append(append(b.key[:0], country...), 0), street...)
	if id, ok := b.streets[string(b.key)]; ok {
		return id
	}
	written := strings.Join(strings.Fields(street), " ")
	folded := streetKey(written, country)
	if folded == "" { // nothing but signs
		folded = "?"
	}
	id := streetID{b.names.text(folded), b.strings.text(written)}
	b.streets[string(b.key)] = id
	return id
}

// areaOf gives an area its number.
func (b *builder) areaOf(a *areaParts) uint32 {
	key := b.key[:0]
	if len(a.country) == 2 {
		key = append(key, a.country...)
	} else {
		key = append(key, 0, 0)
	}
	for _, s := range [...]string{a.region, a.county, a.town, a.district, a.postcode} {
		key = binary.AppendUvarint(key, uint64(b.strings.text(s)))
	}
	b.key = key
	return b.areas.id(key)
}

// swapped reports whether a point stands far from the others of its area, and would stand among
// them with its coordinates the other way round. Where those are too few to tell, it is all
// points that are looked at: here hardly any, there many.
func (b *builder) swapped(s spot, area uint32) bool {
	p := s.point()
	if math.Abs(p.Lon) > 90 {
		return false
	}
	here, there := cellOf(p.Lat, p.Lon), cellOf(p.Lon, p.Lat)
	if h := &b.homes[area]; h.more >= enough {
		return !h.near(here, 2) && h.near(there, 1)
	}
	few, many := b.around(here), b.around(there)
	return few*100 < many && few*1000 < b.n
}

// enough is by how many points a square must be ahead to be that of its area.
const enough = 3

func (h *home) near(c cell, degrees int16) bool {
	lat, lon := h.lat-c.lat, h.lon-c.lon
	return lat <= degrees && lat >= -degrees && lon <= degrees && lon >= -degrees
}

// around counts the points within a degree or two.
func (b *builder) around(c cell) (n uint64) {
	for lat := c.lat - 1; lat <= c.lat+1; lat++ {
		for lon := c.lon - 1; lon <= c.lon+1; lon++ {
			n += uint64(b.cells[cell{lat, lon}])
		}
	}
	return n
}

func (b *builder) tell(k source.Kind, g *gatheredPoint) error {
	if b.odd == nil || g.fileAt >= len(b.files) {
		return nil
	}
	return b.odd(source.Oddity{Kind: k, File: b.files[g.fileAt], Line: g.lineAt, Text: fmt.Sprintf("%s %s", g.number(), b.strings.list[g.written])})
}
