package gazetteer

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unicode/utf8"
)

// The file of the index, all numbers little endian:
//
//	8 bytes  magic
//	4        version of the format
//	4        number of sections
//	32       checksum (SHA-256) of the data it was made of
//	8        length of the file
//	16 each  offset and length of a section
//	36       the boot of the machine in which the sections were last seen to be whole, as text; zeros: none
//	4        CRC-32 (Castagnoli) of all behind the head
//	4        CRC-32 (Castagnoli) of all above
//
// and behind it the sections. The file is not synced when it is made: nobody waits half a tenth of a second for 50 MB to
// be on the disk that can be made again. In another boot the sections are compared with their checksum before they are
// believed. A text is a byte of length and that many bytes; a ref is where
// in secText one begins, and 0 the empty one. Points are two int32, latitude and longitude, in ten
// thousandths of a degree.
const (
	magic       = "brdgidx\n"
	version     = 2
	headFixed   = 8 + 4 + 4 + 32 + 8
	headBoot    = headFixed + int(sections)*16
	bootBytes   = 36
	headBytes   = headBoot + bootBytes + 4 + 4
	unit        = 1e4
	maxFile     = 1 << 30
	sumBytes    = 32
	offSections = 12
	offSum      = 16
	offLength   = 48
)

type section int

const (
	secText      section = iota // texts
	secPlaces                   // placeBytes each: ref of the name, point, people, id, area<<8 | kind
	secAreas                    // areaBytes each: country, region (uint16), ref of the district's name
	secRegions                  // regionBytes each: country, nothing (uint16), refs of name and code, point of its middle, places
	secCountries                // countryBytes each, sorted: code and two bytes of nothing, point of its middle, ref of the name
	secKeys                     // one after the other, at even offsets: place | mainName (3 bytes), length, folded name
	secExact                    // a table of the keys by all of it
	secFirst                    // a table of the keys by their first half
	secSecond                   // a table of the keys by their second half
	secWords                    // names of countries and regions: index<<1 | isRegion (uint32), text
	secWordTable                // a table of them
	secKD                       // kdBytes each: a point on the unit sphere (three float32), place
	secCells                    // of each cell of half a degree the country of its middle (a byte)
	secCellEdges                // cells+1 uint32: where in secEdges the cell's begin
	secEdges                    // uint32: index in secLine of a point: the edge goes from it to the next
	secLine                     // lineBytes each: point, two countries
	secCodes                    // codeBytes each, sorted: country and code (12 bytes), point, refs of place, state, code of the state, county
	sections
)

const (
	placeBytes   = 24
	areaBytes    = 8
	regionBytes  = 24
	countryBytes = 16
	kdBytes      = 16
	lineBytes    = 10
	codeBytes    = 36
	codeKey      = 12
	mainName     = 1 << 23 // of a key: it is the place's first name
	cellsAround  = 720
	cellsUp      = 360
	cellUnits    = 5000 // ten thousandths of a degree
)

// image is a file of that layout, mapped.
type image struct {
	all []byte
	sec [sections][]byte
}

// header makes what stands before the sections, but for their checksum and its own: see seal.
func header(sum [sumBytes]byte, lengths [sections]int) (head []byte, offsets [sections]int, total int) {
	total = (headBytes + 7) &^ 7
	for i, n := range lengths {
		offsets[i] = total
		total = (total + n + 7) &^ 7
	}
	head = append(head, magic...)
	head = binary.LittleEndian.AppendUint32(head, version)
	head = binary.LittleEndian.AppendUint32(head, uint32(sections))
	head = append(head, sum[:]...)
	head = binary.LittleEndian.AppendUint64(head, uint64(total)) //nolint:gosec // a length
	for i, n := range lengths {
		head = binary.LittleEndian.AppendUint64(head, uint64(offsets[i])) //nolint:gosec // a length
		head = binary.LittleEndian.AppendUint64(head, uint64(n))          //nolint:gosec // a length
	}
	return append(head, make([]byte, headBytes-len(head))...), offsets, total
}

// seal puts into a head the boot in which the sections are whole, their checksum, and that of the head.
func seal(head []byte, boot string, body uint32) {
	clear(head[headBoot : headBoot+bootBytes])
	copy(head[headBoot:headBoot+bootBytes], boot)
	binary.LittleEndian.PutUint32(head[headBoot+bootBytes:], body)
	binary.LittleEndian.PutUint32(head[headBytes-4:], checksum(head[:headBytes-4]))
}

