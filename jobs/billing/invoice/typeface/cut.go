package typeface

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Cut is a font with the glyphs of these characters and what they are made of, and no others: the
// tables that a document needs (ISO 32000-1, 9.9) and no programs for the grid of a screen, which take half of a font
// and change nothing on paper. The same characters make the same bytes.
func (f *Font) Cut(runes []rune) ([]byte, error) {
	runes = slices.Compact(slices.Sorted(slices.Values(runes)))
	c := &cutting{font: f, place: map[int]int{0: 0}, order: []int{0}}
	for _, r := range runes {
		if !f.Has(r) {
			return nil, fmt.Errorf("the font cannot draw %q (U+%04X)", r, r)
		}
		c.take(int(f.glyphs[r]))
	}
	if err := c.outlines(); err != nil {
		return nil, err
	}
	return c.write(runes), nil
}

// cutting is the making of one.
type cutting struct {
	font  *Font
	place map[int]int // where a glyph of the font stands in the new one
	order []int       // the glyphs of the new one
	glyf  []byte
	loca  []uint32
}

func (c *cutting) take(glyph int) int {
	at, ok := c.place[glyph]
	if !ok {
		at = len(c.order)
		c.place[glyph] = at
		c.order = append(c.order, glyph)
	}
	return at
}

// outlines copies the glyphs; those of which one is made are taken behind the others.
func (c *cutting) outlines() error {
	for i := 0; i < len(c.order); i++ {
		c.loca = append(c.loca, uint32(len(c.glyf))) //nolint:gosec // shorter than the font
		b, err := c.font.outline(c.order[i])
		if err == nil && len(b) > 0 {
			if contours := int16(binary.BigEndian.Uint16(b)); contours >= 0 { //nolint:gosec // two's complement
				b, err = simple(b, int(contours))
			} else {
				b, err = c.composite(b)
			}
		}
		if err != nil {
			return fmt.Errorf("glyph %d of the font: %w", c.order[i], err)
		}
		if len(c.glyf)+len(b) > maxFont { // outlines that lie over each other
			return errors.New("the outlines of the font are larger than the font")
		}
		c.glyf = append(c.glyf, b...)
		for len(c.glyf)%4 != 0 {
			c.glyf = append(c.glyf, 0)
		}
	}
	c.loca = append(c.loca, uint32(len(c.glyf))) //nolint:gosec // shorter than the font
	return nil
}

var errGlyph = errors.New("its outline is cut short")

// outline is the description of a glyph; nothing for one without a shape.
func (f *Font) outline(glyph int) ([]byte, error) {
	loca, glyf := f.tables["loca"], f.tables["glyf"]
	if glyph >= f.numGlyphs {
		return nil, fmt.Errorf("there are only %d", f.numGlyphs)
	}
	var start, end uint64
	if f.longLoca {
		start, end = uint64(binary.BigEndian.Uint32(loca[4*glyph:])), uint64(binary.BigEndian.Uint32(loca[4*glyph+4:]))
	} else {
		start, end = 2*uint64(binary.BigEndian.Uint16(loca[2*glyph:])), 2*uint64(binary.BigEndian.Uint16(loca[2*glyph+2:]))
	}
	if end < start || end > uint64(len(glyf)) || end != start && end-start < 10 {
		return nil, errGlyph
	}
	return glyf[start:end], nil
}

// simple is an outline of so many contours, without its instructions.
func simple(b []byte, contours int) ([]byte, error) {
	at := 10 + 2*contours
	if at+2 > len(b) {
		return nil, errGlyph
	}
	rest := at + 2 + int(binary.BigEndian.Uint16(b[at:]))
	if rest > len(b) {
		return nil, errGlyph
	}
	return slices.Concat(b[:at], []byte{0, 0}, b[rest:]), nil
}

// The flags of a part (OpenType 1.9, glyf, composite glyph flags).
const (
	partWords        = 0x0001
	partScale        = 0x0008
	partMore         = 0x0020
	partTwoScales    = 0x0040
	partMatrix       = 0x0080
	partInstructions = 0x0100
)

// composite is a glyph made of others, with their places in the new font and without its instructions.
func (c *cutting) composite(b []byte) ([]byte, error) {
	out := slices.Clone(b)
	for at := 10; ; {
		if at+4 > len(out) {
			return nil, errGlyph
		}
		flags := binary.BigEndian.Uint16(out[at:])
		part := int(binary.BigEndian.Uint16(out[at+2:]))
		if part >= c.font.numGlyphs {
			return nil, fmt.Errorf("it is made of glyph %d, and there are only %d", part, c.font.numGlyphs)
		}
		binary.BigEndian.PutUint16(out[at:], flags&^partInstructions)
		binary.BigEndian.PutUint16(out[at+2:], uint16(c.take(part))) //nolint:gosec // no more than the font has
		at += 6
		if flags&partWords != 0 {
			at += 2
		}
		switch {
		case flags&partScale != 0:
			at += 2
		case flags&partTwoScales != 0:
			at += 4
		case flags&partMatrix != 0:
			at += 8
		}
		if at > len(out) {
			return nil, errGlyph
		}
		if flags&partMore == 0 {
			return out[:at], nil
		}
	}
}
