package source

import (
	"brood/jobs/geocode/places/house"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// errCoordinates goes with the kind of what is wrong with coordinates.
var errCoordinates = errors.New("no such place")

// coordinates reads a point.
func coordinates(lat, lon string) (float64, float64, Kind, error) {
	y, ok1 := degrees(lat)
	x, ok2 := degrees(lon)
	if !ok1 || !ok2 {
		return 0, 0, NoCoordinates, errCoordinates
	}
	return placed(y, x)
}

// placed refuses a point that is no place.
func placed(y, x float64) (lat, lon float64, odd Kind, err error) {
	switch {
	case math.Abs(y) < 1e-4 && math.Abs(x) < 1e-4:
		return 0, 0, NullIsland, errCoordinates
	case math.Abs(y) <= 90 && math.Abs(x) <= 180:
		return y, x, 0, nil
	case math.Abs(x) <= 90 && math.Abs(y) <= 180:
		return 0, 0, Swapped, errCoordinates
	}
	return 0, 0, OutOfRange, errCoordinates
}

// degrees reads a figure, with a comma too.
func degrees(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && strings.Count(s, ",") == 1 {
		v, err = strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	}
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// pointOf are the coordinates of POINT (lon lat), or nothing.
func pointOf(wkt string) (lat, lon string) {
	_, in, ok := strings.Cut(wkt, "(")
	if ok {
		in, _, ok = strings.Cut(in, ")")
	}
	if f := strings.Fields(in); ok && len(f) >= 2 && strings.HasPrefix(strings.ToUpper(strings.TrimSpace(wkt)), "POINT") {
		return f[1], f[0]
	}
	return "", ""
}

// The longest parts that are taken: what is longer is no name.
const longestName = 200

// accept gives an address on whose point is known, with the number as it stands, or says
// what is odd about it.
func accept(o *Options, file string, p *Point, number string) error {
	odd := func(k Kind, text string) error { return o.Odd(Oddity{Kind: k, File: file, Line: p.Line, Text: text}) }
	var err error
	p.Number, err = house.Parse(number)
	switch {
	case errors.Is(err, house.ErrWords):
		return odd(StreetInNumber, number)
	case err != nil && p.Street != "" && unicode.IsDigit(rune(p.Street[0])) && strings.IndexFunc(p.Street, unicode.IsLetter) < 0:
		return odd(StreetInNumber, number)
	case err != nil:
		return odd(BadNumber, number)
	}
	if len(p.Street) > longestName || len(p.City) > longestName || len(p.District) > longestName || len(p.County) > longestName || len(p.Region) > longestName || len(p.Postcode) > 20 {
		return odd(Malformed, fmt.Sprintf("a name of more than %d bytes: %.40s…", longestName, p.Street+p.City))
	}
	if strings.IndexFunc(p.Street, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
		// Villages whose houses have numbers and whose ways have no names.
		if p.Street = p.District; p.Street == "" {
			p.Street = p.City
		}
		if p.Street == "" || p.Number.Main == 0 {
			return odd(NoStreet, strings.TrimSpace(number+" "+p.City))
		}
		err = odd(VillageAsStreet, number+" "+p.Street)
	}
	if p.Number.Main == 0 {
		err = errors.Join(err, odd(NoNumber, p.Street))
	}
	if p.City == "" && p.Postcode == "" && p.District == "" {
		err = errors.Join(err, odd(NoTown, p.Number.String()+" "+p.Street))
	}
	return errors.Join(err, o.Point(*p))
}
