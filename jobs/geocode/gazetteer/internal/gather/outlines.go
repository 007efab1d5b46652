package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"

	"golang.org/x/text/language"
)

// world is the outlines of the countries, as lines that two countries may share.
type world struct {
	arcs   [][]point
	of     [][]string // of each arc the countries it bounds: those on which it lies once
	rings  []ring
	codes  []string // of the countries, sorted
	number map[string]int
}

// ring is the outer line of a part of a country.
type ring struct {
	country string
	points  []point
}

// point is in ten thousandths of a degree.
type point struct{ lon, lat int }

// topology is as much of TopoJSON as world-atlas uses.
type topology struct {
	Transform struct {
		Scale, Translate [2]float64
	} `json:"transform"`
	Arcs    [][][2]int `json:"arcs"`
	Objects struct {
		Countries struct {
			Geometries []geometry `json:"geometries"`
		} `json:"countries"`
	} `json:"objects"`
}

type geometry struct {
	Type       string          `json:"type"`
	ID         string          `json:"id"`
	Arcs       json.RawMessage `json:"arcs"`
	Properties struct {
		Name string `json:"name"`
	} `json:"properties"`
}

// tolerance is how far a line may be from where it was, in ten thousandths of a degree: as far as
// the source's own steps are apart.
const tolerance = 30

func readOutlines(path string) (*world, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var t topology
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	w := &world{of: make([][]string, len(t.Arcs)), number: map[string]int{}}
	for _, arc := range t.Arcs {
		w.arcs = append(w.arcs, t.place(arc))
	}
	for _, g := range t.Objects.Countries.Geometries {
		if err := w.add(g); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, g.Properties.Name, err)
		}
	}
	slices.Sort(w.codes)
	w.codes = slices.Compact(w.codes)
	return w, nil
}

// place takes an arc out of its steps.
func (t *topology) place(arc [][2]int) []point {
	out := make([]point, 0, len(arc))
	var x, y int
	for _, step := range arc {
		x, y = x+step[0], y+step[1]
		at := func(n, i int) int {
			return int(math.Round((t.Transform.Translate[i] + float64(n)*t.Transform.Scale[i]) * 1e4))
		}
		out = append(out, point{at(x, 0), at(y, 1)})
	}
	return out
}

