// Package typeface reads TrueType fonts: which characters one can draw, how wide they are, and a
// smaller font with only the glyphs of some characters, made once for a run and embedded in each of its documents.
//
// It promises that a font with any bytes is read or refused and never crashes (a user may bring one), that what it
// cuts is the same for the same characters, and that a character counts as drawable only where a glyph drawn by itself, from
// left to right, is right: not what is written from right to left, has joined forms, or combines.
//
// It leaves to others where text stands, and how a document embeds a font. A font comes with it: DejaVu Sans Condensed 2.37,
// unchanged; its licence stands beside it.
package typeface

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

//go:embed DejaVuSansCondensed.ttf.gz
var packed []byte

// Embedded is the font that comes with brood. It is unpacked when it is first asked for.
var Embedded = sync.OnceValues(func() (*Font, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the embedded font: %w", err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack the embedded font: %w", err)
	}
	return Parse(b)
})

// Font is a TrueType font that has been read. It is not changed any more.
type Font struct {
	tables    map[string][]byte
	units     int // of an em
	longLoca  bool
	numGlyphs int
	metrics   int // entries of hmtx that have an advance
	glyphs    map[rune]uint16
}

// Shape is what a document must know of a font besides its glyphs, in thousandths of an em.
type Shape struct {
	Ascent, Descent, CapHeight int
	Box                        [4]int // left, bottom, right, top
}

// maxFont bounds what is read; no font with text in it comes near.
const maxFont = 64 << 20

// Parse reads a font of the TrueType kind (outlines in a table glyf).
func Parse(b []byte) (*Font, error) {
	if len(b) > maxFont {
		return nil, fmt.Errorf("the font has %d bytes, and at most %d are read", len(b), maxFont)
	}
	tables, err := directory(b)
	if err != nil {
		return nil, err
	}
	f := &Font{tables: tables}
	for _, name := range []string{"head", "hhea", "hmtx", "maxp", "loca", "glyf", "cmap"} {
		if _, ok := tables[name]; !ok {
			return nil, fmt.Errorf("the font has no table %s: give one with TrueType outlines (.ttf)", name)
		}
	}
	if err := f.header(); err != nil {
		return nil, err
	}
	if f.glyphs, err = characters(tables["cmap"], f.numGlyphs); err != nil {
		return nil, err
	}
	return f, nil
}

// directory finds the tables.
func directory(b []byte) (map[string][]byte, error) {
	if len(b) < 12 {
		return nil, errors.New("this is no font: it has less than 12 bytes")
	}
	switch tag := string(b[:4]); tag {
	case "\x00\x01\x00\x00", "true":
	case "OTTO", "ttcf", "wOFF", "wOF2":
		return nil, fmt.Errorf("a font of the kind %q cannot be embedded: give one with TrueType outlines (.ttf)", tag)
	default:
		return nil, fmt.Errorf("this is no font: it begins with %q", tag)
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	tables := make(map[string][]byte, n)
	for i := range n {
		at := 12 + 16*i
		if at+16 > len(b) {
			return nil, errors.New("the font ends within its directory")
		}
		start, size := uint64(binary.BigEndian.Uint32(b[at+8:])), uint64(binary.BigEndian.Uint32(b[at+12:]))
		if start+size > uint64(len(b)) {
			return nil, fmt.Errorf("the font is cut short: its table %q ends behind its end", b[at:at+4])
		}
		tables[string(b[at:at+4])] = b[start : start+size]
	}
	return tables, nil
}

// header reads what the font says of itself.
func (f *Font) header() error {
	head, hhea, maxp := f.tables["head"], f.tables["hhea"], f.tables["maxp"]
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 32 {
		return errors.New("the font's tables head, hhea and maxp are too short")
	}
	f.units = int(binary.BigEndian.Uint16(head[18:]))
	f.longLoca = binary.BigEndian.Uint16(head[50:]) != 0
	f.numGlyphs = int(binary.BigEndian.Uint16(maxp[4:]))
	f.metrics = int(binary.BigEndian.Uint16(hhea[34:]))
	switch {
	case f.units < 16 || f.units > 16384: // OpenType 1.9, head
		return fmt.Errorf("the font has %d units to an em; there are 16 to 16384", f.units)
	case f.metrics < 1 || f.metrics > f.numGlyphs || len(f.tables["hmtx"]) < 4*f.metrics+2*(f.numGlyphs-f.metrics):
		return errors.New("the font's widths (hmtx) are fewer than its glyphs")
	case len(f.tables["loca"]) < (f.numGlyphs+1)*f.locaSize():
		return errors.New("the font's index of glyphs (loca) is shorter than it says")
	}
	// OpenType 1.9, OS/2, fsType: 2 alone is "restricted licence embedding".
	if os2 := f.tables["OS/2"]; len(os2) >= 10 && binary.BigEndian.Uint16(os2[8:])&0xf == 2 {
		return errors.New("the font's licence forbids to embed it (OS/2 fsType is restricted): take another")
	}
	return nil
}

func (f *Font) locaSize() int {
	if f.longLoca {
		return 4
	}
	return 2
}

// Has reports whether the font can draw a character by itself.
func (f *Font) Has(r rune) bool {
	return f.glyphs[r] != 0 && r <= 0xffff && !NeedsShaping(r)
}

// Missing are the characters of a text that the font cannot draw, each once, in the order of their codes.
func (f *Font) Missing(text string) []rune {
	var missing []rune
	for _, r := range text {
		if !f.Has(r) && !slices.Contains(missing, r) {
			missing = append(missing, r)
		}
	}
	slices.Sort(missing)
	return missing
}

// Width is how far a character moves on, in thousandths of an em.
func (f *Font) Width(r rune) int { return f.thousandths(f.advance(int(f.glyphs[r]))) }

func (f *Font) advance(glyph int) int {
	return int(binary.BigEndian.Uint16(f.tables["hmtx"][4*min(glyph, f.metrics-1):]))
}

// Shape is the font's.
func (f *Font) Shape() Shape {
	head, hhea := f.tables["head"], f.tables["hhea"]
	s := Shape{Ascent: f.signed(hhea[4:]), Descent: f.signed(hhea[6:])}
	for i := range s.Box {
		s.Box[i] = f.signed(head[36+2*i:])
	}
	s.CapHeight = s.Ascent
	if b, err := f.outline(int(f.glyphs['H'])); err == nil && len(b) >= 10 {
		s.CapHeight = f.signed(b[8:])
	}
	return s
}

func (f *Font) signed(b []byte) int {
	return f.thousandths(int(int16(binary.BigEndian.Uint16(b)))) //nolint:gosec // two's complement, as the format has it
}

// thousandths rounds to the nearest.
func (f *Font) thousandths(units int) int {
	n := 2000*units + f.units
	if n < 0 {
		n -= 2*f.units - 1 // towards minus infinity
	}
	return n / (2 * f.units)
}
