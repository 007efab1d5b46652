package judge

import (
	"brood/jobs/geocode/geo"
	"testing"
)

// BenchmarkJudge judges one place: as an index gives it, and as a provider does.
func BenchmarkJudge(b *testing.B) {
	q := geo.Query{Address: geo.Address{Street: "Main St", Number: "12", City: "Springfield", State: "IL", Postcode: "62701", CountryCode: "US"}, Countries: []string{"US"}}
	town := geo.Place{Point: geo.Point{Lat: 39.8, Lon: -89.6}, City: "Springfield", State: "Illinois", Postcode: "62701", CountryCode: "US", Precision: geo.PrecisionPostcode}
	house := town
	house.Road, house.Number, house.Precision = "Main Street", "12", geo.PrecisionRooftop
	other := house
	other.City, other.Formatted = "Sprngfield", "12 Main Street, Sprngfield, IL 62701, USA"
	for name, p := range map[string]geo.Place{"town": town, "house": house, "misspelt": other} {
		found := []geo.Place{p}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Judge(&q, found, Policy{MinPrecision: geo.PrecisionPostcode, Centres: centres{}})
			}
		})
	}
}
