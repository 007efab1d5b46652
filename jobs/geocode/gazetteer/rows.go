package gazetteer

import (
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"brood/jobs/geocode/geo"
	"bytes"
	"math"
	"slices"
	"strconv"
)

// place is a row of secPlaces.
type place []byte

func (m *image) place(i uint32) place {
	return place(m.sec[secPlaces][int(i)*placeBytes:][:placeBytes])
}
func (m *image) places() int { return len(m.sec[secPlaces]) / placeBytes }

func (p place) name() uint32     { return u32(p, 0) }
func (p place) point() geo.Point { return pointAt(p[4:]) }
func (p place) people() uint32   { return u32(p, 3) }
func (p place) id() uint32       { return u32(p, 4) }
func (p place) area() int        { return int(u32(p, 5) >> 8) }
func (p place) kind() string     { return bundle.KindCodes[p[20]] }

func pointAt(b []byte) geo.Point {
	return geo.Point{Lat: float64(i32(b)) / unit, Lon: float64(i32(b[4:])) / unit}
}

// section is a part of a town, which shares its name with it at times.
func (p place) section() bool { return p.kind() == "PPLX" }

func (m *image) area(i int) (country, region int, district uint32) {
	a := m.sec[secAreas][i*areaBytes:][:areaBytes]
	return u16(a), u16(a[2:]), u32(a, 1)
}

func (m *image) region(i int) []byte  { return m.sec[secRegions][i*regionBytes:][:regionBytes] }
func (m *image) country(i int) []byte { return m.sec[secCountries][i*countryBytes:][:countryBytes] }

// countryCode is the code of a country, "" of nowhere.
func (m *image) countryCode(i int) string {
	if i == nowhere {
		return ""
	}
	return string(m.country(i)[:2])
}

// countryNumber is where a country stands, or -1.
func (m *image) countryNumber(code string) int {
	if len(code) != 2 {
		return -1
	}
	lo, hi := 0, len(m.sec[secCountries])/countryBytes
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := m.country(mid); {
		case c[0] == code[0] && c[1] == code[1]:
			return mid
		case c[0] < code[0] || c[0] == code[0] && c[1] < code[1]:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return -1
}

// Centre returns the middle of a country, of its largest part, by its code of ISO 3166-1: where
// a provider puts what it knows nothing of but the country.
func (x *Index) Centre(country string) (at geo.Point, ok bool) {
	var damaged error
	defer guard(&damaged)
	n := x.countryNumber(country)
	if n < 0 {
		return at, false
	}
	return pointAt(x.country(n)[4:]), true
}

// answer makes a place of a row.
func (m *image) answer(i uint32) (a geo.Place) {
	m.fill(&a, i)
	return a
}

// fill writes a place of a row where it is to be: a Place is large, and there are many.
func (m *image) fill(a *geo.Place, i uint32) {
	p := m.place(i)
	number, region, district := m.area(p.area())
	country := m.country(number)
	var state []byte
	if region != noRegion {
		state = m.bytes(u32(m.region(region), 1))
	}
	var room [wordingBytes]byte
	w := wording{b: room[:0]}
	a.Point, a.Precision, a.Population, a.Kind = p.point(), geo.PrecisionCity, int64(p.people()), kindWord(p.kind())
	w.address(m.bytes(p.name()), state, nil, m.bytes(u32(country, 3)))
	w.add(m.bytes(district))
	w.add(country[:2])
	if id := p.id(); id != 0 {
		var b [20]byte
		w.add(strconv.AppendUint(append(b[:0], "geonames:"...), uint64(id), 10))
	}
	w.into(&a.Formatted, &a.City, &a.State, &a.Postcode, &a.Country, &a.County, &a.CountryCode, &a.ID)
}

// wording gathers the texts of an answer in one string, which is cut up in the end: answers are
// made by the hundred thousand. Parts of the address are parts of it.
type wording struct {
	b     []byte
	parts [8][2]int // where each text is
	n     int
}

// wordingBytes has room for the texts of nearly all places.
const wordingBytes = 192

func (w *wording) add(s []byte) {
	from := len(w.b)
	w.b = append(w.b, s...)
	w.parts[w.n] = [2]int{from, len(w.b)}
	w.n++
}

// address is on one line, without what is not known and what would stand twice, and then its
// parts: city, state, postal code, country.
func (w *wording) address(city, state, postcode, country []byte) {
	w.n = 1
	w.add(city)
	between := ", "
	for i, part := range [][]byte{state, postcode, country} {
		if bytes.Equal(part, city) {
			w.parts[w.n] = w.parts[1]
			w.n++
			continue
		}
		if len(part) > 0 && len(w.b) > 0 {
			w.b = append(w.b, between...)
		}
		w.add(part)
		between = ", "
		if i == 0 && len(part) > 0 {
			between = " " // a postal code is behind its state
		}
		if i == 0 && len(postcode) == 0 {
			between = ", "
		}
	}
	w.parts[0] = [2]int{0, len(w.b)}
}

func (w *wording) into(texts ...*string) {
	all := string(w.b)
	for i, t := range texts[:w.n] {
		*t = all[w.parts[i][0]:w.parts[i][1]]
	}
}

// kindWord says in a word what a place is, of GeoNames' feature codes.
func kindWord(code string) string {
	switch code {
	case "PPLC":
		return "capital"
	case "PPLX":
		return "section"
	case bundle.PostTown:
		return "post town"
	case "PPLA", "PPLA2", "PPLA3", "PPLA4", "PPLA5":
		return "seat"
	}
	return "town"
}

// chord is the straight distance of two points on the unit sphere, squared, that are so many
// metres apart.
func chord(metres float64) float32 {
	const earth = 6371008.8
	s := 2 * math.Sin(min(metres/earth, math.Pi)/2)
	return float32(s * s)
}

// within says whether a country is among those that bound the answers.
func within(countries []string, code string) bool {
	return len(countries) == 0 || slices.Contains(countries, code)
}
