package address

import (
	"brood/jobs/geocode/geo"
	"math"
	"strconv"
	"strings"
)

// Point reads a point as people and programs write one: "52.5, 13.4", "52,5; 13,4", "N 52.5
// E 13.4", "52° 30' 59.4\" N 13° 22' 39\" E", POINT(13.4 52.5) as WKT has it, with the longitude
// before the latitude, geo:52.5,13.4 (RFC 5870), and addresses of map pages with @lat,lon.
// swapped says that the first number can be no latitude, though the other one can: the point is
// then read as it stands there, with Valid false, as what was meant is not known.
func Point(s string) (p geo.Point, swapped, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 3 || len(s) > 400 || !hasDigit(s) {
		return geo.Point{}, false, false
	}
	if rest, is := cutPrefixFold(s, "geo:"); is {
		rest, _, _ = strings.Cut(rest, ";")
		rest, _, _ = strings.Cut(rest, "?")
		return decimals(rest, ",")
	}
	if rest, is := cutPrefixFold(s, "point"); is {
		return wkt(rest)
	}
	if rest, is := cutPrefixFold(s, "srid="); is {
		if _, rest, is = strings.Cut(rest, ";"); is && len(rest) > 5 && strings.EqualFold(rest[:5], "point") {
			return wkt(rest[5:])
		}
	}
	if strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") {
		return mapPage(s)
	}
	return written(s)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// PointOf reads a latitude and a longitude of two columns.
func PointOf(lat, lon string) (p geo.Point, swapped, ok bool) {
	a, wa, ok1 := angle(strings.TrimSpace(lat))
	b, wb, ok2 := angle(strings.TrimSpace(lon))
	if !ok1 || !ok2 || (a == 0 && b == 0 && !hasDigit(lat+lon)) {
		return geo.Point{}, false, false
	}
	if wa == eastWest && wb != eastWest || wb == northSouth && wa != northSouth {
		return judged(a, b, true) // "13.4 E" in the column of the latitude
	}
	return judged(a, b, false)
}

// judged finds out whether two numbers are a point, or one only the other way round.
func judged(lat, lon float64, named bool) (p geo.Point, swapped, ok bool) {
	p = geo.Point{Lat: lat, Lon: lon}
	if named {
		return p, true, geo.Point{Lat: lon, Lon: lat}.Valid()
	}
	if p.Valid() {
		return p, false, true
	}
	if (geo.Point{Lat: lon, Lon: lat}).Valid() {
		return p, true, true
	}
	return geo.Point{}, false, false
}

// wkt reads what is behind POINT: "(13.4 52.5)", also "Z (13.4 52.5 34)".
func wkt(s string) (p geo.Point, swapped, ok bool) {
	open, end := strings.IndexByte(s, '('), strings.IndexByte(s, ')')
	if open < 0 || end < open {
		return geo.Point{}, false, false
	}
	words := strings.Fields(s[open+1 : end])
	if len(words) < 2 || len(words) > 4 {
		return geo.Point{}, false, false
	}
	lon, ok1 := number(words[0])
	lat, ok2 := number(words[1])
	if !ok1 || !ok2 {
		return geo.Point{}, false, false
	}
	return judged(lat, lon, false)
}

// mapPage reads the point out of the address of a page with a map: behind an @, as of Google,
// behind "!3d" and "!4d", which is the place itself and no view of it, or of parameters.
func mapPage(s string) (p geo.Point, swapped, ok bool) {
	if _, rest, is := strings.Cut(s, "!3d"); is {
		if lat, rest, is := strings.Cut(rest, "!4d"); is {
			end := strings.IndexAny(rest, "!?&/#")
			if end < 0 {
				end = len(rest)
			}
			return decimals(lat+","+rest[:end], ",")
		}
	}
	for _, before := range []string{"/@", "?q=", "&q=", "?ll=", "&ll=", "query=", "?mlat="} {
		_, rest, is := strings.Cut(s, before)
		if !is {
			continue
		}
		rest = strings.Replace(strings.Replace(rest, "%2C", ",", 1), "&mlon=", ",", 1)
		end := len(rest)
		for i, commas := 0, 0; i < len(rest); i++ {
			if rest[i] == ',' {
				commas++
			}
			if commas == 2 || strings.IndexByte("?&/#", rest[i]) >= 0 {
				end = i
				break
			}
		}
		if p, swapped, ok = decimals(rest[:end], ","); ok {
			return p, swapped, ok
		}
	}
	return geo.Point{}, false, false
}

// decimals reads two numbers with a separator between, and perhaps a height behind.
func decimals(s, separator string) (p geo.Point, swapped, ok bool) {
	first, second, is := strings.Cut(s, separator)
	if !is {
		return geo.Point{}, false, false
	}
	second, _, _ = strings.Cut(second, separator)
	lat, ok1 := number(strings.TrimSpace(first))
	lon, ok2 := number(strings.TrimSpace(second))
	if !ok1 || !ok2 {
		return geo.Point{}, false, false
	}
	return judged(lat, lon, false)
}

// number is a number with a point, or a comma, for its fraction. Words for numbers, as
// ParseFloat takes them, are none, nor is 1e5.
func number(s string) (float64, bool) {
	if s == "" || len(s) > 30 {
		return 0, false
	}
	digits, commas := false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case c == '-' || c == '+':
			if i > 0 {
				return 0, false
			}
		case c == '.' || c == ',':
			commas++
		default:
			return 0, false
		}
	}
	if !digits || commas > 1 {
		return 0, false
	}
	if i := strings.IndexByte(s, ','); i >= 0 {
		s = s[:i] + "." + s[i+1:]
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// LooksSwapped reports whether a point lies outside what has says, and would lie inside with
// its latitude and longitude changed over: as 13.4, 52.5 does for Germany.
func LooksSwapped(p geo.Point, has func(geo.Point) bool) bool {
	other := geo.Point{Lat: p.Lon, Lon: p.Lat}
	return other.Valid() && !has(p) && has(other)
}
