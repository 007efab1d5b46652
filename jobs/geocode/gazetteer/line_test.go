package gazetteer

import (
	"brood/jobs/geocode/geo"
	"context"
	"testing"
)

// TestLine reads addresses on one line, of the forms of several countries.
func TestLine(t *testing.T) {
	x := shared(t)
	for _, c := range []struct{ line, city, country, postcode string }{
		{"203 East Gwinnett Street, Savannah, GA 31401", "Savannah", "US", "31401"},
		{"203 East Gwinnett Street Savannah GA 31401-1234", "Savannah", "US", "31401"},
		{"203 E Gwinnett St\nSavannah, Georgia 31401\nUSA", "Savannah", "US", "31401"},
		{"Springfield, Illinois", "Springfield", "US", ""},
		{"1 Main St, Atlanta, Georgia", "Atlanta", "US", ""},
		{"Tbilisi, Georgia", "Tbilisi", "GE", ""},
		{"San Francisco, CA", "San Francisco", "US", ""},
		{"Toronto, CA", "Toronto", "CA", ""},
		{"100 Queen St W, Toronto, ON M5H 2N2, Canada", "Toronto", "CA", ""},
		{"Hauptstr. 5, 10115 Berlin", "Berlin", "DE", ""},
		{"Hauptstr. 5 10115 Berlin Deutschland", "Berlin", "DE", ""},
		{"Marienplatz 1, D-80331 München", "Munich", "DE", ""},
		{"10 Downing Street, London SW1A 2AA, United Kingdom", "London", "GB", ""},
		{"5 Rue de Rivoli, 75001 Paris, France", "Paris", "FR", ""},
		{"Damrak 1, 1012 LG Amsterdam, Nederland", "Amsterdam", "NL", ""},
		{"Drottninggatan 1, 111 22 Stockholm", "Stockholm", "SE", ""},
		{"Calle Mayor 1, 28013 Madrid, España", "Madrid", "ES", ""},
		{"Via Roma 1, 00184 Roma RM, Italia", "Rome", "IT", ""},
		{"ul. Marszałkowska 1, 00-950 Warszawa, Polska", "Warsaw", "PL", ""},
		{"Paris", "Paris", "FR", ""},
		{"Москва, Россия", "Moscow", "RU", ""},
	} {
		q := geo.Query{Address: geo.Address{Line: c.line}}
		found, err := x.Find(context.Background(), &q)
		if err != nil || len(found) == 0 {
			t.Errorf("%q: nothing is found, %v", c.line, err)
			continue
		}
		f := found[0]
		if f.City != c.city || f.CountryCode != c.country || f.Postcode != c.postcode || f.Confidence < 0.5 {
			t.Errorf("%q is %s %q in %s, %.2f, want %s %q in %s", c.line, f.City, f.Postcode, f.CountryCode, f.Confidence, c.city, c.postcode, c.country)
		}
	}
}
