package gazetteer

import (
	"brood/jobs/geocode/geo"
	"context"
	"strings"
	"testing"
)

// one is the best answer to a question.
func one(t *testing.T, q geo.Query) geo.Place {
	t.Helper()
	found, err := shared(t).Find(context.Background(), &q)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return geo.Place{}
	}
	return found[0]
}

// TestFind asks for places in the ways rows have them: city, state, postal code, country.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		asked string // with bars between
		want  string // formatted
		match geo.Match
		least float64
		most  float64
	}{
		{"Berlin|||", "Berlin, State of Berlin, Germany", geo.MatchExact, 0.9, 1},
		{"Munich|||", "Munich, Bavaria, Germany", geo.MatchExact, 0.9, 1},
		{"München|Bayern||DE", "Munich, Bavaria, Germany", geo.MatchExact, 0.9, 1},
		{"Muenchen|BY||Deutschland", "Munich, Bavaria, Germany", geo.MatchExact, 0.9, 1},
		{"MUNCHEN|||Allemagne", "Munich, Bavaria, Germany", geo.MatchExact, 0.9, 1},
		{"Москва|||", "Moscow, Russia", geo.MatchExact, 0.9, 1},
		{"東京|||", "Tokyo, Japan", geo.MatchExact, 0.9, 1},
		{"Springfield|IL||US", "Springfield, Illinois, United States", geo.MatchExact, 0.9, 1},
		{"Springfield|||", "Springfield, Missouri, United States", geo.MatchExact, 0, 0.5},
		{"St. Louis|Missouri||", "St. Louis, Missouri, United States", geo.MatchExact, 0.9, 1},
		{"Ft Worth|TX||US", "Fort Worth, Texas, United States", geo.MatchExact, 0.9, 1},
		{"Toronto|ON||Canada", "Toronto, Ontario, Canada", geo.MatchExact, 0.9, 1},
		{"Sydney|NSW||Australia", "Sydney, New South Wales, Australia", geo.MatchExact, 0.9, 1},
		{"Maidstone|Kent||UK", "Maidstone, England, United Kingdom", geo.MatchExact, 0.9, 1},
		{"Berln|||DE", "Berlin, State of Berlin, Germany", geo.MatchExact, 0.5, 0.85},
		{"Wien 3|||AT", "Vienna, Austria", geo.MatchFallback, 0.5, 0.6},
		{"Frankfurt (Oder)|||DE", "Frankfurt (Oder), Brandenburg, Germany", geo.MatchExact, 0.9, 1},
		{"O'Fallon|MO||US", "O'Fallon, Missouri, United States", geo.MatchExact, 0.9, 1},
		{"OFALLON|MO||US", "O'Fallon, Missouri, United States", geo.MatchExact, 0.9, 1},
		{"Savannah|GA|31401|US", "Savannah, Georgia 31401, United States", geo.MatchExact, 0.9, 1},
		{"Savannah|GA|31401-1234|US", "Savannah, Georgia 31401, United States", geo.MatchExact, 0.9, 1},
		{"Savanah|GA|314011234|US", "Savannah, Georgia 31401, United States", geo.MatchExact, 0.8, 1},
		{"||31401|", "Savannah, Georgia 31401, United States", geo.MatchExact, 0.9, 1},
		{"Holtsville|NY|501|US", "Holtsville, New York 00501, United States", geo.MatchExact, 0.9, 1},
		{"Boston|MA|2108|", "Boston, Massachusetts 02108, United States", geo.MatchExact, 0.9, 1},
		{"|NC|2108|US", "North Carolina, United States", geo.MatchFallback, 0, 0.5}, // 02108 is in Massachusetts
		{"||501|US", "", geo.MatchNone, 0, 0},
		{"Chicago|IL|31401|US", "Chicago, Illinois, United States", geo.MatchFallback, 0, 0.5},
		{"Berlin||10115|", "Berlin, State of Berlin, Germany", geo.MatchFallback, 0.5, 1}, // 10115 is in New York too
		{"|Bavaria||", "Bavaria, Germany", geo.MatchExact, 0.5, 1},
		{"|||France", "France", geo.MatchExact, 0.5, 1},
		{"Nirgendwo|||DE", "", geo.MatchNone, 0, 0},
		{"Nirgendwo|Bayern||DE", "Bavaria, Germany", geo.MatchFallback, 0, 0.5},
		{"Wuppertal|||FR", "", geo.MatchNone, 0, 0},
		{"Rom|||Italien", "Rome, Lazio, Italy", geo.MatchExact, 0.9, 1},
		{"|||Nowhereland", "", geo.MatchNone, 0, 0},
		{"|||", "", geo.MatchNone, 0, 0},
	} {
		row := strings.Split(c.asked, "|")
		f := one(t, geo.Query{Address: geo.Address{City: row[0], State: row[1], Postcode: row[2], Country: row[3]}})
		if f.Formatted != c.want || f.Match != c.match || f.Confidence < c.least || f.Confidence > c.most {
			t.Errorf("%s is %q, %v, %.2f; want %q, %v, %v to %v", c.asked, f.Formatted, f.Match, f.Confidence, c.want, c.match, c.least, c.most)
		}
	}
}

