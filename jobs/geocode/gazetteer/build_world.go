package gazetteer

import (
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// world is the countries, their regions, and areas, while the index is made.
type world struct {
	text                      *texts
	countries, regions, areas []byte
	country                   map[string]int    // a code's index in countries
	region                    map[string]int    // "DE.02": index in regions
	district                  map[string]uint32 // "DE.02.091": ref of its name
	counts                    []int             // places of each area
	names                     []word
}

// word is a name of a country or region.
type word struct {
	key    string
	number uint32
}

func fields(b []byte, each func(row []string) error) error {
	for line := range strings.Lines(string(b)) {
		if err := each(strings.Split(strings.TrimSuffix(line, "\n"), "\t")); err != nil {
			return err
		}
	}
	return nil
}

func readWorld(b *bundle.Bundle, text *texts) (*world, error) {
	w := &world{text: text, country: map[string]int{}, region: map[string]int{}, district: map[string]uint32{}}
	for _, part := range []struct {
		section string
		least   int
		add     func(row []string) error
	}{
		{bundle.Countries, 4, w.addCountry},
		{bundle.Regions, 3, w.addRegion},
		{bundle.Districts, 4, func(row []string) error {
			w.district[row[0]+"."+row[1]+"."+row[2]] = text.once(row[3])
			return nil
		}},
		{bundle.Areas, 4, w.addArea},
	} {
		lines, err := b.Read(part.section)
		if err != nil {
			return nil, err
		}
		err = fields(lines, func(row []string) error {
			if len(row) < part.least {
				return fmt.Errorf("the data of the gazetteer has a short row of %s: %q", part.section, row)
			}
			return part.add(row)
		})
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *world) addCountry(row []string) error {
	lat, err := strconv.ParseInt(row[1], 10, 32)
	if err != nil {
		return err
	}
	lon, err := strconv.ParseInt(row[2], 10, 32)
	if err != nil {
		return err
	}
	n := len(w.country)
	if n == 255 || len(row[0]) != 2 {
		return fmt.Errorf("country %q is one too many, or has no code", row[0])
	}
	w.country[row[0]] = n
	w.countries = append(w.countries, row[0][0], row[0][1], 0, 0)
	w.countries = point(w.countries, lat, lon)
	w.countries = binary.LittleEndian.AppendUint32(w.countries, w.text.once(row[3]))
	w.addWords(row[4:], uint32(n)<<1)
	return nil
}

func point(b []byte, lat, lon int64) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(int32(lat)))    //nolint:gosec // within the earth
	return binary.LittleEndian.AppendUint32(b, uint32(int32(lon))) //nolint:gosec // within the earth
}

func (w *world) addWords(keys []string, number uint32) {
	for _, key := range keys {
		w.names = append(w.names, word{key[:min(len(key), 255)], number})
	}
}

func (w *world) addRegion(row []string) error {
	country, ok := w.country[row[0]]
	if !ok {
		return nil // of which there is no place
	}
	n := len(w.region)
	w.region[row[0]+"."+row[1]] = n
	w.regions = binary.LittleEndian.AppendUint16(w.regions, uint16(country)) //nolint:gosec // below 255
	w.regions = append(w.regions, 0, 0)
	w.regions = binary.LittleEndian.AppendUint32(w.regions, w.text.once(row[2]))
	w.regions = binary.LittleEndian.AppendUint32(w.regions, w.text.once(row[1]))
	w.regions = append(w.regions, make([]byte, regionBytes-12)...)
	w.addWords(row[3:], uint32(n)<<1|1) //nolint:gosec // some thousands
	return nil
}

const noRegion = 0xffff

func (w *world) addArea(row []string) error {
	count, err := strconv.Atoi(row[3])
	if err != nil || count < 1 {
		return fmt.Errorf("the data of the gazetteer has an area of %q places", row[3])
	}
	country, ok := w.country[row[0]]
	if !ok {
		return fmt.Errorf("the data of the gazetteer has no country %q", row[0])
	}
	region, ok := w.region[row[0]+"."+row[1]]
	if !ok {
		region = noRegion
	}
	w.areas = binary.LittleEndian.AppendUint16(w.areas, uint16(country)) //nolint:gosec // below 255
	w.areas = binary.LittleEndian.AppendUint16(w.areas, uint16(region))  //nolint:gosec // some thousands
	w.areas = binary.LittleEndian.AppendUint32(w.areas, w.district[row[0]+"."+row[1]+"."+row[2]])
	w.counts = append(w.counts, count)
	return nil
}

// words are the names of countries and regions and the table of them.
func (w *world) words() (words, index []byte) {
	var offsets []uint32
	var hashes []uint64
	for _, n := range w.names {
		offsets = append(offsets, uint32(len(words)/2)) //nolint:gosec // some hundred thousand
		hashes = append(hashes, hashOf(0, []byte(n.key)))
		words = binary.LittleEndian.AppendUint32(words, n.number)
		words = append(append(words, byte(len(n.key))), n.key...)
		if len(words)%2 != 0 {
			words = append(words, 0)
		}
	}
	return words, buildTable(offsets, hashes)
}
