package main

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// place is a row of GeoNames' cities500.txt.
type place struct {
	name, country, region, district string
	keys                            []string // further folded names
	lat, lon                        int      // ten thousandths of a degree
	people, id                      int
	kind                            byte
}

// The columns of the file, of which GeoNames' readme says what they are.
const (
	colID = iota
	colName
	colASCII
	colOthers
	colLat
	colLon
	colClass
	colKind
	colCountry
	colCountry2
	colRegion
	colDistrict
	colDistrict3
	colDistrict4
	colPeople
	colCount = 19
)

func readPlaces(path string) ([]*place, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var places []*place
	for n := 1; lines.Scan(); n++ {
		p, err := readPlace(strings.Split(lines.Text(), "\t"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if p != nil {
			places = append(places, p)
		}
	}
	return places, lines.Err()
}

// readPlace reads one row; nil of what is no more: destroyed, abandoned or of history only.
func readPlace(row []string) (*place, error) {
	if len(row) != colCount {
		return nil, fmt.Errorf("%d columns, want %d", len(row), colCount)
	}
	switch row[colKind] {
	case "PPLQ", "PPLW", "PPLH", "PPLCH":
		return nil, nil
	case "":
		row[colKind] = "PPL"
	}
	p := &place{name: row[colName], country: row[colCountry], region: row[colRegion], district: row[colDistrict]}
	kind := slices.Index(bundle.KindCodes, row[colKind])
	if kind < 0 {
		return nil, fmt.Errorf("no such kind: %s", row[colKind])
	}
	p.kind = byte(kind)
	var err error
	if p.lat, err = degrees(row[colLat]); err != nil {
		return nil, err
	}
	if p.lon, err = degrees(row[colLon]); err != nil {
		return nil, err
	}
	if p.people, err = strconv.Atoi(row[colPeople]); err != nil {
		return nil, err
	}
	if p.id, err = strconv.Atoi(row[colID]); err != nil {
		return nil, err
	}
	p.keys = furtherKeys(p.name, append(strings.Split(row[colOthers], ","), row[colASCII]))
	return p, nil
}

// degrees are whole ten thousandths, 11 metres at most.
func degrees(s string) (int, error) {
	f, err := strconv.ParseFloat(s, 64)
	return int(math.Round(f * 1e4)), err
}

// furtherKeys are the folded names that are not made of the first one by package fold. Codes of
// airports (three capitals) and of the UN (five) are no names, nor is what has no letter.
func furtherKeys(name string, others []string) []string {
	made := fold.Variants(name)
	var keys []string
	for _, other := range others {
		if isCode(other) {
			continue
		}
		for _, key := range fold.Variants(other) {
			if key != "" && len(key) < 256 && !slices.Contains(made, key) && !slices.Contains(keys, key) && strings.ContainsFunc(key, isLetter) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r > 0x7f }

func isCode(s string) bool {
	if len(s) != 3 && len(s) != 5 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

func comparePlaces(a, b *place) int {
	return cmp.Or(cmp.Compare(a.country, b.country), cmp.Compare(a.region, b.region), cmp.Compare(a.district, b.district),
		cmp.Compare(a.name, b.name), cmp.Compare(b.people, a.people), cmp.Compare(a.id, b.id))
}

// placeSections are the columns of the places, put in order.
func placeSections(places []*place) []bundle.Section {
	slices.SortFunc(places, comparePlaces)
	var names, keys, areas, coords, people, kinds, ids []byte
	var last place
	for i, p := range places {
		names = append(append(names, p.name...), '\n')
		keys = append(append(keys, strings.Join(p.keys, "\t")...), '\n')
		coords = binary.AppendVarint(coords, int64(p.lat-last.lat))
		coords = binary.AppendVarint(coords, int64(p.lon-last.lon))
		people = binary.AppendUvarint(people, uint64(p.people)) //nolint:gosec // not below 0
		kinds = append(kinds, p.kind)
		ids = binary.AppendVarint(ids, int64(p.id-last.id))
		last = *p
		if i+1 == len(places) || area(places[i+1]) != area(p) {
			start := i
			for start > 0 && area(places[start-1]) == area(p) {
				start--
			}
			areas = fmt.Appendf(areas, "%s\t%d\n", area(p), i-start+1)
		}
	}
	return []bundle.Section{
		{Name: bundle.Names, Data: names},
		{Name: bundle.Keys, Data: keys},
		{Name: bundle.Areas, Data: areas},
		{Name: bundle.Coords, Data: coords},
		{Name: bundle.People, Data: people},
		{Name: bundle.Kinds, Data: kinds},
		{Name: bundle.IDs, Data: ids},
	}
}

func area(p *place) string { return p.country + "\t" + p.region + "\t" + p.district }

// textLines joins fields with tabs; one that has a tab or newline within is an error of the source.
func textLines(out *bytes.Buffer, fields ...string) {
	out.WriteString(strings.NewReplacer("\n", " ").Replace(strings.Join(fields, "\t")))
	out.WriteByte('\n')
}
