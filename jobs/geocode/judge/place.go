package judge

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"strings"
)

// sameCountry reports whether two codes are one country, as addresses see it: those of overseas
// parts are written both ways.
func sameCountry(a, b string) bool {
	a, b = strings.ToUpper(a), strings.ToUpper(b)
	return a == b || belongsTo(a) == b || belongsTo(b) == a
}

// belongsTo is the state that a territory with a code of its own is part of.
func belongsTo(code string) string {
	switch code {
	case "PR", "GU", "VI", "AS", "MP", "UM":
		return "US"
	case "RE", "GP", "MQ", "GF", "YT", "PM", "BL", "MF", "NC", "PF", "WF":
		return "FR"
	case "JE", "GG", "IM", "GI":
		return "GB"
	case "AX":
		return "FI"
	case "SJ", "BV":
		return "NO"
	case "GL", "FO":
		return "DK"
	case "AW", "CW", "SX", "BQ":
		return "NL"
	case "HK", "MO":
		return "CN"
	case "CX", "CC", "NF":
		return "AU"
	case "XK":
		return "RS"
	}
	return ""
}

// compareCountry compares codes, and names only where one has no code.
func (q *asked) compareCountry(p *geo.Place) likeness {
	found := p.CountryCode
	if found == "" {
		found = address.CountryCode(p.Country)
	}
	switch {
	case found == "" || q.country == "":
		return same // nothing is known against it
	case sameCountry(q.country, found):
		return same
	}
	return differing
}

// compareState compares states by their codes. Where addresses have no such codes their names are
// of many languages, and differ for no reason.
func (q *asked) compareState(p *geo.Place) likeness {
	if q.State == "" || p.State == "" {
		return same
	}
	country := p.CountryCode
	if country == "" {
		country = q.country
	}
	if strings.EqualFold(q.State, p.State) {
		return same
	}
	a, b := address.StateCode(q.State, country), address.StateCode(p.State, country)
	if a == "" || b == "" || a == b {
		return same
	}
	return differing
}

// comparePostcode compares postcodes. The first part of one is the area that it lies in.
func (q *asked) comparePostcode(p *geo.Place) likeness {
	if q.Postcode == "" || q.Level == geo.LevelCity {
		return same
	}
	country := p.CountryCode
	if country == "" {
		country = q.country
	}
	if p.Postcode == "" {
		if q.City == "" && q.Street == "" || q.Level == geo.LevelPostcode || q.POBox != "" && q.City == "" {
			return lacking
		}
		return same // many finders do not say
	}
	a := bareCode(q.Postcode, country)
	if q.Postcode == p.Postcode {
		return same
	}
	for one := range strings.FieldsFuncSeq(p.Postcode, func(r rune) bool { return r == ';' || r == ',' }) {
		b := bareCode(one, country)
		if a == b || a != "" && b != "" && codesHaveAreas(country) && areaOf(a, b) {
			return same
		}
		for _, padded := range address.PostcodeCandidates(q.Postcode, country) {
			if bareCode(padded, country) == b {
				return same
			}
		}
	}
	return differing
}

// bareCode is a postcode in capitals, without marks, and without +4.
func bareCode(s, country string) string {
	s = address.PostcodeForm(s, country)
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z':
			out = append(out, c&^0x20)
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			out = append(out, c)
		}
	}
	return string(out)
}

// codesHaveAreas reports whether finders know the first half only of a country's postcodes.
func codesHaveAreas(country string) bool {
	switch country {
	case "GB", "CA", "NL", "IE", "PT", "BR", "JP", "MT", "AR", "JE", "GG", "IM":
		return true
	}
	return false
}

// areaOf reports whether the shorter of two postcodes is the first half of the other.
func areaOf(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 2 && len(b)-len(a) >= 2 && strings.HasPrefix(b, a)
}

