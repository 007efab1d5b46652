package chart

import (
	"brood/jobs/figures"
	"brood/jobs/geocode/geo"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
)

// Picture is a map that cannot be moved, for a report: points over the outlines of countries, as far as they reach.
// However many points there are, no more are drawn than are seen beside each other.
type Picture struct {
	points []pictured
	every  int
	seen   int
	counts [geo.PrecisionRooftop + 1]int64
}

type pictured struct {
	x, y      float32 // degrees
	precision geo.Precision
}

// The size of a picture, in units of the drawing, and how near to each other two dots may be.
const (
	pictureWidth = 720
	leastHeight  = 240
	mostHeight   = 520
	cell         = 4
	// mostPictured is how many points are kept until it is known how far they reach.
	mostPictured = 1 << 19
)

// Add adds a point. What is no place on the earth is left out.
func (p *Picture) Add(at geo.Point, precision geo.Precision) {
	if !at.Valid() || precision > geo.PrecisionRooftop {
		return
	}
	p.counts[precision]++
	if p.every == 0 {
		p.every = 1
	}
	if p.seen++; (p.seen-1)%p.every != 0 {
		return
	}
	p.points = append(p.points, pictured{float32(at.Lon), float32(at.Lat), precision})
	if len(p.points) >= mostPictured {
		p.every *= 2
		kept := p.points[:0]
		for i, q := range p.points {
			if i%2 == 0 {
				kept = append(kept, q)
			}
		}
		p.points = kept
	}
}

// view is a part of the earth on a drawing: degrees of latitude are as long as those of longitude are in its middle.
type view struct {
	west, north, perLon, perLat, width, height float64
}

func (v *view) at(lon, lat float64) figures.XY {
	return figures.XY{X: (lon - v.west) * v.perLon, Y: (v.north - lat) * v.perLat}
}

// fit is the part of the earth that holds all points, with some room around them.
func (p *Picture) fit() *view {
	west, east, south, north := 180.0, -180.0, 90.0, -90.0
	for _, q := range p.points {
		west, east = min(west, float64(q.x)), max(east, float64(q.x))
		south, north = min(south, float64(q.y)), max(north, float64(q.y))
	}
	const least = 0.6 // degrees; the outlines are not finer
	lon, lat := max(east-west, least)*1.1, max(north-south, least)*1.1
	midLon, midLat := (west+east)/2, (south+north)/2
	squeeze := max(math.Cos(midLat*math.Pi/180), 0.2)
	// As high as the points want, within bounds; what is missing is added around them.
	height := min(max(pictureWidth*lat/(lon*squeeze), leastHeight), mostHeight)
	perLat := min(height/lat, pictureWidth/(lon*squeeze))
	v := &view{perLat: perLat, perLon: perLat * squeeze, width: pictureWidth, height: math.Round(height)}
	v.west, v.north = midLon-v.width/v.perLon/2, midLat+v.height/v.perLat/2
	return v
}

// tints are the colours of points by their precision, as on the map that can be moved.
var tints = [...]figures.Tint{figures.TintSix, figures.TintFive, figures.TintFour, figures.TintThree, figures.TintTwo, figures.TintOne}

// Drawing is the picture.
func (p *Picture) Drawing() (figures.Drawing, error) {
	if len(p.points) == 0 {
		return figures.Drawing{}, nil
	}
	v := p.fit()
	d := figures.Drawing{Width: v.width, Height: v.height}
	sea := []figures.XY{{X: 0, Y: 0}, {X: v.width, Y: 0}, {X: v.width, Y: v.height}, {X: 0, Y: v.height}}
	d.Shapes = append(d.Shapes, figures.Shape{Kind: figures.Area, Tint: figures.TintSea, Lines: [][]figures.XY{sea}})
	rings, err := land()
	if err != nil {
		return d, err
	}
	var shown [][]figures.XY
	for _, ring := range rings {
		if r := v.clip(ring); !tiny(r) {
			shown = append(shown, r)
		}
	}
	if shown != nil {
		d.Shapes = append(d.Shapes, figures.Shape{Kind: figures.Area, Tint: figures.TintLand, Lines: shown})
	}
	p.dots(v, &d)
	total := int64(0)
	for _, n := range p.counts {
		total += n
	}
	d.Alt = fmt.Sprintf("%d places between %.2f° and %.2f° of latitude, %.2f° and %.2f° of longitude.",
		total, v.north-v.height/v.perLat, v.north, v.west, v.west+v.width/v.perLon)
	return d, nil
}

