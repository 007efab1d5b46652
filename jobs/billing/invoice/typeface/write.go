package typeface

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// table is one of a font that is written.
type table struct {
	name string
	data []byte
}

// write puts the new font together; the tables stand in the order of their names (OpenType 1.9, table directory).
func (c *cutting) write(runes []rune) []byte {
	f, n := c.font, uint16(len(c.order)) //nolint:gosec // no more than the font has
	head := append([]byte(nil), f.tables["head"][:54]...)
	clear(head[8:12])                        // the checksum of the whole, below
	binary.BigEndian.PutUint16(head[50:], 1) // loca has four bytes each
	hhea := append([]byte(nil), f.tables["hhea"][:36]...)
	binary.BigEndian.PutUint16(hhea[34:], n)
	maxp := append([]byte(nil), f.tables["maxp"][:32]...)
	binary.BigEndian.PutUint16(maxp[4:], n)
	clear(maxp[14:28]) // nothing of zones, storage, functions and instructions
	maxp[15] = 1       // maxZones
	var loca []byte
	for _, at := range c.loca {
		loca = binary.BigEndian.AppendUint32(loca, at)
	}
	return assemble([]table{
		{"cmap", c.cmap(runes)},
		{"glyf", c.glyf},
		{"head", head},
		{"hhea", hhea},
		{"hmtx", c.hmtx()},
		{"loca", loca},
		{"maxp", maxp},
		{"post", c.post(runes)},
	})
}

// hmtx are the widths, each with the glyph's left edge.
func (c *cutting) hmtx() []byte {
	f, hmtx := c.font, c.font.tables["hmtx"]
	var b []byte
	for _, g := range c.order {
		b = binary.BigEndian.AppendUint16(b, uint16(f.advance(g))) //nolint:gosec // two bytes in the font too
		left := 4*g + 2
		if g >= f.metrics {
			left = 4*f.metrics + 2*(g-f.metrics)
		}
		b = append(b, hmtx[left:left+2]...)
	}
	return b
}

// cmap says which glyph draws which character: format 4 for Windows and Unicode, a segment for each run of characters
// whose glyphs are a run too.
func (c *cutting) cmap(runes []rune) []byte {
	type run struct{ start, end, glyph int }
	var runs []run
	for _, r := range runes {
		g := c.place[int(c.font.glyphs[r])]
		if last := len(runs) - 1; last >= 0 && runs[last].end+1 == int(r) && runs[last].glyph+int(r)-runs[last].start == g {
			runs[last].end++
			continue
		}
		runs = append(runs, run{int(r), int(r), g})
	}
	if len(runs) == 0 || runs[len(runs)-1].end != 0xffff {
		runs = append(runs, run{0xffff, 0xffff, 0}) // the format wants it
	}
	var ends, starts, deltas []byte
	put := func(to *[]byte, n int) { *to = binary.BigEndian.AppendUint16(*to, uint16(n)) } //nolint:gosec // modulo 65536, as the format has it
	for _, r := range runs {
		put(&ends, r.end)
		put(&starts, r.start)
		put(&deltas, r.glyph-r.start)
	}
	n := len(runs)
	power := 1 << (bits.Len(uint(n)) - 1)
	var b []byte
	for _, v := range []int{0, 1, 3, 1, 0, 12, 4, 16 + 8*n, 0, 2 * n, 2 * power, bits.Len(uint(power)) - 1, 2*n - 2*power} {
		put(&b, v)
	}
	b = append(b, ends...)
	put(&b, 0)
	b = append(b, starts...)
	b = append(b, deltas...)
	return append(b, make([]byte, 2*n)...)
}

// post has the names of the glyphs, uniXXXX (Adobe Glyph List Specification, section 2): a reader that does not find a character by
// the code that its name says finds it by the name.
func (c *cutting) post(runes []rune) []byte {
	const own = 258 // names before that are those of the Macintosh; 0 is that of a glyph without a character
	b := make([]byte, 32)
	binary.BigEndian.PutUint32(b, 0x00020000)
	names := make([]uint16, len(c.order))
	var text []byte
	n := uint16(own)
	for _, r := range runes {
		if at := c.place[int(c.font.glyphs[r])]; names[at] == 0 {
			names[at] = n
			n++
			name := fmt.Sprintf("uni%04X", r)
			text = append(append(text, byte(len(name))), name...)
		}
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(c.order))) //nolint:gosec // no more than the font has
	for _, name := range names {
		b = binary.BigEndian.AppendUint16(b, name)
	}
	return append(b, text...)
}

// assemble writes the directory and the tables, with their checksums.
func assemble(tables []table) []byte {
	n := len(tables)
	power := 1 << (bits.Len(uint(n)) - 1)
	b := []byte{0, 1, 0, 0}
	for _, v := range []int{n, 16 * power, bits.Len(uint(power)) - 1, 16*n - 16*power} {
		b = binary.BigEndian.AppendUint16(b, uint16(v)) //nolint:gosec // small
	}
	at, headAt := len(b)+16*n, 0
	for _, t := range tables {
		b = append(b, t.name...)
		b = binary.BigEndian.AppendUint32(b, checksum(t.data))
		b = binary.BigEndian.AppendUint32(b, uint32(at))          //nolint:gosec // shorter than the font
		b = binary.BigEndian.AppendUint32(b, uint32(len(t.data))) //nolint:gosec // shorter than the font
		if t.name == "head" {
			headAt = at
		}
		at += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		b = append(b, t.data...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	binary.BigEndian.PutUint32(b[headAt+8:], 0xb1b0afba-checksum(b)) // OpenType 1.9, head, checksumAdjustment
	return b
}

func checksum(b []byte) (sum uint32) {
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	var rest [4]byte
	copy(rest[:], b)
	return sum + binary.BigEndian.Uint32(rest[:])
}