// compareNumber compares house numbers.
func (q *asked) compareNumber(p *geo.Place) likeness {
	if p.Number == "" {
		if precisionOf(p) == geo.PrecisionRooftop && p.Road == "" && p.Formatted != "" && hasWord(fold.String(p.Formatted), fold.String(q.Number)) {
			return same
		}
		return lacking
	}
	if p.Number == q.Number {
		return same
	}
	best := differing
	for one := range strings.FieldsFuncSeq(p.Number, func(r rune) bool { return r == ';' || r == ',' }) {
		best = min(best, numbers(q.Number, one, p.CountryCode))
	}
	return best
}

// numbers compares two house numbers: 12-14 has 12, and 12 is near 12a.
func numbers(a, b, country string) likeness {
	a, b = bareNumber(a), bareNumber(b)
	if a == b || strings.ReplaceAll(a, "-", "") == strings.ReplaceAll(b, "-", "") && isNoRange(a) && isNoRange(b) {
		return same
	}
	if within(a, b) || within(b, a) {
		return same
	}
	if country == "CZ" || country == "SK" { // 1234/5: the number of the house in the town, and in the street
		for one := range strings.SplitSeq(a, "/") {
			for other := range strings.SplitSeq(b, "/") {
				if one == other {
					return same
				}
			}
		}
	}
	x, y := address.BareNumber(a), address.BareNumber(b)
	if x != "" && x == y && (x == a || y == b) {
		return near
	}
	return differing
}

func bareNumber(s string) string {
	return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), "–", "-"))
}

// isNoRange is false of 12-14, and true of 37-12, which Queens writes as 3712 too.
func isNoRange(s string) bool {
	first, second, ok := address.NumberRange(s)
	return !ok || first >= second
}

// within reports whether a number lies in a range: 14 in 12-16.
func within(s, numberRange string) bool {
	from, to, ok := address.NumberRange(numberRange)
	bare := address.BareNumber(s)
	n := 0
	for i := range len(bare) {
		if bare[i] < '0' || bare[i] > '9' || i > 6 {
			return false
		}
		n = n*10 + int(bare[i]-'0')
	}
	return ok && bare != "" && from < to && to-from <= 200 && n >= from && n <= to && (bare == s || n == from || n == to || !isNoRange(s))
}

// hasWord reports whether a folded text has another one as whole words.
func hasWord(text, words string) bool {
	if words == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], words)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(words)
		if (i == 0 || text[i-1] == ' ') && (end == len(text) || text[end] == ' ') {
			return true
		}
		from = i + 1
	}
}

// compareWithin looks for the street and the town of a place in a line in which the two could not
// be told apart.
func (q *asked) compareWithin(p *geo.Place, a *assessment) {
	country := p.CountryCode
	if country == "" {
		country = q.country
	}
	if p.Road != "" && !hasWord(fold.Street(q.Line, country), fold.Street(p.Road, country)) {
		a.note(address.Street, differing)
	}
	if p.Road == "" {
		a.note(address.Street, lacking)
	}
	line := plainCity(fold.String(q.Line))
	if p.City != "" && !hasWord(line, plainCity(fold.String(p.City))) && (q.Postcode == "" || p.Postcode == "") {
		a.note(address.City, differing)
	}
}

// compareLine compares what was asked for on a line of which nothing could be read.
func (q *asked) compareLine(p *geo.Place, a *assessment) {
	line := fold.String(q.Line)
	if p.Number != "" && hasFigure(line) && !hasWord(line, fold.String(p.Number)) && !hasWord(line, address.BareNumber(fold.String(p.Number))) {
		a.note(address.Number, differing)
	}
	if strings.Contains(q.Line, ",") && p.City != "" {
		for _, name := range append([]string{p.City, p.Road, p.County, p.State}, p.Names...) {
			if hasWord(line, fold.String(name)) {
				return
			}
		}
		a.note(address.City, differing)
	}
}

func hasFigure(s string) bool { return strings.ContainsAny(s, "0123456789") }
