package geocode

import (
	"brood/jobs/geocode/geo"
	"testing"
)

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
