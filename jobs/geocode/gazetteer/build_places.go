package gazetteer

import (
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"encoding/binary"
	"fmt"
	"strings"
)

// numbers reads varints, and remembers that there were too few.
type numbers struct {
	b     []byte
	short bool
}

func (n *numbers) signed() int64 {
	v, size := binary.Varint(n.b)
	if size <= 0 {
		n.short = true
		return 0
	}
	n.b = n.b[size:]
	return v
}

func (n *numbers) unsigned() uint64 {
	v, size := binary.Uvarint(n.b)
	if size <= 0 {
		n.short = true
		return 0
	}
	n.b = n.b[size:]
	return v
}

// columns are those of the places, but for their names.
type columns struct {
	coords, people, ids numbers
	kinds               []byte
}

func readColumns(b *bundle.Bundle) (c columns, err error) {
	for name, to := range map[string]*[]byte{bundle.Coords: &c.coords.b, bundle.People: &c.people.b, bundle.IDs: &c.ids.b, bundle.Kinds: &c.kinds} {
		if *to, err = b.Read(name); err != nil {
			return c, err
		}
	}
	return c, nil
}

// buildPlaces makes the places, and gives the regions their middles.
func buildPlaces(b *bundle.Bundle, w *world, text *texts, names []byte, spans []span, parts *[sections][]byte) error {
	c, err := readColumns(b)
	if err != nil {
		return err
	}
	total := 0
	for _, n := range w.counts {
		total += n
	}
	if total != len(spans) || total != len(c.kinds) {
		return fmt.Errorf("the data of the gazetteer has %d names, %d kinds, and %d places in areas", len(spans), len(c.kinds), total)
	}
	text.out = append(make([]byte, 0, len(text.out)+len(names)+8<<20), text.out...)
	out := make([]byte, 0, len(spans)*placeBytes)
	var lat, lon, id int64
	i := 0
	for area, count := range w.counts {
		var middle sum
		for range count {
			lat, lon, id = lat+c.coords.signed(), lon+c.coords.signed(), id+c.ids.signed()
			people := uint32(c.people.unsigned()) //nolint:gosec // of a town
			out = binary.LittleEndian.AppendUint32(out, text.add(names[spans[i].from:spans[i].to]))
			out = point(out, lat, lon)
			out = binary.LittleEndian.AppendUint32(out, people)
			out = binary.LittleEndian.AppendUint32(out, uint32(id))                         //nolint:gosec // of GeoNames
			out = binary.LittleEndian.AppendUint32(out, uint32(area)<<8|uint32(c.kinds[i])) //nolint:gosec // some ten thousand
			middle.add(lat, lon, people)
			i++
		}
		if region := u16(w.areas[area*areaBytes+2:]); region != noRegion {
			middle.into(w.regions[region*regionBytes:])
		}
	}
	if c.coords.short || c.people.short || c.ids.short {
		return fmt.Errorf("the data of the gazetteer has too few numbers")
	}
	parts[secPlaces] = out
	return nil
}

// sum is where the people of an area live, in the middle.
type sum struct{ lat, lon, weight int64 }

func (s *sum) add(lat, lon int64, people uint32) {
	weight := int64(people) + 100
	s.lat, s.lon, s.weight = s.lat+lat*weight, s.lon+lon*weight, s.weight+weight
}

// into adds the area to the middle of its region. The weight is kept, in units that a uint32 has
// room for, in the region's last word.
func (s *sum) into(region []byte) {
	had := int64(binary.LittleEndian.Uint32(region[20:]))
	weight := s.weight/100 + 1
	lat := (int64(i32(region[12:]))*had + s.lat/s.weight*weight) / (had + weight)
	lon := (int64(i32(region[16:]))*had + s.lon/s.weight*weight) / (had + weight)
	binary.LittleEndian.PutUint32(region[12:], uint32(int32(lat))) //nolint:gosec // within the earth
	binary.LittleEndian.PutUint32(region[16:], uint32(int32(lon))) //nolint:gosec // within the earth
	binary.LittleEndian.PutUint32(region[20:], uint32(had+weight)) //nolint:gosec // a hundredth of mankind
}

// buildCodes makes the postal codes of the United States.
func buildCodes(b *bundle.Bundle, w *world, text *texts) ([]byte, error) {
	lines, err := b.Read(bundle.Codes)
	if err != nil {
		return nil, err
	}
	var at numbers
	if at.b, err = b.Read(bundle.CodePoint); err != nil {
		return nil, err
	}
	out := make([]byte, 0, 42_000*codeBytes)
	var lat, lon int64
	for line := range strings.Lines(string(lines)) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(row) != 4 {
			return nil, fmt.Errorf("the data of the gazetteer has a postal code %q", line)
		}
		lat, lon = lat+at.signed(), lon+at.signed()
		c := code{country: "US", code: row[0], lat: lat, lon: lon, place: text.once(row[1]), stateCode: text.once(row[2]), county: w.district["US."+row[2]+"."+row[3]]}
		if region, ok := w.region["US."+row[2]]; ok {
			c.state = binary.LittleEndian.Uint32(w.regions[region*regionBytes+4:])
		}
		out = c.append(out)
	}
	if at.short {
		return nil, fmt.Errorf("the data of the gazetteer has too few points of postal codes")
	}
	return out, nil
}

// code is a postal code, with refs of its texts.
type code struct {
	country, code                   string
	lat, lon                        int64
	place, state, stateCode, county uint32
}

// codeOrder is what postal codes are sorted and found by: the country and the code, which ends with
// zeros.
func codeOrder(country, code string) (key [codeKey]byte) {
	copy(key[:2], country)
	copy(key[2:], code)
	return key
}

func (c code) append(out []byte) []byte {
	key := codeOrder(c.country, c.code)
	out = point(append(out, key[:]...), c.lat, c.lon)
	for _, ref := range []uint32{c.place, c.state, c.stateCode, c.county} {
		out = binary.LittleEndian.AppendUint32(out, ref)
	}
	return out
}
