package judge

import (
	"brood/jobs/geocode/geo"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestCrowd puts addresses on points, and finds those with a crowd.
func TestCrowd(t *testing.T) {
	c := NewCrowd(t.TempDir(), 3)
	town := geo.Point{Lat: 50.1, Lon: -8.7}
	add := func(p geo.Point, precision geo.Precision, key string) {
		t.Helper()
		if err := c.Add(p, precision, key); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		add(geo.Point{Lat: 51, Lon: 8}, geo.PrecisionRooftop, "the same address")
		add(geo.Point{Lat: 52, Lon: 8}, geo.PrecisionCity, fmt.Sprint("town ", i))
		add(geo.Point{Lat: 53, Lon: float64(i)}, geo.PrecisionRooftop, fmt.Sprint("apart ", i))
	}
	for i := range 2 {
		add(town, geo.PrecisionRooftop, fmt.Sprint("house ", i))
	}
	add(geo.Point{Lat: 50.1000001, Lon: -8.7000001}, geo.PrecisionStreet, "beside it by a centimetre")
	points, err := c.Points()
	if err != nil {
		t.Fatal(err)
	}
	if len(points) != 1 || !points.Has(town, geo.PrecisionRooftop) || points.Has(town, geo.PrecisionCity) || points.Has(geo.Point{Lat: 51, Lon: 8}, geo.PrecisionRooftop) {
		t.Errorf("crowds: %+v", points)
	}
}

// TestCrowdIsExact compares it with counting, whatever the order of the rows.
func TestCrowdIsExact(t *testing.T) {
	type row struct{ at, key int }
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(2, 4).Draw(t, "least")
		rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) row {
			return row{rapid.IntRange(-3, 3).Draw(t, "at"), rapid.IntRange(0, 5).Draw(t, "key")}
		})).Draw(t, "rows")
		c := NewCrowd(dir, least)
		want := map[int]map[int]bool{}
		place := func(at int) geo.Point { return geo.Point{Lat: float64(at) / cellsPerDegree, Lon: -float64(at)} }
		for _, r := range rows {
			if want[r.at] == nil {
				want[r.at] = map[int]bool{}
			}
			want[r.at][r.key] = true
			if err := c.Add(place(r.at), geo.PrecisionStreet, fmt.Sprint(r.key)); err != nil {
				t.Fatal(err)
			}
		}
		points, err := c.Points()
		if err != nil {
			t.Fatal(err)
		}
		for at := -3; at <= 3; at++ {
			if got := points.Has(place(at), geo.PrecisionStreet); got != (len(want[at]) >= least) {
				t.Errorf("%d addresses at %d, least %d: crowded is %t", len(want[at]), at, least, got)
			}
		}
	})
}

// TestSpots counts rows by point, to a metre.
func TestSpots(t *testing.T) {
	var s Spots
	s.Add(geo.Point{Lat: 1, Lon: 2}, geo.PrecisionStreet)
	for range 2 {
		s.Add(geo.Point{Lat: 50.1, Lon: 8.7}, geo.PrecisionStreet)
	}
	s.Add(geo.Point{Lat: 50.1000001, Lon: 8.7}, geo.PrecisionRooftop)
	if l := s.List(); len(l) != 2 || l[0].Rows != 3 || l[0].Precision != geo.PrecisionRooftop || l[0].Metres(geo.Point{Lat: 50.1, Lon: 8.7}) > 2 || l[1].Rows != 1 {
		t.Errorf("%+v", l)
	}
}