// bodyOf is the checksum of the sections that a head has.
func bodyOf(head []byte) uint32 { return binary.LittleEndian.Uint32(head[headBoot+bootBytes:]) }

// seenIn reports whether a head says that the sections were whole in a boot.
func seenIn(head []byte, boot string) bool {
	return boot != "" && string(head[headBoot:headBoot+bootBytes]) == boot
}

func checksum(b []byte) uint32 { return checksumOn(0, b) }

// checksumOn goes on with a checksum.
func checksumOn(crc uint32, b []byte) uint32 {
	return crc32.Update(crc, crc32.MakeTable(crc32.Castagnoli), b)
}

// read takes a file apart, and says whether it is what it should be: whole, of this version, and
// made of the data of that checksum.
func read(file []byte, sum [sumBytes]byte) (*image, error) {
	if len(file) < headBytes || string(file[:len(magic)]) != magic {
		return nil, fmt.Errorf("it is no index")
	}
	head := file[:headBytes]
	if binary.LittleEndian.Uint32(head[headBytes-4:]) != checksum(head[:headBytes-4]) {
		return nil, fmt.Errorf("its head is damaged, or of another version")
	}
	switch {
	case binary.LittleEndian.Uint32(head[len(magic):]) != version, binary.LittleEndian.Uint32(head[offSections:]) != uint32(sections):
		return nil, fmt.Errorf("it is of another version")
	case [sumBytes]byte(head[offSum:]) != sum:
		return nil, fmt.Errorf("it was made of other data")
	case binary.LittleEndian.Uint64(head[offLength:]) != uint64(len(file)):
		return nil, fmt.Errorf("it has %d bytes, and should have %d", len(file), binary.LittleEndian.Uint64(head[offLength:]))
	}
	m := &image{all: file}
	for i := range m.sec {
		at := head[headFixed+16*i:]
		off, n := binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])
		if off > uint64(len(file)) || n > uint64(len(file))-off {
			return nil, fmt.Errorf("a section of it is beyond its end")
		}
		m.sec[i] = file[off:][:n:n]
	}
	return m, nil
}

func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
func u16(b []byte) int           { return int(binary.LittleEndian.Uint16(b)) }
func i32(b []byte) int32         { return int32(binary.LittleEndian.Uint32(b)) } //nolint:gosec // as it was written

// bytes are those of a text.
func (m *image) bytes(ref uint32) []byte {
	text := m.sec[secText][ref:]
	return text[1 : 1+int(text[0])]
}

func (m *image) text(ref uint32) string { return string(m.bytes(ref)) }

// table finds what has a hash: a power of two of starts, one more, and the entries between
// them: the offset of a key, halved, and above it a byte of its hash.
type table struct{ starts, entries []byte }

// slotBits of a table of n entries: so many that there are one to two of them in a slot.
func slotBits(n int) int {
	bits := 4
	for 2<<bits < n {
		bits++
	}
	return bits
}

func openTable(b []byte) table {
	n := int(u32(b, 0))
	return table{b[4:][:4*(n+1)], b[4*(n+2):]}
}

// of returns the entries with a hash, of which the upper byte must be compared.
func (t table) of(hash uint64) (entries []byte, tag uint32) {
	slots := len(t.starts)/4 - 1
	slot := int(hash>>8) & (slots - 1) //nolint:gosec // the lower bits of it
	from, to := u32(t.starts, slot), u32(t.starts, slot+1)
	return t.entries[4*from : 4*to], uint32(hash&0x7f) << 25
}

const entryOffset = 1<<25 - 1

// hashOf is FNV-1a, of 64 bits, of a text and a word before it, stirred once more so that all bits
// of it tell keys apart.
func hashOf(seed uint64, key []byte) uint64 {
	h := 14695981039346656037 ^ seed*0x9e3779b97f4a7c15
	for _, c := range key {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h ^ h>>29
}

// halves cuts a folded name in the middle, by letters, and returns how many it has.
func halves[T string | []byte](key T) (first, second T, letters int) {
	letters = utf8.RuneCount([]byte(key))
	at := letters / 2
	if letters != len(key) {
		at = 0
		for n := letters / 2; n > 0; n-- {
			_, size := utf8.DecodeRune([]byte(key[at:]))
			at += size
		}
	}
	return key[:at], key[at:], letters
}
