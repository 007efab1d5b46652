package address

import (
	"brood/jobs/geocode/geo"
	"math"
	"testing"
)

func TestPoint(t *testing.T) {
	berlin := geo.Point{Lat: 52.5, Lon: 13.4}
	for _, c := range []struct {
		text    string
		want    geo.Point
		swapped bool
	}{
		{"52.5, 13.4", berlin, false},
		{"52.5,13.4", berlin, false},
		{"52.5 13.4", berlin, false},
		{"52,5; 13,4", berlin, false},
		{"52,5 13,4", berlin, false},
		{"52,5, 13,4", berlin, false},
		{"(52.5, 13.4)", berlin, false},
		{"52.5/13.4", berlin, false},
		{"+52.5, +13.4", berlin, false},
		{"52.5N 13.4E", berlin, false},
		{"N 52.5 E 13.4", berlin, false},
		{"N52.5, E13.4", berlin, false},
		{"52.5° N, 13.4° E", berlin, false},
		{"52,5° N, 13,4° O", berlin, false},
		{"13.4 E, 52.5 N", berlin, false},
		{`52°30'00"N 13°24'00"E`, berlin, false},
		{"52° 30′ 0″ N, 13° 24′ 0″ E", berlin, false},
		{"52°30'N 13°24'E", berlin, false},
		{"52° 30.0' N 13° 24.0' E", berlin, false},
		{"52d30m N 13d24m E", berlin, false},
		{"lat: 52.5, lon: 13.4", berlin, false},
		{"lat 52.5 lng 13.4", berlin, false},
		{"Latitude: 52.5 Longitude: 13.4", berlin, false},
		{"POINT(13.4 52.5)", berlin, false},
		{"POINT (13.4 52.5)", berlin, false},
		{"Point Z (13.4 52.5 34)", berlin, false},
		{"SRID=4326;POINT(13.4 52.5)", berlin, false},
		{"geo:52.5,13.4", berlin, false},
		{"geo:52.5,13.4,34;u=10", berlin, false},
		{"geo:52.5,13.4?z=12", berlin, false},
		{"https://www.google.com/maps/@52.5,13.4,15z", berlin, false},
		{"https://www.google.de/maps/place/X/@52.1,13.1,17z/data=!3m1!4b1!4m5!3d52.5!4d13.4", berlin, false},
		{"https://maps.google.com/?q=52.5,13.4", berlin, false},
		{"https://www.google.com/maps/search/?api=1&query=52.5%2C13.4", berlin, false},
		{"https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=12/52.5/13.4", berlin, false},
		{"-33.8688, 151.2093", geo.Point{Lat: -33.8688, Lon: 151.2093}, false},
		{"33.8688 S, 151.2093 E", geo.Point{Lat: -33.8688, Lon: 151.2093}, false},
		{"40.7128, -74.0060", geo.Point{Lat: 40.7128, Lon: -74.006}, false},
		{"40° 42' 46.08\" N, 74° 0' 21.6\" W", geo.Point{Lat: 40.7128, Lon: -74.006}, false},
		{"151.2093, -33.8688", geo.Point{Lat: 151.2093, Lon: -33.8688}, true},
		{"POINT(-33.8688 151.2093)", geo.Point{Lat: 151.2093, Lon: -33.8688}, true},
		{"0.0, 0.0", geo.Point{}, false},
	} {
		got, swapped, ok := Point(c.text)
		if !ok || swapped != c.swapped || math.Abs(got.Lat-c.want.Lat) > 1e-9 || math.Abs(got.Lon-c.want.Lon) > 1e-9 {
			t.Errorf("%q: %v, swapped %v, %v; want %v, %v", c.text, got, swapped, ok, c.want, c.swapped)
		}
	}
	for _, text := range []string{"", "12", "12 14", "12, 14", "Main St 12", "12-14", "5.12", "91.5, 181.2", "200.1, 300.2", "POINT(1)", "POINT EMPTY", "geo:", "52.5, x", "1.2.3, 4.5", "12 N Main St", "https://example.org/", "52.5N 13.4N", "52°99'N 13°E", "1e5, 1e5", "NaN, NaN", "12/3", "5, 12.5.2020", "0049 30 12345"} {
		if p, _, ok := Point(text); ok {
			t.Errorf("%q is no point: %v", text, p)
		}
	}
}

func TestPointOf(t *testing.T) {
	for _, c := range []struct {
		lat, lon string
		want     geo.Point
		swapped  bool
	}{
		{"52.5", "13.4", geo.Point{Lat: 52.5, Lon: 13.4}, false},
		{"52,5", "13,4", geo.Point{Lat: 52.5, Lon: 13.4}, false},
		{"52", "13", geo.Point{Lat: 52, Lon: 13}, false},
		{"52.5 N", "13.4 E", geo.Point{Lat: 52.5, Lon: 13.4}, false},
		{"13.4 E", "52.5 N", geo.Point{Lat: 13.4, Lon: 52.5}, true},
		{"52° 30'", "13° 24'", geo.Point{Lat: 52.5, Lon: 13.4}, false},
		{"151.2", "-33.8", geo.Point{Lat: 151.2, Lon: -33.8}, true},
	} {
		got, swapped, ok := PointOf(c.lat, c.lon)
		if !ok || swapped != c.swapped || math.Abs(got.Lat-c.want.Lat) > 1e-9 || math.Abs(got.Lon-c.want.Lon) > 1e-9 {
			t.Errorf("%q %q: %v %v %v", c.lat, c.lon, got, swapped, ok)
		}
	}
	for _, c := range [][2]string{{"", ""}, {"52.5", ""}, {"x", "13"}, {"200", "300"}, {"-", "-"}} {
		if p, _, ok := PointOf(c[0], c[1]); ok {
			t.Errorf("%q is no point: %v", c, p)
		}
	}
}

func TestLooksSwapped(t *testing.T) {
	germany := geo.Box{West: 5.8, South: 47.2, East: 15.1, North: 55.1}.Has
	for p, want := range map[geo.Point]bool{{Lat: 13.4, Lon: 52.5}: true, {Lat: 52.5, Lon: 13.4}: false, {Lat: 1, Lon: 2}: false} {
		if LooksSwapped(p, germany) != want {
			t.Errorf("%v: %v", p, !want)
		}
	}
}
