package chart

import (
	"brood/jobs/figures"
	"brood/jobs/geocode/geo"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPicture: whatever the points, all that is drawn lies on the picture, or just beyond its edge, and there is
// no more of it than a page can have.
func TestPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Picture
		n := rapid.IntRange(1, 40).Draw(t, "points")
		for range n {
			at := geo.Point{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}
			p.Add(at, geo.Precision(rapid.IntRange(0, int(geo.PrecisionRooftop)).Draw(t, "precision")))
		}
		d, err := p.Drawing()
		if err != nil {
			t.Fatal(err)
		}
		dots, all := 0, 0
		for _, s := range d.Shapes {
			for _, line := range s.Lines {
				for _, xy := range line {
					if all++; math.IsNaN(xy.X+xy.Y) || xy.X < -5 || xy.X > d.Width+5 || xy.Y < -5 || xy.Y > d.Height+5 {
						t.Fatalf("%s of %s at %f, %f of %f, %f", s.Kind, s.Tint, xy.X, xy.Y, d.Width, d.Height)
					}
					if s.Kind == figures.Dots {
						dots++
					}
				}
			}
		}
		if dots == 0 || dots > n || all > 30_000 || d.Height > mostHeight || d.Height < leastHeight {
			t.Fatalf("%d dots of %d points, %d corners, %f high", dots, n, all, d.Height)
		}
	})
}

// TestPictureOfNothing draws none, and leaves out what is no place.
func TestPictureOfNothing(t *testing.T) {
	var p Picture
	p.Add(geo.Point{Lat: 91}, geo.PrecisionCity)
	p.Add(geo.Point{Lat: math.NaN()}, geo.PrecisionCity)
	p.Add(geo.Point{}, geo.PrecisionRooftop+1)
	if d, err := p.Drawing(); err != nil || d.Shapes != nil {
		t.Error(d, err)
	}
}

// TestPictureOfMany: a picture of two million points is no larger than one of some, and counts all.
func TestPictureOfMany(t *testing.T) {
	var p Picture
	for i := range 2_000_000 {
		p.Add(geo.Point{Lat: 47 + float64(i%7919)/1000, Lon: 6 + float64(i%9973)/1000}, geo.PrecisionCity)
	}
	d, err := p.Drawing()
	if err != nil {
		t.Fatal(err)
	}
	last := &d.Shapes[len(d.Shapes)-1]
	if n := len(last.Lines[0]); last.Kind != figures.Dots || n > pictureWidth*mostHeight/cell/cell || n < 1000 {
		t.Errorf("%d dots", n)
	}
	if !strings.HasPrefix(d.Alt, "2000000 places") || len(p.points) > mostPictured {
		t.Errorf("%s, %d are kept", d.Alt, len(p.points))
	}
}
