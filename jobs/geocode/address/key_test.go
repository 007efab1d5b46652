package address

import (
	"brood/jobs/geocode/geo"
	"slices"
	"strings"
	"testing"
)

// TestKey says which questions share a lookup, and which must not.
func TestKey(t *testing.T) {
	base := geo.Query{Address: geo.Address{Street: "Main Street", Number: "12a", City: "Springfield", State: "IL", Postcode: "62701", Country: "USA", CountryCode: "US"}}
	same := map[string]func(*geo.Query){
		"case":         func(q *geo.Query) { q.City = "SPRINGFIELD" },
		"street words": func(q *geo.Query) { q.Street = "Main St." },
		"unit":         func(q *geo.Query) { q.Unit = "Apt 4" },
		"spaces":       func(q *geo.Query) { q.Number = "12 A" },
		"country word": func(q *geo.Query) { q.Country = "United States" },
	}
	for name, change := range same {
		q := base
		change(&q)
		if Key(&q) != Key(&base) {
			t.Errorf("%s makes a difference:\n%s\n%s", name, Key(&q), Key(&base))
		}
	}
	other := map[string]func(*geo.Query){
		"number":    func(q *geo.Query) { q.Number = "12b" },
		"street":    func(q *geo.Query) { q.Street = "Main Ave" },
		"city":      func(q *geo.Query) { q.City = "Springdale" },
		"postcode":  func(q *geo.Query) { q.Postcode = "62702" },
		"country":   func(q *geo.Query) { q.CountryCode = "CA" },
		"language":  func(q *geo.Query) { q.Language = "de" },
		"level":     func(q *geo.Query) { q.Level = geo.LevelCity },
		"box":       func(q *geo.Query) { q.Box = &geo.Box{West: 1, South: 2, East: 3, North: 4} },
		"near":      func(q *geo.Query) { q.Near = &geo.Point{Lat: 1, Lon: 2} },
		"countries": func(q *geo.Query) { q.Countries = []string{"US"} },
		"limit":     func(q *geo.Query) { q.Limit = 3 },
		"reverse":   func(q *geo.Query) { q.Reverse = true },
		"PO box":    func(q *geo.Query) { q.POBox = "7" },
		"line":      func(q *geo.Query) { q.Line = "12a Main St, Springfield" },
	}
	seen := map[string]string{Key(&base): "the base"}
	for name, change := range other {
		q := base
		change(&q)
		if k := Key(&q); seen[k] != "" {
			t.Errorf("%s and %s share %s", name, seen[k], k)
		} else {
			seen[k] = name
		}
	}
	for _, pair := range [][2]string{{"12-3", "12/3"}, {"12-3", "123"}, {"12 3", "123"}, {"123 1/2", "1231/2"}} {
		a, b := base, base
		a.Number, b.Number = pair[0], pair[1]
		if Key(&a) == Key(&b) {
			t.Errorf("%s and %s are one number", pair[0], pair[1])
		}
	}
	a, b := base, base
	a.Number, b.Number = "12–14", "12-14"
	if Key(&a) != Key(&b) {
		t.Error("a dash is a hyphen")
	}
	if !strings.HasPrefix(Key(&base), KeyVersion+"|") {
		t.Error("a key without its version")
	}
}

// TestLess holds the order in which a question is asked again.
func TestLess(t *testing.T) {
	q := geo.Query{Address: geo.Address{Street: "Hauptstraße", Number: "12a", City: "Berlin", District: "Mitte", Postcode: "10115", CountryCode: "DE"}}
	want := []string{
		"12 Hauptstraße, 10115 Berlin Mitte [number]",
		"12a Hauptstraße,  Berlin Mitte [postcode]",
		"12a Hauptstraße, 10115 Berlin  [district county]",
		" Hauptstraße, 10115 Berlin Mitte [number]",
		" Hauptstraße,  Berlin Mitte [number postcode]",
		" , 10115 Berlin Mitte [number street]",
		" , 10115   [number street city district county]",
		" ,  Berlin  [number street postcode district]",
	}
	var got []string
	for _, f := range Less(&q) {
		words := make([]string, len(f.Dropped))
		for i, p := range f.Dropped {
			words[i] = p.String()
		}
		got = append(got, f.Number+" "+f.Street+", "+f.Postcode+" "+f.City+" "+f.District+" ["+strings.Join(words, " ")+"]")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	line := geo.Query{Address: geo.Address{Line: "Big Tower, Some Plaza, Gotham"}}
	var lines []string
	for _, f := range Less(&line) {
		lines = append(lines, f.Line)
	}
	if !slices.Equal(lines, []string{"Some Plaza, Gotham", "Gotham"}) {
		t.Errorf("a line that is not read: %q", lines)
	}
	if Less(&geo.Query{Reverse: true}) != nil {
		t.Error("a point has nothing to leave out")
	}
	box := geo.Query{Address: geo.Address{POBox: "12", City: "Bremen", Postcode: "28195"}}
	for _, f := range Less(&box) {
		if f.POBox != "" {
			t.Errorf("less than a box: %+v", f)
		}
	}
	if city := Less(&geo.Query{Address: geo.Address{City: "Bremen"}}); city != nil {
		t.Errorf("less than a town: %+v", city)
	}
}

func TestBareNumber(t *testing.T) {
	for s, want := range map[string]string{"12a": "12", "12 bis": "12", "12-14": "12", "12/3": "12", "37-12": "37-12", "N6W23001": "N6W23001", "12": "12", "": "", "12½": "12"} {
		if got := BareNumber(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