// dots draws a dot in each cell in which there are points, of the best precision there.
func (p *Picture) dots(v *view, d *figures.Drawing) {
	best := make(map[[2]int16]geo.Precision)
	for _, q := range p.points {
		at := v.at(float64(q.x), float64(q.y))
		k := [2]int16{int16(at.X / cell), int16(at.Y / cell)}
		if b, ok := best[k]; !ok || q.precision > b {
			best[k] = q.precision
		}
	}
	var of [len(tints)][]figures.XY
	// Not in the order of the map: the same rows are to give the same picture.
	for y := range int16(v.height/cell) + 1 {
		for x := range int16(v.width/cell) + 1 {
			if b, ok := best[[2]int16{x, y}]; ok {
				of[b] = append(of[b], figures.XY{X: (float64(x) + 0.5) * cell, Y: (float64(y) + 0.5) * cell})
			}
		}
	}
	for b := range of {
		if of[b] != nil {
			d.Shapes = append(d.Shapes, figures.Shape{Kind: figures.Dots, Tint: tints[b], Size: 2.1, Lines: [][]figures.XY{of[b]}})
		}
	}
	for b := len(of) - 1; b >= 0; b-- {
		if p.counts[b] > 0 {
			name := geo.Precision(b).String() //nolint:gosec // there are six
			if b == 0 {
				name = "precision not known"
			}
			d.Keys = append(d.Keys, figures.Key{Tint: tints[b], Text: name})
		}
	}
}

// clip is what is seen of a ring, by the way of Sutherland and Hodgman: cut off at one edge after the other. Corners
// that would fall on one place are one.
func (v *view) clip(ring [][2]float64) []figures.XY {
	line := make([]figures.XY, 0, len(ring))
	for _, p := range ring {
		line = append(line, v.at(p[0], p[1]))
	}
	const beyond = 2 // so that no edge of the clip is seen
	for _, edge := range []func(figures.XY) float64{
		func(p figures.XY) float64 { return p.X + beyond },
		func(p figures.XY) float64 { return v.width + beyond - p.X },
		func(p figures.XY) float64 { return p.Y + beyond },
		func(p figures.XY) float64 { return v.height + beyond - p.Y },
	} {
		var out []figures.XY
		for i, b := range line {
			a := line[(i+len(line)-1)%len(line)]
			inA, inB := edge(a), edge(b)
			if (inA < 0) != (inB < 0) {
				t := inA / (inA - inB)
				out = append(out, figures.XY{X: a.X + t*(b.X-a.X), Y: a.Y + t*(b.Y-a.Y)})
			}
			if inB >= 0 {
				out = append(out, b)
			}
		}
		line = out
	}
	var out []figures.XY
	for i, p := range line {
		if n := len(out); n > 0 && i < len(line)-1 && math.Abs(out[n-1].X-p.X)+math.Abs(out[n-1].Y-p.Y) < 1.6 {
			continue
		}
		out = append(out, p)
	}
	return out
}

// tiny reports whether nobody would see a ring.
func tiny(ring []figures.XY) bool {
	if len(ring) < 3 {
		return true
	}
	low, high := ring[0], ring[0]
	for _, p := range ring {
		low, high = figures.XY{X: min(low.X, p.X), Y: min(low.Y, p.Y)}, figures.XY{X: max(high.X, p.X), Y: max(high.Y, p.Y)}
	}
	return high.X-low.X+high.Y-low.Y < 2.5
}

// errWorld is a mistake in the program, as world.bin is part of it.
var errWorld = errors.New("the outlines of countries cannot be read")

// land are the outlines of countries, longitude before latitude. See the comment of the package.
var land = sync.OnceValues(func() ([][][2]float64, error) {
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(world)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errWorld, err)
	}
	r := &outlines{r: bytes.NewReader(b)}
	lines := make([][][2]float64, r.number())
	for i := range lines {
		lines[i] = make([][2]float64, r.number())
		for k := range lines[i] {
			lines[i][k] = r.point()
		}
	}
	r.number() // how many belong to countries
	var rings [][][2]float64
	for range r.number() {
		r.skip(r.number())
		r.point()
		for range r.number() {
			var ring [][2]float64
			for range r.number() {
				n, err := binary.ReadVarint(r.r)
				i, back := n, n < 0
				if back {
					i = -1 - n
				}
				if err != nil || i >= int64(len(lines)) {
					return nil, errWorld
				}
				line := lines[i]
				for k := range line {
					if back {
						ring = append(ring, line[len(line)-1-k])
					} else {
						ring = append(ring, line[k])
					}
				}
			}
			rings = append(rings, ring)
		}
	}
	return rings, r.err
})

// outlines reads numbers and points of the background.
type outlines struct {
	r    *bytes.Reader
	x, y int64
	err  error
}

func (r *outlines) number() int {
	n, err := binary.ReadUvarint(r.r)
	if err != nil || n > 1<<20 {
		r.err = errWorld
		return 0
	}
	return int(n)
}

func (r *outlines) skip(n int) {
	if _, err := r.r.Seek(int64(n), io.SeekCurrent); err != nil {
		r.err = errWorld
	}
}

func (r *outlines) point() [2]float64 {
	dx, err := binary.ReadVarint(r.r)
	dy, err2 := binary.ReadVarint(r.r)
	if err != nil || err2 != nil {
		r.err = errWorld
	}
	r.x, r.y = r.x+dx, r.y+dy
	return [2]float64{float64(r.x) / 100, float64(r.y) / 100}
}
