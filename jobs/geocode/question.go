package geocode

import (
	"brood/jobs/geocode/geo"
	"strconv"
	"strings"
)

// numberFirst reports whether the number stands before the street in a country.
func numberFirst(country string) bool {
	switch country {
	case "", "US", "CA", "GB", "IE", "AU", "NZ", "FR", "LU", "IN", "ZA", "SG", "PH", "MY", "IL", "TH":
		return true
	}
	return false
}

// words is a question as people read it.
func words(q *geo.Query) string {
	if q.Reverse {
		return strconv.FormatFloat(q.Point.Lat, 'f', -1, 64) + ", " + strconv.FormatFloat(q.Point.Lon, 'f', -1, 64)
	}
	if q.Line != "" && q.City == "" && q.Postcode == "" {
		return q.Line
	}
	var out []string
	add := func(parts ...string) {
		var some []string
		for _, p := range parts {
			if p != "" {
				some = append(some, p)
			}
		}
		if len(some) > 0 {
			out = append(out, strings.Join(some, " "))
		}
	}
	if q.POBox != "" {
		add("PO box " + q.POBox)
	}
	if numberFirst(q.CountryCode) {
		add(q.Number, q.Street)
	} else {
		add(q.Street, q.Number)
	}
	add(q.District)
	add(q.Postcode, q.City)
	add(q.County)
	add(q.State)
	if q.Country != "" {
		add(q.Country)
	} else {
		add(q.CountryCode)
	}
	return strings.Join(out, ", ")
}
