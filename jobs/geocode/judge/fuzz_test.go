package judge

import (
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"slices"
	"testing"
)

// FuzzJudge judges what servers may send, in whatever letters: nothing may break, and the rules
// that hold of all verdicts must hold.
func FuzzJudge(f *testing.F) {
	f.Add("Main St", "12", "Springfield", "62701", "US", "Main Street", "12", "Springfield", "62701", "US", "12 Main St, Springfield", uint8(5), 40.0, -89.0)
	f.Add("Hauptstr.", "12a", "Köln-Ehrenfeld", "1067", "DE", "", "", "Köln/Cologne", "01067;1", "DE", ",,", uint8(2), 0.0, 0.0)
	f.Add("", "", "(", "K1A 0A9", "CZ", "St", "1/2", "St", "-", "", "(", uint8(4), 91.0, 181.0)
	f.Fuzz(func(t *testing.T, street, number, city, code, country, road, houseNumber, town, zip, foundCountry, formatted string, precision uint8, lat, lon float64) {
		q := geo.Query{Address: geo.Address{Street: street, Number: number, City: city, Postcode: code, CountryCode: country}}
		found := []geo.Place{{
			Point: geo.Point{Lat: lat, Lon: lon}, Road: road, Number: houseNumber, City: town, Postcode: zip, CountryCode: foundCountry,
			Formatted: formatted, Precision: geo.Precision(precision % 6), Confidence: -1,
		}}
		for _, policy := range []Policy{{}, {MinPrecision: geo.PrecisionCity}, {Ignore: address.Parts()}} {
			v := Judge(&q, found, policy)
			if v.Status != OK && v.Status != LowConfidence || v.Place != &found[0] {
				t.Fatalf("%+v of one place", v)
			}
			if !slices.IsSorted(v.Mismatch) {
				t.Errorf("parts are not in order: %v", v.Mismatch)
			}
			if v.Status != OK {
				continue
			}
			if want := Wanted(&q); want >= geo.PrecisionStreet && precisionOf(&found[0]) < geo.PrecisionPostcode {
				t.Errorf("a house or street asked, %v found, is ok: %+v %+v", found[0].Precision, q.Address, found[0])
			}
			if slices.Contains(v.Mismatch, address.Country) {
				t.Errorf("another country is ok: %+v %+v", q.Address, found[0])
			}
			if slices.ContainsFunc(v.Marks, Mark.Decides) {
				t.Errorf("ok with %v", v.Marks)
			}
		}
		// The same text is the same part, whatever it is.
		same := geo.Place{Point: geo.Point{Lat: 1, Lon: 2}, Road: street, Number: number, City: city, Postcode: code, CountryCode: country, Precision: geo.PrecisionRooftop, Confidence: -1}
		if v := Judge(&q, []geo.Place{same}, Policy{}); v.Status != OK && plain(street, number, city, code) {
			t.Errorf("%+v is not itself: %+v", q.Address, v)
		}
	})
}

// plain reports whether all texts are of letters, figures and spaces, and begin with one of the first two.
func plain(texts ...string) bool {
	for _, s := range texts {
		for i := range len(s) {
			c := s[i]
			if letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'; !letter && (c != ' ' || i == 0) {
				return false
			}
		}
	}
	return true
}
