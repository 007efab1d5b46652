package typeface

import (
	"encoding/binary"
	"errors"
)

// characters reads which glyph draws which character (OpenType 1.9, cmap): of the tables by Unicode the one with the
// most characters.
func characters(b []byte, numGlyphs int) (map[rune]uint16, error) {
	if len(b) < 4 {
		return nil, errors.New("the font's table of characters (cmap) is too short")
	}
	best, at := 0, uint32(0)
	for i := range int(binary.BigEndian.Uint16(b[2:])) {
		e := 4 + 8*i
		if e+8 > len(b) {
			return nil, errors.New("the font's table of characters (cmap) is cut short")
		}
		if rank := byUnicode(binary.BigEndian.Uint16(b[e:]), binary.BigEndian.Uint16(b[e+2:])); rank > best {
			best, at = rank, binary.BigEndian.Uint32(b[e+4:])
		}
	}
	if best == 0 || uint64(at)+2 > uint64(len(b)) {
		return nil, errors.New("the font has no table of characters by Unicode")
	}
	sub := b[at:]
	glyphs := map[rune]uint16{}
	add := func(c, g uint32) {
		if g != 0 && g < uint32(numGlyphs) && c <= 0x10ffff { //nolint:gosec // at most 65535
			glyphs[rune(c)] = uint16(g) //nolint:gosec // below 65536
		}
	}
	switch format := binary.BigEndian.Uint16(sub); format {
	case 4:
		return glyphs, segments(sub, add)
	case 12:
		return glyphs, groups(sub, add)
	default:
		return nil, errors.New("the font's table of characters has a format that is not read; 4 and 12 are")
	}
}

// byUnicode ranks the tables; 0 is one that is not by Unicode.
func byUnicode(platform, encoding uint16) int {
	switch {
	case platform == 3 && encoding == 10, platform == 0 && (encoding == 4 || encoding == 6):
		return 2
	case platform == 3 && encoding == 1, platform == 0 && encoding <= 3:
		return 1
	}
	return 0
}

// segments reads format 4.
func segments(b []byte, add func(c, g uint32)) error {
	short := errors.New("the font's table of characters is cut short")
	if len(b) < 14 {
		return short
	}
	n := int(binary.BigEndian.Uint16(b[6:])) / 2
	ends, starts := 14, 16+2*n
	deltas, offsets := starts+2*n, starts+4*n
	if offsets+2*n > len(b) {
		return short
	}
	at := func(i int) uint32 { return uint32(binary.BigEndian.Uint16(b[i:])) }
	for i := range n {
		start, end, delta, offset := at(starts+2*i), at(ends+2*i), at(deltas+2*i), at(offsets+2*i)
		for c := start; c <= end && c != 0xffff; c++ {
			if offset == 0 {
				add(c, (c+delta)&0xffff)
				continue
			}
			where := offsets + 2*i + int(offset) + 2*int(c-start)
			if where+2 > len(b) {
				return short
			}
			if g := at(where); g != 0 {
				add(c, (g+delta)&0xffff)
			}
		}
	}
	return nil
}

// groups reads format 12.
func groups(b []byte, add func(c, g uint32)) error {
	if len(b) < 16 {
		return errors.New("the font's table of characters is cut short")
	}
	n := uint64(binary.BigEndian.Uint32(b[12:]))
	if 16+12*n > uint64(len(b)) {
		return errors.New("the font's table of characters is cut short")
	}
	for i := range n {
		e := b[16+12*i:]
		start, end, glyph := binary.BigEndian.Uint32(e), binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:])
		if end < start || end > 0x10ffff || end-start > 0xffff {
			return errors.New("the font's table of characters has a group that is none")
		}
		for c := start; c <= end; c++ {
			add(c, glyph+c-start)
		}
	}
	return nil
}
