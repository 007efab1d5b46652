package judge

import (
	"brood/jobs/geocode/geo"
	"fmt"
	"testing"
)

// TestCrowd puts addresses on points, and finds those with a crowd.
func TestCrowd(t *testing.T) {
	c := NewCrowd(3, 0)
	town := geo.Point{Lat: 50.1, Lon: 8.7}
	for i := range 5 {
		c.Add(town, geo.PrecisionRooftop, fmt.Sprint("house ", i))
		c.Add(geo.Point{Lat: 51, Lon: 8}, geo.PrecisionRooftop, "the same address")
		c.Add(geo.Point{Lat: 52, Lon: 8}, geo.PrecisionCity, fmt.Sprint("town ", i))
		c.Add(geo.Point{Lat: 53, Lon: float64(i)}, geo.PrecisionRooftop, fmt.Sprint("apart ", i))
	}
	c.Add(geo.Point{Lat: 50.1000001, Lon: 8.7000001}, geo.PrecisionStreet, "beside it by a centimetre")
	spots := c.Spots()
	if len(spots) != 1 || spots[0].Rows != 6 || spots[0].Precision != geo.PrecisionRooftop || spots[0].Metres(town) > 2 {
		t.Errorf("crowds: %+v", spots)
	}
	if !c.Has(town) || c.Has(geo.Point{Lat: 51, Lon: 8}) {
		t.Error("which point has a crowd")
	}
}

// TestCrowdIsBounded adds many points, and among them one with many addresses.
func TestCrowdIsBounded(t *testing.T) {
	const limit = 1000
	c := NewCrowd(5, limit)
	town := geo.Point{Lat: 50, Lon: 8}
	for i := range 50 * limit {
		c.Add(geo.Point{Lat: float64(i%170) - 85, Lon: float64(i) / 500}, geo.PrecisionRooftop, fmt.Sprint(i))
		if i%100 == 0 {
			c.Add(town, geo.PrecisionRooftop, fmt.Sprint("in town ", i))
		}
		if len(c.spots) > limit {
			t.Fatalf("%d points are kept, %d were allowed", len(c.spots), limit)
		}
	}
	if spots := c.Spots(); len(spots) == 0 || spots[0].Metres(town) > 2 || spots[0].Rows < 499 {
		t.Errorf("the town is lost: %+v", spots)
	}
	if c.Forgotten() == 0 {
		t.Error("nothing was forgotten, and yet there were too many")
	}
}
