package address

import (
	"brood/jobs/geocode/geo"
	"testing"
)

// BenchmarkRead reads rows, of one column and of several, and makes their keys.
func BenchmarkRead(b *testing.B) {
	several, err := Guess([]string{"street", "city", "state", "zip"})
	if err != nil {
		b.Fatal(err)
	}
	one, err := Guess([]string{"address"})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name, home string
		mapping    Mapping
		cells      map[string]string
	}{
		{"columns", "US", several, map[string]string{"street": "1234 Main Street", "city": "Springfield", "state": "IL", "zip": "62701"}},
		{"columns with a unit", "US", several, map[string]string{"street": "1234 Main Street Apt 4", "city": "Springfield", "state": "IL", "zip": "62701-1234"}},
		{"line", "US", one, map[string]string{"address": "1234 Main St, Springfield, IL 62701"}},
		{"line, no country", "", one, map[string]string{"address": "1234 Main St, Springfield, IL 62701"}},
		{"line, German", "DE", one, map[string]string{"address": "Hauptstraße 12a, 10115 Berlin"}},
		{"line with a unit", "US", one, map[string]string{"address": "1234 Main St Apt 4, Springfield, IL 62701, USA"}},
	} {
		r := NewReader(c.mapping, c.home, false)
		value := func(column string) string { return c.cells[column] }
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rd := r.Read(value)
				if Key(&geo.Query{Address: rd.Address}) == "" {
					b.Fatal("no key")
				}
			}
		})
		b.Run(c.name+", read", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Read(value)
			}
		})
	}
}
