// Package bundle is the file that the gazetteer's data travels in: columns, each compressed for
// itself, so that they can be read at the same time by several goroutines. Gather writes it,
// the index is built of it; nothing else reads it.
//
// The file is the eight bytes of Magic, the number of sections as a little endian uint32, for
// each 16 bytes of name (padded with zeros), its length and its compressed length (uint32), and
// then the zstd frames one after the other. What a section holds is said at its name.
package bundle

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Magic begins the file; its last two bytes are the version of the sections.
const Magic = "brdgaz01"

// The sections. Texts are lines that end with a newline, their fields are separated by tabs.
// Numbers are varints of package binary; coordinates are in units of a ten thousandth of a degree.
const (
	Names     = "place names" // of each place a line
	Keys      = "place keys"  // of each place a line: its further folded names, tabs between
	Areas     = "place areas" // country, code of the region, code of the district, number of places
	Coords    = "place coords"
	People    = "place people"
	Kinds     = "place kinds" // of each place a byte: its index in KindCodes
	IDs       = "place ids"   // of GeoNames, as differences; 0 is none
	Regions   = "regions"     // country, code, name, then its folded names
	Districts = "districts"   // country, code of the region, code, name
	Countries = "countries"   // code, latitude, longitude of the middle, name, then its folded names
	Codes     = "us codes"    // code, place, code of the state, code of the county
	CodePoint = "us points"
	Arcs      = "arcs" // of the outlines: number of arcs; of each two countries, number of points, the points as differences
)

// KindCodes are the feature codes of GeoNames that places have; the last is a town of the post
// that is no place of GeoNames.
var KindCodes = []string{"PPL", "PPLA", "PPLA2", "PPLA3", "PPLA4", "PPLA5", "PPLC", "PPLCH", "PPLF", "PPLG", "PPLH", "PPLL", "PPLQ", "PPLR", "PPLS", "PPLW", "PPLX", "STLMT", PostTown}

// PostTown is the kind of a town that only the post knows.
const PostTown = "POST"

const (
	nameBytes  = 16
	entryBytes = nameBytes + 8
	most       = 64 << 20 // bytes of a section
)

// Section is one of the file.
type Section struct {
	Name string
	Data []byte
}

// Pack makes the file.
func Pack(sections []Section) ([]byte, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(32<<20))
	if err != nil {
		return nil, err
	}
	head := binary.LittleEndian.AppendUint32([]byte(Magic), uint32(len(sections))) //nolint:gosec // a dozen
	var body []byte
	for _, s := range sections {
		if len(s.Name) > nameBytes || len(s.Data) > most {
			return nil, fmt.Errorf("section %q: too long", s.Name)
		}
		frame := enc.EncodeAll(s.Data, nil)
		var name [nameBytes]byte
		copy(name[:], s.Name)
		head = append(head, name[:]...)
		head = binary.LittleEndian.AppendUint32(head, uint32(len(s.Data))) //nolint:gosec // checked
		head = binary.LittleEndian.AppendUint32(head, uint32(len(frame)))  //nolint:gosec // checked
		body = append(body, frame...)
	}
	return append(head, body...), nil
}

// Bundle is a file that was opened.
type Bundle struct{ sections map[string]packed }

type packed struct {
	frame  []byte
	length int
}

// Open reads the table of the sections.
func Open(file []byte) (*Bundle, error) {
	if len(file) < len(Magic)+4 || string(file[:len(Magic)]) != Magic {
		return nil, fmt.Errorf("this is not the data of the gazetteer of this version")
	}
	table := file[len(Magic)+4:]
	count := int(binary.LittleEndian.Uint32(file[len(Magic):]))
	if count > len(table)/entryBytes {
		return nil, fmt.Errorf("the data of the gazetteer is cut off")
	}
	b := &Bundle{sections: make(map[string]packed, count)}
	frames := table[count*entryBytes:]
	for i := range count {
		entry := table[i*entryBytes:][:entryBytes]
		name := strings.TrimRight(string(entry[:nameBytes]), "\x00")
		length, n := binary.LittleEndian.Uint32(entry[nameBytes:]), binary.LittleEndian.Uint32(entry[nameBytes+4:])
		if length > most || uint64(n) > uint64(len(frames)) {
			return nil, fmt.Errorf("the data of the gazetteer is damaged at %q", name)
		}
		b.sections[name] = packed{frame: frames[:n], length: int(length)}
		frames = frames[n:]
	}
	return b, nil
}

// Read returns one section. It may be called from several goroutines.
func (b *Bundle) Read(name string) ([]byte, error) {
	s, ok := b.sections[name]
	if !ok {
		return nil, fmt.Errorf("the data of the gazetteer has no %q", name)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(most))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	data, err := dec.DecodeAll(s.frame, make([]byte, 0, s.length))
	if err != nil {
		return nil, fmt.Errorf("the data of the gazetteer is damaged at %q: %w", name, err)
	}
	if len(data) != s.length {
		return nil, fmt.Errorf("the data of the gazetteer has %d bytes of %q, not %d", len(data), name, s.length)
	}
	return data, nil
}
