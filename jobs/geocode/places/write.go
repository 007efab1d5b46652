package places

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// writeTo writes the index of all points that were added, once.
func (b *builder) writeTo(f io.WriterAt, formats []string) (*About, error) {
	out := bufio.NewWriterSize(io.NewOffsetWriter(f, int64(headerSize)), 1<<20)
	s := &streets{b: b, out: out, perArea: make(map[uint32]int)}
	if err := s.write(); err != nil {
		return nil, err
	}
	parts := make([][]byte, sections)
	parts[rowAt], parts[rowArea] = s.offsets, s.areas
	s.offsets, s.areas = nil, nil
	b.putNames(parts, s.nameRows)
	b.putAreas(parts)
	parts[areaAt], parts[areaData] = appendList(b.areas.list)
	at, data := appendList(b.strings.list)
	parts[stringList] = append(append(binary.LittleEndian.AppendUint32(nil, uint32(len(b.strings.list))), at...), data...) //nolint:gosec // counted in 32 bits
	parts[treeSection] = appendTree(nil, s.boxes)
	about := b.aboutOf(s, parts, formats)
	var err error
	if parts[aboutSection], err = json.Marshal(about); err != nil {
		return nil, err
	}
	header := appendHeader(nil, s, parts)
	for _, p := range parts {
		if _, err := out.Write(p); err != nil {
			return nil, err
		}
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	_, err = f.WriteAt(header, 0)
	return about, err
}

func appendHeader(dst []byte, s *streets, parts [][]byte) []byte {
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, version)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(sections))
	size := uint64(headerSize) + s.written
	for _, p := range parts {
		size += uint64(len(p))
	}
	dst = binary.LittleEndian.AppendUint64(dst, size)
	dst = binary.LittleEndian.AppendUint64(dst, s.houses)
	at := uint64(headerSize)
	for i, p := range parts {
		length := uint64(len(p))
		if section(i) == rowData {
			length = s.written
		}
		dst = binary.LittleEndian.AppendUint64(dst, at)
		dst = binary.LittleEndian.AppendUint64(dst, length)
		sum := uint32(0)
		if section(i) != rowData {
			sum = checksum(p)
		}
		dst = binary.LittleEndian.AppendUint32(dst, sum)
		dst = binary.LittleEndian.AppendUint32(dst, 0)
		at += length
	}
	return binary.LittleEndian.AppendUint32(dst, checksum(dst))
}

// appendList writes a list.
func appendList[T string | []byte](entries []T) (at, data []byte) {
	at = append(at, 0, 0, 0, 0)
	for _, e := range entries {
		data = append(data, e...)
		at = binary.LittleEndian.AppendUint32(at, uint32(len(data))) //nolint:gosec // what is longer does not fit into memory
	}
	return at, data
}

// putNames writes the names in order, and the words in them.
func (b *builder) putNames(parts [][]byte, rowsOf []byte) {
	names := b.names.list
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return strings.Compare(names[x], names[y]) })
	sorted := make([]string, len(names))
	words := make(map[string][]uint32)
	for i, at := range order {
		sorted[i] = names[at]
		parts[nameRows] = append(parts[nameRows], rowsOf[8*at:8*at+8]...)
		for word := range strings.SplitSeq(names[at], " ") {
			has := words[word]
			if n := len(has); word != "" && (n == 0 || has[n-1] != uint32(i)) { //nolint:gosec // names are counted in 32 bits
				words[word] = append(has, uint32(i)) //nolint:gosec // as above
			}
		}
	}
	parts[nameAt], parts[nameData] = appendList(sorted)
	parts[wordAt], parts[wordData], parts[wordBack], parts[wordNamesAt], parts[wordNamesData] = postings(words, true)
}

// putAreas writes the towns and postcodes, and the areas of each.
func (b *builder) putAreas(parts [][]byte) {
	towns, codes := make(map[string][]uint32), make(map[string][]uint32)
	put := func(to map[string][]uint32, key string, area int) {
		has := to[key]
		if n := len(has); key != "" && (n == 0 || has[n-1] != uint32(area)) { //nolint:gosec // areas are counted in 32 bits
			to[key] = append(has, uint32(area)) //nolint:gosec // as above
		}
	}
	for i := range b.areas.list {
		a := b.areaParts(i)
		put(codes, codeKey(a.postcode, a.country), i)
		for _, name := range [...]string{a.town, a.district} {
			for _, key := range townKeys(name) {
				put(towns, key, i)
			}
		}
	}
	parts[townAt], parts[townData], parts[townBack], parts[townAreasAt], parts[townAreasData] = postings(towns, false)
	parts[codeAt], parts[codeData], _, parts[codeAreasAt], parts[codeAreasData] = postings(codes, false)
}

// areaParts reads an area that was interned.
func (b *builder) areaParts(i int) areaParts {
	in := reader{b: []byte(b.areas.list[i])}
	cc := in.bytes(2)
	text := func() string { return b.strings.list[in.uvarint()] }
	a := areaParts{region: text(), county: text(), town: text(), district: text(), postcode: text()}
	if cc[0] != 0 {
		a.country = string(cc)
	}
	return a
}

// postings writes the keys of a map in order, that order backwards, and the numbers of each, which
// go upwards; if they are to be counted, after how many there are.
func postings(m map[string][]uint32, counted bool) (at, data, back, numbersAt, numbersData []byte) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	entries := make([][]byte, len(keys))
	order := make([]uint32, len(keys))
	for i, k := range keys {
		order[i] = uint32(i) //nolint:gosec // keys are counted in 32 bits
		last := uint32(0)
		if counted {
			entries[i] = binary.AppendUvarint(nil, uint64(len(m[k])))
		}
		for _, v := range m[k] {
			entries[i] = binary.AppendUvarint(entries[i], uint64(v-last))
			last = v
		}
	}
	slices.SortFunc(order, func(x, y uint32) int {
		return cmp.Or(compareBack([]byte(keys[x]), []byte(keys[y])), cmp.Compare(x, y))
	})
	for _, i := range order {
		back = binary.LittleEndian.AppendUint32(back, i)
	}
	at, data = appendList(keys)
	numbersAt, numbersData = appendList(entries)
	return at, data, back, numbersAt, numbersData
}

// aboutOf says what the index was made of.
func (b *builder) aboutOf(s *streets, parts [][]byte, formats []string) *About {
	a := &About{
		Houses: s.houses, Ranges: s.ends, Streets: uint64(len(s.boxes)), Towns: max(len(parts[townAt])/4-1, 0), Postcodes: max(len(parts[codeAt])/4-1, 0),
		Countries: make(map[string]int), Formats: formats,
	}
	for _, name := range b.files {
		a.Files = append(a.Files, filepath.Base(name))
	}
	for i := range b.areas.list {
		p := b.areaParts(i)
		if n := s.perArea[uint32(i)]; n > 0 || s.ends > 0 { //nolint:gosec // areas are counted in 32 bits
			a.Countries[p.country] += n
		}
		if len(townKeys(p.town))+len(townKeys(p.district)) == 0 && codeKey(p.postcode, p.country) == "" {
			a.Bare = append(a.Bare, uint32(i)) //nolint:gosec // as above
		}
	}
	if bytes.Equal(parts[rowAt], []byte{0, 0, 0, 0}) { // not a single row
		a.Streets = 0
	}
	return a
}
