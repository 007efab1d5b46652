package geocode

import (
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"strconv"
)

// sectional are the first three digits of the ZIP codes of the states whose codes begin with
// zeros, which spreadsheets drop: Publication 65 of the United States Postal Service.
var sectional = map[string][2]int{
	"PR": {6, 9}, "VI": {8, 8}, "MA": {10, 27}, "RI": {28, 29}, "NH": {30, 38}, "ME": {39, 49}, "VT": {50, 59}, "CT": {60, 69}, "NJ": {70, 89},
}

// restoreZeros puts zeros before a ZIP code that has lost them, if the state of the row says that
// it begins with them. Without a state, or with another, the code stays as it stands in the row.
func restoreZeros(a *geo.Address) {
	if a.CountryCode != "US" && a.CountryCode != "PR" && a.CountryCode != "" {
		return
	}
	if a.CountryCode == "" && len(a.Postcode) != 4 && len(a.Postcode) != 3 {
		return
	}
	state := address.StateCode(a.State, "US")
	if a.CountryCode == "PR" {
		state = "PR"
	}
	between, ok := sectional[state]
	if !ok {
		return
	}
	for _, padded := range address.PostcodeCandidates(a.Postcode, "US") {
		if n, err := strconv.Atoi(padded[:3]); err == nil && n >= between[0] && n <= between[1] {
			a.Postcode = padded
			return
		}
	}
}
