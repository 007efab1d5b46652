package geocode

import (
	"brood/jobs/permits"
	"maps"
	"testing"
)

func TestMoney(t *testing.T) {
	for s, want := range map[string]permits.Money{"5": 5_000_000, "0.5": 500_000, "0.000001": 1, "12.34": 12_340_000, "0": 0} {
		if got, err := money(s); err != nil || got != want {
			t.Errorf("%s: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-1", "1,5", "1.0000001", "€5", "1e3", "99999999999999", "5.", "."} {
		if got, err := money(s); err == nil && s != "5." {
			t.Errorf("%q is %d", s, got)
		}
	}
}

// TestKeyed reads values for one provider and for all.
func TestKeyed(t *testing.T) {
	names := []string{"nominatim", "google"}
	for _, c := range []struct {
		values []string
		want   map[string]string
	}{
		{[]string{"k.txt"}, map[string]string{"nominatim": "k.txt", "google": "k.txt"}},
		{[]string{"google=g.txt"}, map[string]string{"google": "g.txt"}},
		{[]string{"google=g.txt", "k.txt"}, map[string]string{"google": "g.txt", "nominatim": "k.txt"}},
		{[]string{"https://host/a?x=1"}, map[string]string{"nominatim": "https://host/a?x=1", "google": "https://host/a?x=1"}},
		{nil, map[string]string{}},
	} {
		if got, err := keyed("base-url", c.values, names); err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%q: %v, %v", c.values, got, err)
		}
	}
	if got, err := keyed("price", []string{"mapbox=5"}, names); err == nil {
		t.Errorf("a price for who is not asked: %v", got)
	}
}

func TestBounds(t *testing.T) {
	if b, err := boxOf("177,-20,-178,-15"); err != nil || b.West != 177 || b.East != -178 {
		t.Errorf("a box over the date line: %v, %v", b, err)
	}
	for _, s := range []string{"1,2,3", "a,b,c,d", "1,50,2,40", "1,2,3,91", "NaN,0,1,1"} {
		if b, err := boxOf(s); err == nil {
			t.Errorf("--bbox %s is %v", s, b)
		}
	}
	for _, s := range []string{"47", "91,0", "0,181", "x,1", "Inf,0"} {
		if p, err := nearOf(s); err == nil {
			t.Errorf("--near %s is %v", s, p)
		}
	}
	if got, err := countries([]string{"de,AT", "Schweiz"}); err != nil || len(got) != 3 || got[0] != "DE" || got[2] != "CH" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := countries([]string{"Atlantis"}); err == nil {
		t.Errorf("%v", got)
	}
}
