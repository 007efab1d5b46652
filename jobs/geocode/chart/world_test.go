package chart

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"testing"
)

// TestWorld reads the background as the page does: all that it speaks of is there, and lies on
// the earth.
func TestWorld(t *testing.T) {
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(world)))
	if err != nil {
		t.Fatal(err)
	}
	r := &reading{t: t, r: bytes.NewReader(b)}
	lines := r.number()
	for range lines {
		points := r.number()
		if points < 2 {
			t.Fatalf("a line of %d points", points)
		}
		for range points {
			r.point()
		}
	}
	if of := r.number(); of > lines || of < lines/2 {
		t.Fatalf("%d of %d lines belong to countries", of, lines)
	}
	seen := make(map[string]bool)
	rings := 0
	for range r.number() {
		name := r.text()
		seen[name] = true
		r.point()
		n := r.number()
		rings += n
		if n == 0 {
			t.Errorf("%s has no outline", name)
		}
		for range n {
			for range r.number() {
				if i := r.signed(); i >= int64(lines) || -1-i >= int64(lines) {
					t.Fatalf("there is no line %d", i)
				}
			}
		}
	}
	for range r.number() {
		seen[r.text()] = true
		r.point()
	}
	cities, last := r.number(), 1<<30
	for range cities {
		seen[r.text()] = true
		r.point()
		people := r.number()
		if people > last {
			t.Fatal("the cities are not in the order of their size")
		}
		last = people
	}
	if r.r.Len() > 0 {
		t.Errorf("%d bytes are left", r.r.Len())
	}
	for _, name := range []string{"Germany", "Fiji", "Russia", "Antarctica", "Vatican", "Texas", "Shanghai", "Karlsruhe"} {
		if !seen[name] {
			t.Errorf("%s is not on the map", name)
		}
	}
	if len(world) > 150<<10 || lines < 1000 || rings < 500 || cities < 4000 {
		t.Errorf("%d bytes, %d lines, %d rings, %d cities", len(world), lines, rings, cities)
	}
}

// reading reads numbers, texts and points.
type reading struct {
	t    *testing.T
	r    *bytes.Reader
	x, y int64
}

func (r *reading) number() int {
	r.t.Helper()
	n, err := binary.ReadUvarint(r.r)
	if err != nil || n > 1<<20 {
		r.t.Fatal(n, err)
	}
	return int(n)
}

func (r *reading) signed() int64 {
	r.t.Helper()
	n, err := binary.ReadVarint(r.r)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *reading) text() string {
	r.t.Helper()
	b := make([]byte, r.number())
	if _, err := io.ReadFull(r.r, b); err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func (r *reading) point() {
	r.t.Helper()
	r.x, r.y = r.x+r.signed(), r.y+r.signed()
	if r.x < -18000 || r.x > 18000 || r.y < -9000 || r.y > 9000 {
		r.t.Fatalf("%d, %d is not on the earth", r.x, r.y)
	}
}
