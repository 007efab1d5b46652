package places

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/places/house"
	"encoding/binary"
	"fmt"
	"math"
)

// spot is a point in millionths of a degree: 11 centimetres.
type spot struct{ lat, lon int32 }

func spotOf(lat, lon float64) spot {
	return spot{int32(math.Round(lat * 1e6)), int32(math.Round(lon * 1e6))}
}

func (s spot) point() geo.Point {
	return geo.Point{Lat: float64(s.lat) / 1e6, Lon: float64(s.lon) / 1e6}
}

// houseAt is a house of a row, or an end of a range of numbers.
type houseAt struct {
	spot
	main   uint32
	suffix []byte // in the mapped file: valid as long as that is
	anchor bool
}

func (h *houseAt) number() house.Number { return house.Number{Main: h.main, Suffix: string(h.suffix)} }

// row is the houses of a street that are near each other.
type row struct {
	street uint32 // the string
	houses []houseAt
	even   int // how many of them have even numbers: they come first
}

// sides are the houses with even numbers, and those with odd ones.
func (r *row) sides() [2][]houseAt { return [2][]houseAt{r.houses[:r.even], r.houses[r.even:]} }

// appendRow writes a row whose houses are in order.
func appendRow(dst []byte, r *row) []byte {
	from := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.AppendUvarint(dst, uint64(r.street))
	dst = binary.AppendUvarint(dst, uint64(r.even))
	dst = binary.AppendUvarint(dst, uint64(len(r.houses)-r.even))
	last := spot{}
	for odd, side := range r.sides() {
		main := uint32(odd) //nolint:gosec // 0 or 1
		for i := range side {
			h := &side[i]
			v := uint64(h.main-main) / 2 << 2
			if h.anchor {
				v |= 2
			}
			if len(h.suffix) > 0 {
				v |= 1
			}
			dst = binary.AppendUvarint(dst, v)
			if len(h.suffix) > 0 {
				dst = binary.AppendUvarint(dst, uint64(len(h.suffix)))
				dst = append(dst, h.suffix...)
			}
			dst = binary.AppendVarint(dst, int64(h.lat)-int64(last.lat))
			dst = binary.AppendVarint(dst, int64(h.lon)-int64(last.lon))
			main, last = h.main, h.spot
		}
	}
	binary.LittleEndian.PutUint32(dst[from:], checksum(dst[from+4:]))
	return dst
}

// readRow reads a row into r, whose room is used again.
func readRow(b []byte, r *row) error {
	if len(b) < 4 || checksum(b[4:]) != binary.LittleEndian.Uint32(b) {
		return fmt.Errorf("%w: a street is not as it was written", ErrDamaged)
	}
	in := reader{b: b[4:]}
	street, even, odd := in.uvarint(), in.uvarint(), in.uvarint()
	const leastHouse = 3 // bytes
	if in.bad || street > math.MaxUint32 || even > uint64(len(in.b))/leastHouse || odd > uint64(len(in.b))/leastHouse {
		return fmt.Errorf("%w: a street begins wrongly", ErrDamaged)
	}
	r.street, r.even, r.houses = uint32(street), int(even), r.houses[:0]
	lat, lon := int64(0), int64(0)
	for side, n := range [2]uint64{even, odd} {
		main := uint64(side) //nolint:gosec // 0 or 1
		for range n {
			v := in.uvarint()
			h := houseAt{anchor: v&2 != 0}
			if v&1 != 0 {
				h.suffix = in.bytes(in.uvarint())
			}
			main += v >> 2 * 2
			lat, lon = lat+in.varint(), lon+in.varint()
			if in.bad || v>>2 > math.MaxUint32 || main > math.MaxUint32 || lat < -90e6 || lat > 90e6 || lon < -180e6 || lon > 180e6 {
				return fmt.Errorf("%w: a house is nowhere", ErrDamaged)
			}
			h.main, h.lat, h.lon = uint32(main), int32(lat), int32(lon)
			r.houses = append(r.houses, h)
		}
	}
	if len(in.b) > 0 {
		return fmt.Errorf("%w: a street is longer than its houses", ErrDamaged)
	}
	return nil
}

// reader reads numbers one after the other, and notes when there is none.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// varint is a difference of coordinates; what is more than the earth is round is none.
func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 || v > 360e6 || v < -360e6 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}
