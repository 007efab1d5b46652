package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"strings"
	"testing"
)

// TestPointInStreet takes a point that stands where a street should, and nothing that is a street.
func TestPointInStreet(t *testing.T) {
	s := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"street", "city"}}
	a, err := newAsker(&config{Level: "address", Prefix: "geo_"}, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		street, city string
		want         address.Kind
	}{
		{"45.5231, -122.6765", "", address.Coordinates},
		{"45.5231, -122.6765", "Portland", address.Address},
		{"12 Main St", "", address.Address},
		{"", "", address.Nothing},
	} {
		rec := &jobs.Record{Shape: s, Values: [][]byte{[]byte(c.street), []byte(c.city)}}
		if q := a.read(rec); q.kind != c.want {
			t.Errorf("%q, %q: %s, want %s", c.street, c.city, q.kind, c.want)
		}
	}
}

// TestZeros restores zeros only where the state of the row says so.
func TestZeros(t *testing.T) {
	for _, c := range []struct{ code, state, country, want string }{
		{"2116", "MA", "US", "02116"},
		{"2116", "Massachusetts", "", "02116"},
		{"7030", "NJ", "US", "07030"},
		{"6902", "CT", "US", "06902"},
		{"802", "VI", "US", "00802"},
		{"2116", "CA", "US", "2116"}, // no code of California begins with a zero
		{"7030", "MA", "US", "7030"}, // that is of New Jersey
		{"2116", "", "US", "2116"},   // nobody can tell
		{"2116", "MA", "AU", "2116"}, // an Australian code has four digits
		{"12116", "NY", "US", "12116"},
		{"", "MA", "US", ""},
	} {
		a := geo.Address{Postcode: c.code, State: c.state, CountryCode: c.country}
		if restoreZeros(&a); a.Postcode != c.want {
			t.Errorf("%s in %s, %s: %s, want %s", c.code, c.state, c.country, a.Postcode, c.want)
		}
	}
}

// TestQuiet: only who asks nobody on the network has nothing to complain of.
func TestQuiet(t *testing.T) {
	for names, want := range map[string]bool{"offline": true, "nominatim": false, "offline,nominatim": false} {
		var c config
		for name := range strings.SplitSeq(names, ",") {
			c.Sources = append(c.Sources, sourceConfig{Name: name})
		}
		var r jobs.Runner = &runner{shared: &shared{tools: &tools{c: &c}}}
		if q, can := r.(jobs.Quiet); !can || q.Quiet() != want {
			t.Errorf("%s: quiet is %t", names, !want)
		}
	}
}
