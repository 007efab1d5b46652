package main

import "math"

// simplified leaves out the points of a line that lie within tolerance of it without them, after
// Douglas and Peucker. A closed line keeps enough to be one.
func simplified(line []point) []point {
	if len(line) < 5 {
		return line
	}
	keep := make([]bool, len(line))
	keep[0], keep[len(line)-1] = true, true
	if line[0] == line[len(line)-1] {
		far := farthest(line)
		keep[far] = true
		mark(line[:far+1], keep[:far+1])
		mark(line[far:], keep[far:])
	} else {
		mark(line, keep)
	}
	var out []point
	for i, p := range line {
		if keep[i] {
			out = append(out, p)
		}
	}
	if line[0] == line[len(line)-1] && len(out) < 4 {
		return line
	}
	return out
}

// farthest is the point of a closed line that lies farthest from its first.
func farthest(line []point) int {
	best, at := -1.0, 0
	for i, p := range line {
		if d := math.Hypot(float64(p.lon-line[0].lon), float64(p.lat-line[0].lat)); d > best {
			best, at = d, i
		}
	}
	return at
}

func mark(line []point, keep []bool) {
	if len(line) < 3 {
		return
	}
	most, at := 0.0, 0
	for i := 1; i < len(line)-1; i++ {
		if d := offLine(line[i], line[0], line[len(line)-1]); d > most {
			most, at = d, i
		}
	}
	if most <= tolerance {
		return
	}
	keep[at] = true
	mark(line[:at+1], keep[:at+1])
	mark(line[at:], keep[at:])
}

// offLine is how far p lies from the line between a and b, a degree of longitude being shorter
// by its latitude.
func offLine(p, a, b point) float64 {
	shrink := math.Cos(float64(a.lat) / 1e4 * math.Pi / 180)
	px, py := float64(p.lon-a.lon)*shrink, float64(p.lat-a.lat)
	bx, by := float64(b.lon-a.lon)*shrink, float64(b.lat-a.lat)
	length := bx*bx + by*by
	t := 0.0
	if length > 0 {
		t = max(0, min(1, (px*bx+py*by)/length))
	}
	return math.Hypot(px-t*bx, py-t*by)
}