// TestParts: each part of an answer is where it belongs, though all are cut out of one text.
func TestParts(t *testing.T) {
	f := one(t, geo.Query{Address: geo.Address{City: "Savannah", State: "GA", Postcode: "31401", Street: "203 E Gwinnett St"}})
	want := geo.Place{
		Point: f.Point, Formatted: "Savannah, Georgia 31401, United States", City: "Savannah", County: "Chatham County", State: "Georgia", Postcode: "31401",
		Country: "United States", CountryCode: "US", ID: "geonames:US:31401", Kind: KindPostcode, Match: geo.MatchFallback, Precision: geo.PrecisionPostcode, Confidence: f.Confidence,
	}
	if !same(f, want) {
		t.Errorf("found %+v", f)
	}
	f = one(t, geo.Query{Address: geo.Address{City: "Monaco", CountryCode: "MC"}})
	if f.City != "Monaco" || f.Country != "Monaco" || f.CountryCode != "MC" || f.ID != "geonames:2993458" || f.Formatted != "Monaco" && !strings.HasSuffix(f.Formatted, "Monaco") {
		t.Errorf("found %+v", f)
	}
	f = one(t, geo.Query{Address: geo.Address{City: "Wien"}})
	if f.City != "Vienna" || len(f.Names) != 1 || f.Names[0] != "wien" || f.Population < 1e6 || f.Kind != "capital" {
		t.Errorf("found %+v", f)
	}
}

func same(a, b geo.Place) bool {
	a.Names, b.Names, a.Raw, b.Raw = nil, nil, nil, nil
	return a.Point == b.Point && a.Formatted == b.Formatted && a.City == b.City && a.County == b.County && a.State == b.State && a.Postcode == b.Postcode &&
		a.Country == b.Country && a.CountryCode == b.CountryCode && a.ID == b.ID && a.Kind == b.Kind && a.Match == b.Match && a.Precision == b.Precision && a.Confidence == b.Confidence
}

// TestBounds: countries, a box, and what is near decide.
func TestBounds(t *testing.T) {
	texas := &geo.Box{West: -107, South: 25, East: -93, North: 37}
	for name, c := range map[string]struct {
		q    geo.Query
		want string
	}{
		"countries": {geo.Query{Countries: []string{"US"}}, "Paris, Texas, United States"},
		"two":       {geo.Query{Countries: []string{"US", "FR"}}, "Paris, Île-de-France, France"},
		"box":       {geo.Query{Box: texas}, "Paris, Texas, United States"},
		"near":      {geo.Query{Near: &geo.Point{Lat: 43.1, Lon: -80.5}}, "Paris, Ontario, Canada"},
		"none":      {geo.Query{Countries: []string{"DE"}}, ""},
	} {
		c.q.City = "Paris"
		if f := one(t, c.q); f.Formatted != c.want {
			t.Errorf("%s: Paris is %q, want %q", name, f.Formatted, c.want)
		}
	}
	q := geo.Query{Address: geo.Address{City: "Springfield"}, Limit: 2}
	if found, err := shared(t).Find(context.Background(), &q); err != nil || len(found) != 2 {
		t.Errorf("of two there are %d, %v", len(found), err)
	}
}

// TestLevels: a city is asked for, and a postal code.
func TestLevels(t *testing.T) {
	row := geo.Address{City: "Savannah", State: "GA", Postcode: "31401"}
	if f := one(t, geo.Query{Address: row, Level: geo.LevelCity}); f.Precision != geo.PrecisionCity || f.Match != geo.MatchExact || f.Kind == KindPostcode {
		t.Errorf("the city is %+v", f)
	}
	if f := one(t, geo.Query{Address: row, Level: geo.LevelPostcode}); f.Precision != geo.PrecisionPostcode || f.Match != geo.MatchExact {
		t.Errorf("the postal code is %+v", f)
	}
	row.Postcode = "99999"
	if f := one(t, geo.Query{Address: row, Level: geo.LevelPostcode}); f.Precision != geo.PrecisionCity || f.Match != geo.MatchFallback {
		t.Errorf("for a postal code that is not there: %+v", f)
	}
}

// TestStopped: a question that nobody waits for any more is not answered.
func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if found, err := shared(t).Find(ctx, &geo.Query{Address: geo.Address{City: "Berlin"}}); err == nil || found != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

// TestLong: what no name can be is answered, by nothing, in a time that one does not notice; it
// would take hours if all its words were joined with each other.
func TestLong(t *testing.T) {
	long := strings.Repeat("lorem ipsum dolor, sit amet 12 ", 1<<16)
	for _, q := range []geo.Query{{Address: geo.Address{City: long}}, {Address: geo.Address{City: "x" + strings.Repeat("y", 1<<20)}}, {Address: geo.Address{Line: long}}} {
		if f := one(t, q); f.Confidence > 0.6 {
			t.Errorf("it is %+v", f)
		}
	}
	if f := one(t, geo.Query{Address: geo.Address{Line: long + ", 203 E Gwinnett St, Savannah, GA 31401"}}); f.Postcode != "31401" {
		t.Errorf("behind a long text is %+v", f)
	}
}

func FuzzFind(f *testing.F) {
	x := shared(f)
	f.Add("Berlin", "BE", "10115", "DE", "", 0)
	f.Add("", "", "", "", "5 Main St, Springfield, IL 62701, USA", 1)
	f.Add("St. Mary's (x", "Georgia", "1-1", "Georgia", ",,;\n", 2)
	f.Add("かな", "\xff", "SW1A 1AA", "", "1012 AB Amsterdam", 0)
	f.Fuzz(func(t *testing.T, city, state, code, country, line string, level int) {
		for _, q := range []geo.Query{
			{Address: geo.Address{City: city, State: state, Postcode: code, Country: country}, Level: geo.Level(uint(level) % 3)},
			{Address: geo.Address{Line: line, Country: country}, Level: geo.Level(uint(level) % 3)},
		} {
			found, err := x.Find(context.Background(), &q)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range found {
				if !p.Valid() || !(p.Confidence >= 0 && p.Confidence <= 1) || p.CountryCode == "" || p.Match == geo.MatchNone || p.Precision == geo.PrecisionNone {
					t.Errorf("%+v is answered by %+v", q, p)
				}
			}
		}
	})
}
