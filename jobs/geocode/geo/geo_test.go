package geo

import (
	"math"
	"testing"
)

// TestMetres compares with distances that are known: a degree of a meridian, and half the
// earth.
func TestMetres(t *testing.T) {
	for _, c := range []struct {
		a, b Point
		want float64
	}{
		{Point{0, 0}, Point{1, 0}, 111195},
		{Point{60, 10}, Point{60, 11}, 55597},
		{Point{0, 0}, Point{0, 180}, math.Pi * earthMetres},
		{Point{0, 179.5}, Point{0, -179.5}, 111195},
		{Point{52.52, 13.405}, Point{48.8566, 2.3522}, 877464}, // Berlin, Paris
		{Point{1, 2}, Point{1, 2}, 0},
	} {
		if got := c.a.Metres(c.b); math.Abs(got-c.want) > 50 {
			t.Errorf("%v to %v: %.0f metres, want %.0f", c.a, c.b, got, c.want)
		}
	}
}

func TestBox(t *testing.T) {
	fiji := Box{West: 177, South: -20, East: -178, North: -15}
	for p, want := range map[Point]bool{{-17, 178}: true, {-17, -179}: true, {-17, 0}: false, {-25, 178}: false} {
		if fiji.Has(p) != want {
			t.Errorf("%v within %v: %v", p, fiji, !want)
		}
	}
	alps := Box{West: 5, South: 44, East: 16, North: 48}
	if !alps.Has(Point{47, 10}) || alps.Has(Point{47, 17}) {
		t.Error("a box that does not go over the meridian of 180 degrees")
	}
}

func TestValid(t *testing.T) {
	for p, want := range map[Point]bool{{90, 180}: true, {-90, -180}: true, {91, 0}: false, {0, 181}: false, {math.Inf(1), 0}: false} {
		if p.Valid() != want {
			t.Errorf("%v: %v", p, !want)
		}
	}
	if (Point{math.NaN(), 0}).Valid() {
		t.Error("no number is a latitude")
	}
}

// TestWords reads back what is written, and refuses what is no word.
func TestWords(t *testing.T) {
	for p := PrecisionRegion; p <= PrecisionRooftop; p++ {
		if got, err := ParsePrecision(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for l := LevelAddress; l <= LevelPostcode; l++ {
		if got, err := ParseLevel(l.String()); err != nil || got != l {
			t.Errorf("%v: %v, %v", l, got, err)
		}
	}
	if _, err := ParsePrecision(""); err == nil {
		t.Error("nothing is a precision")
	}
	if _, err := ParseLevel("house"); err == nil {
		t.Error("house is a level")
	}
}
