package places

import (
	"brood/jobs/files"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Index is an index of address points that is open. Its methods may be called from several
// goroutines at a time.
type Index struct {
	about  About
	houses uint64
	mapped []byte

	rows      list
	rowArea   u32s
	names     list
	nameRows  u32s
	words     dictionary
	wordNames list
	towns     dictionary
	townAreas list
	codes     list
	codeAreas list
	areas     list
	strings   list
	tree      *tree
	// bare are the areas of which neither town nor postcode is known, upwards.
	bare []uint32
}

// About says what an index was made of.
type About struct {
	Houses    uint64         `json:"houses"`
	Ranges    uint64         `json:"range_ends,omitempty"`
	Streets   uint64         `json:"streets"`
	Towns     int            `json:"towns"`
	Postcodes int            `json:"postcodes"`
	Countries map[string]int `json:"countries"` // houses of each; "" where it is not known
	Files     []string       `json:"files"`
	Formats   []string       `json:"formats"`
	Bare      []uint32       `json:"bare,omitempty"`
}

// About says what the index was made of.
func (x *Index) About() About { return x.about }

// suffix is what the name of an index ends with as a file.
const suffix = ".places"

var namePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
})

// CheckName refuses what cannot be the name of an index.
func CheckName(name string) error {
	if !namePattern().MatchString(name) {
		return fmt.Errorf("%q cannot be a name: use 1 to 64 letters, digits, dots, dashes and underscores, and begin with a letter or a digit", name)
	}
	return nil
}

// Dir is where the indexes are, beneath the state directory.
func Dir(state string) string { return filepath.Join(state, dirName) }

const dirName = "places"

// FileName is the file of an index beneath the state directory, by its name.
func FileName(name string) string { return filepath.Join(dirName, name+suffix) }

// Path is the file of an index, by its name.
func Path(state, name string) string { return filepath.Join(state, FileName(name)) }

// Named opens an index by its name.
func Named(state, name string) (*Index, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	x, err := Open(files.InState(state, FileName(name)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there are no places %q; make them with brood places import FILE --name %s%s", name, name, others(state))
	}
	return x, err
}

// others says which indexes there are.
func others(state string) string {
	names, err := Names(state)
	if err != nil || len(names) == 0 {
		return ""
	}
	return ", or take " + strings.Join(names, ", ")
}

// Names are the indexes that there are, in the order of their names.
func Names(state string) ([]string, error) {
	entries, err := os.ReadDir(Dir(state))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), suffix); ok && CheckName(name) == nil && e.Type().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

// Open opens an index. The file must not be changed while it is open: who makes a new one puts it in
// its place, as Import does.
func Open(path string) (*Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // what is mapped stays
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() < int64(headerSize) || st.Size() > math.MaxInt {
		return nil, fmt.Errorf("places %s: %w: it is too short", path, ErrDamaged)
	}
	mapped, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map places %s: %w", path, err)
	}
	x, err := decode(mapped)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("places %s: %w", path, err), unix.Munmap(mapped))
	}
	x.mapped = mapped
	return x, nil
}

// Close gives the mapped memory back. Nothing may be found meanwhile, or afterwards.
func (x *Index) Close() error {
	b := x.mapped
	x.mapped = nil
	if b == nil {
		return nil
	}
	return unix.Munmap(b)
}

// decode reads an index of bytes that stay as they are.
func decode(b []byte) (*Index, error) {
	parts, houses, err := readHeader(b)
	if err != nil {
		return nil, err
	}
	x := &Index{
		houses:    houses,
		rows:      list{u32s(parts[rowAt]), parts[rowData]},
		rowArea:   u32s(parts[rowArea]),
		names:     list{u32s(parts[nameAt]), parts[nameData]},
		nameRows:  u32s(parts[nameRows]),
		words:     dictionary{list{u32s(parts[wordAt]), parts[wordData]}, u32s(parts[wordBack])},
		wordNames: list{u32s(parts[wordNamesAt]), parts[wordNamesData]},
		towns:     dictionary{list{u32s(parts[townAt]), parts[townData]}, u32s(parts[townBack])},
		townAreas: list{u32s(parts[townAreasAt]), parts[townAreasData]},
		codes:     list{u32s(parts[codeAt]), parts[codeData]},
		codeAreas: list{u32s(parts[codeAreasAt]), parts[codeAreasData]},
		areas:     list{u32s(parts[areaAt]), parts[areaData]},
	}
	if s := parts[stringList]; len(s) >= 4 {
		n := uint64(u32s(s).at(0))
		if end := 4 + 4*(n+1); end <= uint64(len(s)) {
			x.strings = list{u32s(s[4:end]), s[end:]}
		}
	}
	x.tree = openTree(parts[treeSection], x.rows.len())
	if x.tree == nil || x.rowArea.len() != x.rows.len() || x.nameRows.len() != 2*x.names.len() || x.words.back.len() != x.words.len() || x.towns.back.len() != x.towns.len() ||
		x.wordNames.len() != x.words.len() || x.townAreas.len() != x.towns.len() || x.codeAreas.len() != x.codes.len() {
		return nil, fmt.Errorf("%w: its sections do not fit together", ErrDamaged)
	}
	if err := json.Unmarshal(parts[aboutSection], &x.about); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	x.bare = x.about.Bare
	return x, nil
}

// area is what the houses of some rows have in common.
type area struct {
	country                                  string
	region, county, town, district, postcode string
}

// area reads an area.
func (x *Index) area(i uint32) area {
	in := reader{b: x.areas.get(int(i))}
	cc := in.bytes(2)
	text := func() string { return x.text(in.uvarint()) }
	a := area{region: text(), county: text(), town: text(), district: text(), postcode: text()}
	if len(cc) == 2 && cc[0] != 0 {
		a.country = string(cc)
	}
	return a
}

// country is the country of an area, in the mapped file.
func (x *Index) country(i uint32) []byte {
	if b := x.areas.get(int(i)); len(b) > 2 && b[0] != 0 {
		return b[:2]
	}
	return nil
}

// text is a string of the list; empty if there is none.
func (x *Index) text(i uint64) string {
	if i > math.MaxInt32 {
		return ""
	}
	return string(x.strings.get(int(i)))
}

// rowsOf are the rows of a name, from the first up to end.
func (x *Index) rowsOf(name int) (first, end int) {
	first = int(x.nameRows.at(2 * name))
	end = first + int(x.nameRows.at(2*name+1))
	if first > x.rows.len() || end > x.rows.len() {
		return 0, 0
	}
	return first, end
}
