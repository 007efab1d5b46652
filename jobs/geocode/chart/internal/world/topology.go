package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
)

type point struct{ x, y float64 }

// shape is a country or a state: rings of arcs, one that is negative is the arc -1-i from its
// end (https://github.com/topojson/topojson-specification).
type shape struct {
	name  string
	rings [][]int
}

type topology struct {
	arcs   [][]point
	shapes []shape
}

func readTopology(path, object string) (*topology, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var in struct {
		Arcs      [][][2]float64
		Transform struct{ Scale, Translate [2]float64 }
		Objects   map[string]struct {
			Geometries []struct {
				Type       string
				Arcs       json.RawMessage
				Properties struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	t := &topology{}
	for _, a := range in.Arcs {
		var line []point
		var x, y float64
		for _, d := range a {
			x, y = x+d[0], y+d[1]
			line = append(line, point{x*in.Transform.Scale[0] + in.Transform.Translate[0], y*in.Transform.Scale[1] + in.Transform.Translate[1]})
		}
		t.arcs = append(t.arcs, line)
	}
	for _, g := range in.Objects[object].Geometries {
		s := shape{name: g.Properties.Name}
		var polygons [][][]int
		switch g.Type {
		case "Polygon":
			var one [][]int
			err = json.Unmarshal(g.Arcs, &one)
			polygons = [][][]int{one}
		case "MultiPolygon":
			err = json.Unmarshal(g.Arcs, &polygons)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %s: %w", path, s.name, err)
		}
		for _, p := range polygons {
			s.rings = append(s.rings, p...)
		}
		t.shapes = append(t.shapes, s)
	}
	return t, nil
}

// ring is the line that a ring of arcs makes.
func (t *topology) ring(arcs []int) []point {
	var out []point
	for _, i := range arcs {
		line := slices.Clone(t.arcs[max(i, -1-i)])
		if i < 0 {
			slices.Reverse(line)
		}
		if len(out) > 0 {
			line = line[1:]
		}
		out = append(out, line...)
	}
	for i := 1; i < len(out); i++ { // over the date line it goes on
		out[i].x += 360 * math.Round((out[i-1].x-out[i].x)/360)
	}
	return out
}

// area and middle of a ring, in square degrees as they are at its latitude.
func area(ring []point) (float64, point) {
	var a, x, y float64
	for i := range ring {
		p, q := ring[i], ring[(i+1)%len(ring)]
		cross := p.x*q.y - q.x*p.y
		a, x, y = a+cross, x+(p.x+q.x)*cross, y+(p.y+q.y)*cross
	}
	if a == 0 {
		return 0, ring[0]
	}
	m := point{x / (3 * a), y / (3 * a)}
	return math.Abs(a) / 2 * math.Cos(m.y*math.Pi/180), m
}

// middle is the middle of the largest part of a shape, where its name stands.
func (t *topology) middle(s *shape) (at point) {
	largest := -1.0
	for _, r := range s.rings {
		if a, m := area(t.ring(r)); a > largest {
			largest, at = a, m
		}
	}
	at.x -= 360 * math.Round(at.x/360)
	return at
}

// dropIslands leaves out rings that are too small to be seen, but none that is all of a shape.
func (t *topology) dropIslands(least float64) {
	for i := range t.shapes {
		s := &t.shapes[i]
		var keep [][]int
		var best []int
		largest := -1.0
		for _, r := range s.rings {
			a, _ := area(t.ring(r))
			if a > largest {
				largest, best = a, r
			}
			if a >= least {
				keep = append(keep, r)
			}
		}
		if len(keep) == 0 && best != nil {
			keep = [][]int{best}
		}
		s.rings = keep
	}
}

// simplify takes away corners whose triangle with their neighbours is small, the smallest
// first (Visvalingam and Whyatt, 1993). A ring of one arc keeps four corners.
func (t *topology) simplify(least float64) {
	for i, line := range t.arcs {
		keep := 2
		if line[0] == line[len(line)-1] {
			keep = 5
		}
		for len(line) > keep {
			at, smallest := 0, math.Inf(1)
			for j := 1; j < len(line)-1; j++ {
				p, q, r := line[j-1], line[j], line[j+1]
				a := math.Abs((q.x-p.x)*(r.y-p.y)-(r.x-p.x)*(q.y-p.y)) / 2 * math.Cos(q.y*math.Pi/180)
				if a < smallest {
					at, smallest = j, a
				}
			}
			if smallest >= least {
				break
			}
			line = slices.Delete(line, at, at+1)
		}
		t.arcs[i] = line
	}
}

// usedArcs are the arcs that a ring has, and which number each has among them.
func (t *topology) usedArcs() (used []int, renamed map[int]int) {
	renamed = make(map[int]int)
	for _, s := range t.shapes {
		for _, r := range s.rings {
			for _, i := range r {
				a := max(i, -1-i)
				if _, ok := renamed[a]; !ok {
					renamed[a] = len(used)
					used = append(used, a)
				}
			}
		}
	}
	return used, renamed
}

// inner are the arcs between two shapes.
func (t *topology) inner() (out []int) {
	of := make(map[int]int)
	for _, s := range t.shapes {
		for _, r := range s.rings {
			for _, i := range r {
				of[max(i, -1-i)]++
			}
		}
	}
	for a := range t.arcs {
		if of[a] > 1 {
			out = append(out, a)
		}
	}
	return out
}
