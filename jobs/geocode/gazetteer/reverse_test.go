package gazetteer

import (
	"brood/jobs/geocode/geo"
	"context"
	"math/rand/v2"
	"testing"
)

// TestNearest compares with a look at each place.
func TestNearest(t *testing.T) {
	x := shared(t)
	r := rand.New(rand.NewPCG(5, 6))
	germany := x.countryNumber("DE")
	for n := range 12 {
		p := geo.Point{Lat: r.Float64()*180 - 90, Lon: r.Float64()*360 - 180}
		if n%2 == 0 {
			p = x.place(uint32(r.IntN(x.places()))).point()
		}
		for _, country := range []int{nowhere, germany} {
			best, least := uint32(0), 1e9
			for i := range uint32(x.places()) {
				row := x.place(i)
				if c, _, _ := x.area(row.area()); row.kind() == "POST" || country != nowhere && c != country {
					continue
				}
				if d := p.Metres(row.point()); d < least {
					best, least = i, d
				}
			}
			got, ok := x.nearest(p, country, 0)
			if d := p.Metres(x.place(got).point()); !ok || d > least+1 {
				t.Errorf("nearest to %v is %s, %.0f m; %s is %.0f m off", p, x.answer(got).Formatted, d, x.answer(best).Formatted, least)
			}
			if _, ok := x.nearest(p, country, least/2); ok && least > 1 {
				t.Errorf("nearest to %v is within %.0f m, where there is none", p, least/2)
			}
		}
	}
}

// TestCountries: nearly all places of GeoNames lie in the outline of their country.
func TestCountries(t *testing.T) {
	x := shared(t)
	var other, none int
	for i := range uint32(x.places()) {
		p := x.place(i)
		country, _, _ := x.area(p.area())
		switch x.Country(p.point()) {
		case x.countryCode(country):
		case "":
			none++
		default:
			other++
		}
	}
	n := float64(x.places())
	var r rates
	r.add("places in another country, wrong %", 100*float64(other)/n)
	r.add("places in no country, wrong %", 100*float64(none)/n)
	r.hold(t, "testdata/countries.golden")
}

func TestCountry(t *testing.T) {
	x := shared(t)
	for _, c := range []struct {
		lat, lon float64
		want     string
	}{
		{52.52, 13.405, "DE"},
		{48.5839, 7.7455, "FR"}, // Strasbourg
		{48.5733, 7.8150, "DE"}, // Kehl, over the Rhine
		{47.16, 9.54, "LI"},
		{43.9424, 12.4578, "SM"},
		{43.7325, 7.4189, "MC"},
		{-29.5, 28.3, "LS"},    // within South Africa
		{-28.5, 24.7, "ZA"},    //
		{68.0, -177.0, "RU"},   // Chukotka, west of the meridian of 180 degrees
		{66.5, 175.0, "RU"},    // and east of it
		{-16.95, 179.95, "FJ"}, // Taveuni, on both sides
		{-16.85, -179.95, "FJ"},
		{-85, 100, "AQ"},
		{64.15, -21.9, "IS"},
		{16.2, -61.5, "GP"}, // not France
		{44.95, 34.1, "UA"},
		{42.6, 21.1, "XK"},
		{28.1, -15.5, "ES"},
		{78.2, 16, "SJ"},
		{0, 0, ""},
		{45, -30, ""},
		{42, 5, ""},
		{91, 0, ""},
	} {
		if got := x.Country(geo.Point{Lat: c.lat, Lon: c.lon}); got != c.want {
			t.Errorf("%v, %v is in %q, want %q", c.lat, c.lon, got, c.want)
		}
	}
}

func TestCentre(t *testing.T) {
	x := shared(t)
	for code, want := range map[string]geo.Point{"DE": {Lat: 51.1, Lon: 10.4}, "RU": {Lat: 61.8, Lon: 96.6}, "FJ": {Lat: -17.8, Lon: 178}} {
		at, ok := x.Centre(code)
		if d := at.Metres(want); !ok || d > 150e3 {
			t.Errorf("the middle of %s is %v, %.0f km from %v", code, at, d/1000, want)
		}
	}
	for _, code := range []string{"", "ZZ", "D", "DEU"} {
		if at, ok := x.Centre(code); ok {
			t.Errorf("the middle of %q is %v", code, at)
		}
	}
}

func TestReverse(t *testing.T) {
	x := shared(t)
	find := func(q geo.Query) geo.Place {
		t.Helper()
		q.Reverse = true
		found, err := x.Find(context.Background(), &q)
		if err != nil || len(found) != 1 {
			t.Fatalf("%v: %v, %v", q.Point, found, err)
		}
		return found[0]
	}
	kehl := find(geo.Query{Point: geo.Point{Lat: 48.5733, Lon: 7.8150}})
	if kehl.City != "Kehl" || kehl.CountryCode != "DE" || kehl.State != "Baden-Wurttemberg" || kehl.Match != geo.MatchExact || kehl.Metres > 2000 || kehl.Metres == 0 {
		t.Errorf("at Kehl is %+v", kehl)
	}
	if sea := find(geo.Query{Point: geo.Point{}}); sea.Kind != KindSea || sea.Match != geo.MatchNone || sea.City != "" || sea.Metres < 100e3 {
		t.Errorf("at 0, 0 is %+v", sea)
	}
	desert := geo.Query{Point: geo.Point{Lat: 23, Lon: 12}, MaxMetres: 50e3}
	if d := find(desert); d.Kind != KindCountry || d.CountryCode != "NE" || d.Precision != geo.PrecisionRegion || d.City != "" {
		t.Errorf("in the desert is %+v", d)
	}
	outside := geo.Query{Reverse: true, Point: geo.Point{Lat: 48.5733, Lon: 7.8150}, Countries: []string{"FR"}}
	if found, err := x.Find(context.Background(), &outside); err != nil || len(found) != 0 {
		t.Errorf("at Kehl, in France, is %v, %v", found, err)
	}
	wrong := geo.Query{Reverse: true, Point: geo.Point{Lat: 91}}
	if found, err := x.Find(context.Background(), &wrong); err != nil || len(found) != 0 {
		t.Errorf("at 91 degrees is %v, %v", found, err)
	}
}