func (w *world) add(g geometry) error {
	var polygons [][][]int
	switch g.Type {
	case "Polygon":
		var one [][]int
		if err := json.Unmarshal(g.Arcs, &one); err != nil {
			return err
		}
		polygons = [][][]int{one}
	case "MultiPolygon":
		if err := json.Unmarshal(g.Arcs, &polygons); err != nil {
			return err
		}
	default:
		return nil // nothing is drawn
	}
	for _, rings := range polygons {
		if len(rings) == 0 {
			continue
		}
		outer := w.line(rings[0])
		country := owner(g, outer)
		if country == "" {
			continue
		}
		w.codes = append(w.codes, country)
		w.rings = append(w.rings, ring{country, outer})
		for _, line := range rings {
			for _, n := range line {
				if err := w.bound(max(n, ^n), country); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// line is the points of a ring.
func (w *world) line(arcs []int) []point {
	var out []point
	for _, n := range arcs {
		arc := w.arcs[max(n, ^n)]
		if n < 0 {
			arc = slices.Clone(arc)
			slices.Reverse(arc)
		}
		out = append(out, arc...)
	}
	// Beyond the meridian of 180 degrees it goes on counting.
	for i := 1; i < len(out); i++ {
		for out[i].lon-out[i-1].lon > halfAround {
			out[i].lon -= 2 * halfAround
		}
		for out[i].lon-out[i-1].lon < -halfAround {
			out[i].lon += 2 * halfAround
		}
	}
	return out
}

// bound notes that an arc bounds a country: one that does twice lies within it.
func (w *world) bound(arc int, country string) error {
	if i := slices.Index(w.of[arc], country); i >= 0 {
		w.of[arc] = slices.Delete(w.of[arc], i, i+1)
		return nil
	}
	w.of[arc] = append(w.of[arc], country)
	if len(w.of[arc]) > 2 {
		return fmt.Errorf("arc %d bounds %v", arc, w.of[arc])
	}
	return nil
}

// without are the parts of Natural Earth that have no code there, and whose GeoNames counts them.
var without = map[string]string{
	"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Cyprus U.N. Buffer Zone": "CY", "Dhekelia": "CY", "Akrotiri": "CY",
	"Siachen Glacier": "IN", "Baikonur": "KZ", "USNB Guantanamo Bay": "CU", "Coral Sea Is.": "AU", "Clipperton I.": "FR",
}

// parts are those of a country that have a code of their own in ISO 3166, and none in Natural
// Earth: the box they lie in, in degrees west, south, east, north.
var parts = map[string][]struct {
	code string
	box  [4]float64
}{
	"FR": {{"GF", [4]float64{-55, 2, -51, 6}}, {"GP", [4]float64{-62, 15.8, -60.9, 16.6}}, {"MQ", [4]float64{-61.4, 14.3, -60.7, 15}}, {"RE", [4]float64{55, -21.5, 56, -20.7}}, {"YT", [4]float64{45, -13.1, 45.4, -12.5}}},
	"NL": {{"BQ", [4]float64{-68.6, 11.9, -62.8, 17.8}}},
	"NO": {{"SJ", [4]float64{-10, 70.5, 35, 82}}, {"BV", [4]float64{3, -55, 4, -54}}},
	"RU": {{"UA", [4]float64{32, 44, 36.7, 46.4}}}, // Crimea, as GeoNames and the United Nations have it
	"NZ": {{"TK", [4]float64{-173, -10, -171, -8}}},
	"":   {{"CC", [4]float64{96, -13, 97.5, -11}}, {"CX", [4]float64{105, -11, 106, -10}}},
}

// owner is the country a polygon belongs to, "" if it belongs to none.
func owner(g geometry, outer []point) string {
	country := without[g.Properties.Name]
	if g.ID != "" {
		number, err := strconv.Atoi(g.ID)
		if err != nil {
			return ""
		}
		region, err := language.EncodeM49(number)
		if err != nil {
			return ""
		}
		country = region.String()
	}
	at := outer[0]
	for _, p := range parts[country] {
		lon, lat := float64(at.lon)/1e4, float64(at.lat)/1e4
		within := lon >= p.box[0] && lat >= p.box[1] && lon <= p.box[2] && lat <= p.box[3]
		if within && (p.code != "SJ" || lat > 74 || lon < 0) {
			return p.code
		}
	}
	return country
}

// middles are the middles of area of each country's largest part.
func (w *world) middles() map[string][2]int {
	most := map[string]float64{}
	at := map[string][2]int{}
	for _, r := range w.rings {
		area, lat, lon := middle(r.points)
		if area > most[r.country] {
			most[r.country], at[r.country] = area, [2]int{int(lat), int(lon)}
		}
	}
	return at
}

func middle(points []point) (area, lat, lon float64) {
	var twice, x, y float64
	for i, p := range points {
		q := points[(i+1)%len(points)]
		cross := float64(p.lon)*float64(q.lat) - float64(q.lon)*float64(p.lat)
		twice += cross
		x += float64(p.lon+q.lon) * cross
		y += float64(p.lat+q.lat) * cross
	}
	if twice == 0 {
		return 0, 0, 0
	}
	lat = y / (3 * twice)
	lon = math.Remainder(x/(3*twice), 2*halfAround)
	return math.Abs(twice) * math.Cos(lat/1e4*math.Pi/180), lat, lon
}

// encode writes the arcs that bound a country.
func (w *world) encode() []byte {
	for i, code := range w.codes {
		w.number[code] = i + 1
	}
	var out []byte
	count := 0
	for i, whole := range w.arcs {
		if len(w.of[i]) == 0 {
			continue
		}
		for _, arc := range cutAtDateLine(whole) {
			count++
			out = appendArc(out, simplified(arc), w.of[i])
		}
	}
	return append(binary.AppendUvarint(nil, uint64(count)), out...)
}

func appendArc(out []byte, arc []point, of []string) []byte {
	countries := [2]string{}
	copy(countries[:], of)
	for _, c := range countries {
		out = append(out, (c + "\x00\x00")[:2]...)
	}
	out = binary.AppendUvarint(out, uint64(len(arc)))
	var last point
	for _, p := range arc {
		out = binary.AppendVarint(out, int64(p.lon-last.lon))
		out = binary.AppendVarint(out, int64(p.lat-last.lat))
		last = p
	}
	return out
}

// halfAround is half of the way around the earth.
const halfAround = 1_800_000

// cutAtDateLine cuts an arc where it goes over the meridian of 180 degrees: there a part ends on
// the one side, and the next begins on the other.
func cutAtDateLine(arc []point) [][]point {
	var parts [][]point
	from := 0
	for i := 1; i < len(arc); i++ {
		a, b := arc[i-1], arc[i]
		side := halfAround
		switch {
		case a.lon-b.lon > halfAround: // eastwards
			b.lon += 2 * halfAround
		case b.lon-a.lon > halfAround:
			b.lon, side = b.lon-2*halfAround, -halfAround
		default:
			continue
		}
		at := point{side, a.lat}
		if a.lon != b.lon {
			at.lat += (b.lat - a.lat) * (side - a.lon) / (b.lon - a.lon)
		}
		parts = append(parts, append(slices.Clone(arc[from:i]), at))
		arc = append([]point{{-side, at.lat}}, arc[i:]...)
		from, i = 0, 0
	}
	return append(parts, arc[from:])
}
