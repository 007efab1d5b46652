// Package places is an index of a user's own address points, and a [geo.Finder] on it: house
// numbers without a network and without a bill. It has what brood places does (import, list,
// rm), the index, and the search. Reading the files that addresses come in is left to package source,
// what a house number is to package house, and spelling to package fold.
//
// One index is one file, STATE/places/NAME.places, made as a whole or not at all, never changed
// and mapped by all workers that use it: they share the memory. What is read of it is checked:
// all that a search goes by has checksums that are looked at when the file is opened, the row of a
// street has its own, looked at whenever it is read, and no figure in it is believed to be an
// offset before it is compared with what there is. A damaged file is an error, never another house.
//
// # The format, version 1
//
// Numbers are little-endian; uvarint and varint are those of encoding/binary. The file is a
// header, and the sections in the order of their numbers without gaps.
//
//	 0  8 bytes  "broodplc"
//	 8  uint32   version: 1. Another one is not read: the index is to be imported again.
//	12  uint32   how many sections there are: 25
//	16  uint64   size of the file
//	24  uint64   house numbers in it
//	32  24 bytes for each section: uint64 offset, uint64 length, uint32 CRC-32C, uint32 0;
//	             the checksum of section 0 is 0
//	    uint32   CRC-32C of the header up to here
//
// A list is two sections, one of n+1 uint32 that say where each of n entries begins in the other
// and where the last one ends: the first is 0, none is less than the one before it.
//
//	 0, 1   rows: data before offsets, all others the other way round. See below.
//	 2      for each row, uint32: its area
//	 3, 4   names of streets, folded, in the order of their bytes
//	 5      for each name, two uint32: its first row, and how many rows it has
//	 6, 7   words of names, in the order of their bytes
//	 8      uint32: the words in the order of their bytes read backwards
//	 9, 10  for each word, the names that have it: uvarint of how many, and of the differences, upwards
//	11, 12  names of towns and of parts of them, folded, in the order of their bytes
//	13      uint32: the towns in the order of their bytes read backwards
//	14, 15  for each town, its areas: uvarint of the differences, upwards
//	16, 17  postcodes, capitals and figures alone, in the order of their bytes
//	18, 19  for each postcode, its areas, as above
//	20, 21  areas: 2 bytes of the country, or 0; uvarint of the strings that are region, county, town,
//	        district, postcode
//	22      strings: as a list in one section, the offsets first, after a uint32 of how many there are
//	23      the tree: for each row in the order of the Hilbert curve, and then for every 16 of
//	        these, and for every 16 of those, until there is one: a box of four int32, south, west, north,
//	        east in millionths of a degree. After all boxes, for each row in that order, its uint32.
//	24      what the index was made of, as JSON
//
// A row is the houses of one street (a name in an area) that are near each other:
//
//	uint32  CRC-32C of what follows
//	uvarint the string that is the street as it was written
//	uvarint how many houses with even numbers follow, then how many with odd ones
//	for each house, the even ones first, by number:
//	  uvarint  4 × (half of the difference to the number before, which begins at 0 or 1)
//	           + 2 if no house is known here: see [source.Point] + 1 if there is a suffix
//	  uvarint  length of the suffix, and the suffix, if there is one
//	  varint   latitude, varint longitude, each less that of the house before, in millionths
//
// A house with the number 0 stands for the street as a whole.
package places

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

const (
	magic   = "broodplc"
	version = 1
	// headerSize is the header with its checksum.
	headerSize = 32 + int(sections)*sectionSize + 4

	sectionSize = 24
)

// section numbers the sections.
type section int

const (
	rowData section = iota
	rowAt
	rowArea
	nameAt
	nameData
	nameRows
	wordAt
	wordData
	wordBack
	wordNamesAt
	wordNamesData
	townAt
	townData
	townBack
	townAreasAt
	townAreasData
	codeAt
	codeData
	codeAreasAt
	codeAreasData
	areaAt
	areaData
	stringList
	treeSection
	aboutSection
	sections
)

// ErrDamaged is wrapped by what is said of a file that is none of ours, or not as it was written.
var ErrDamaged = errors.New("the index is damaged; import it again with --replace")

// castagnoli is made when it is first used, by package crc32 itself.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// u32s is a row of uint32.
type u32s []byte

func (u u32s) len() int { return len(u) / 4 }

// at is one of them; 0, which is checked by who uses it, if there are not so many.
func (u u32s) at(i int) uint32 {
	if i < 0 || 4*i+4 > len(u) {
		return 0
	}
	return binary.LittleEndian.Uint32(u[4*i:])
}

// list is entries of bytes one after the other.
type list struct {
	offsets u32s
	data    []byte
}

func (l *list) len() int { return max(l.offsets.len()-1, 0) }

// get is one entry; nil if there is none, or the file is damaged.
func (l *list) get(i int) []byte {
	if i < 0 || i >= l.len() {
		return nil
	}
	from, to := l.offsets.at(i), l.offsets.at(i+1)
	if from > to || uint64(to) > uint64(len(l.data)) {
		return nil
	}
	return l.data[from:to:to]
}

// numbers are the numbers of an entry of differences; ok is false of what is not so.
func numbers(dst []uint32, b []byte) (out []uint32, ok bool) {
	last := uint64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 || d > math.MaxUint32 || last+d > math.MaxUint32 {
			return dst, false
		}
		last, b = last+d, b[n:]
		dst = append(dst, uint32(last))
	}
	return dst, true
}

// readHeader finds the sections of a file.
func readHeader(b []byte) (parts [sections][]byte, houses uint64, err error) {
	bad := func(why string) error { return fmt.Errorf("%w: %s", ErrDamaged, why) }
	if len(b) < 16 || string(b[:8]) != magic {
		return parts, 0, bad("it does not begin as one")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return parts, 0, fmt.Errorf("the index is of version %d, and this brood reads version %d; import it again with --replace", v, version)
	}
	if len(b) < headerSize || binary.LittleEndian.Uint32(b[12:]) != uint32(sections) {
		return parts, 0, bad("its header is cut off")
	}
	if checksum(b[:headerSize-4]) != binary.LittleEndian.Uint32(b[headerSize-4:]) {
		return parts, 0, bad("its header is not as it was written")
	}
	if size := binary.LittleEndian.Uint64(b[16:]); size != uint64(len(b)) {
		return parts, 0, bad(fmt.Sprintf("it has %d bytes of %d", len(b), size))
	}
	end := uint64(headerSize)
	for s := range parts {
		h := b[32+s*sectionSize:]
		from, length := binary.LittleEndian.Uint64(h), binary.LittleEndian.Uint64(h[8:])
		if from != end || length > uint64(len(b))-from {
			return parts, 0, bad(fmt.Sprintf("section %d is not where it should be", s))
		}
		end = from + length
		parts[s] = b[from:end:end]
		if section(s) != rowData && checksum(parts[s]) != binary.LittleEndian.Uint32(h[16:]) {
			return parts, 0, bad(fmt.Sprintf("section %d is not as it was written", s))
		}
	}
	if end != uint64(len(b)) {
		return parts, 0, bad("there is more behind it")
	}
	return parts, binary.LittleEndian.Uint64(b[24:]), nil
}
