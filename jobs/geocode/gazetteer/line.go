package gazetteer

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"strings"
	"unicode"
	"unicode/utf8"
)

// findLine takes an address on one line apart from the right: country, postal code, region, town.
// Where a word may be two things (Georgia, CA), both are tried, and what is found with more
// confidence is returned.
func (x *Index) findLine(q *geo.Query) []geo.Place {
	segments := strings.FieldsFunc(endOf(q.Line, mostLine), func(r rune) bool { return strings.ContainsRune(",;|\n\t", r) })
	kept := segments[:0]
	for _, s := range segments {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	var best []geo.Place
	stateFirst := len(kept[len(kept)-1]) == 2 // CA is California more often than Canada
	for _, asState := range []bool{stateFirst, !stateFirst} {
		l := line{Index: x, q: q, segments: append([]string(nil), kept...)}
		ambiguous := l.takeCountry(asState)
		for _, parts := range l.readings() {
			found := x.findParts(q, &parts)
			if len(found) > 0 && (len(best) == 0 || best[0].Confidence < good && found[0].Confidence > best[0].Confidence+plainly) {
				best = found
			}
		}
		if !ambiguous {
			break // it would be the same again
		}
	}
	return best
}

// mostLine is how much of a line is read, from its end, in bytes.
const mostLine = 400

// endOf is the end of a text, from the beginning of a letter.
func endOf(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[len(s)-most:]
	for s != "" && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}

// plainly is how much more confidence a later reading must have than one that found little: those
// that leave less unread come first.
const plainly = 0.15

// line is an address on one line, from which parts are taken at its end.
type line struct {
	*Index
	q        *geo.Query
	segments []string
	parts    geo.Address
	number   int // of the country, -1
}

// takeCountry takes the country off the end. asState leaves what may be a state as well; it reports
// whether there was such a thing.
func (l *line) takeCountry(asState bool) (ambiguous bool) {
	l.number = -1
	l.parts.Country, l.parts.CountryCode = l.q.Country, l.q.CountryCode
	if l.q.Country != "" || l.q.CountryCode != "" {
		l.number = l.countryNamed(l.q.CountryCode + l.q.Country)
		if l.q.CountryCode != "" {
			l.number = l.countryNamed(l.q.CountryCode)
		}
	} else if len(l.q.Countries) == 1 {
		l.number = l.countryNumber(l.q.Countries[0])
	}
	last := len(l.segments) - 1
	if len(l.segments) > 1 {
		if n := l.countryNamed(l.segments[last]); n >= 0 {
			ambiguous = len(l.regionsNamed(nil, l.segments[last], l.number)) > 0
			if !ambiguous || !asState {
				l.known(n, l.segments[last])
				l.segments = l.segments[:last]
			}
			return ambiguous
		}
	}
	// A country behind the town, without a comma: "10115 Berlin Germany".
	words := strings.Fields(l.segments[last])
	for n := min(4, len(words)-1); n > 0; n-- {
		name := strings.Join(words[len(words)-n:], " ")
		if len(name) < 4 && name != "USA" && name != "UK" {
			continue
		}
		if c := l.countryNamed(name); c >= 0 {
			ambiguous = len(l.regionsNamed(nil, name, l.number)) > 0
			if !ambiguous || !asState {
				l.known(c, name)
				l.segments[last] = strings.Join(words[:len(words)-n], " ")
			}
			return ambiguous
		}
	}
	return false
}

func (l *line) known(number int, name string) {
	if l.number < 0 {
		l.number, l.parts.Country, l.parts.CountryCode = number, name, l.countryCode(number)
	}
}

// readings are the ways to read the rest.
func (l *line) readings() []geo.Address {
	l.takePostcode()
	before := *l
	l.takeState()
	readings := l.towns()
	if last := len(before.segments) - 1; l.parts.State != "" && len(before.segments) > len(l.segments) {
		if name := before.segments[last]; len(name) > 3 && l.isTown(strings.Fields(name)) {
			readings = append(readings, before.towns()...) // Berlin and Madrid are towns and regions
		}
	}
	return readings
}

// takePostcode takes a postal code out of the last two segments: from the end of one (62701), or
// from the beginning of what is not the beginning of the address (10115 Berlin).
func (l *line) takePostcode() {
	for i := len(l.segments) - 1; i >= max(0, len(l.segments)-2); i-- {
		words := strings.Fields(l.segments[i])
		for _, n := range []int{2, 1} {
			if len(words) < n {
				continue
			}
			tail := strings.Join(words[len(words)-n:], " ")
			if isPostcode(tail, n == 2) && (i > 0 || len(words) > n) {
				l.cut(i, words[:len(words)-n], tail)
				return
			}
			head := strings.Join(words[:n], " ")
			if isPostcode(head, n == 2) && (i > 0 || len(l.segments) == 1 && l.isTown(words[n:])) {
				l.cut(i, words[n:], head)
				return
			}
		}
	}
	l.postcodeWithin()
}

// postcodeWithin finds one between a street and a town that no comma parts.
func (l *line) postcodeWithin() {
	last := len(l.segments) - 1
	words := strings.Fields(l.segments[last])
	for i := len(words) - 2; i > 0; i-- {
		if len(words[i]) >= 4 && isPostcode(words[i], false) && l.isTown(words[i+1:]) {
			l.parts.Postcode = words[i]
			l.segments = append(l.segments[:last], strings.Join(words[:i], " "), strings.Join(words[i+1:], " "))
			return
		}
	}
}

func (l *line) isTown(words []string) bool {
	return len(words) > 0 && len(l.exact(nil, []byte(fold.String(strings.Join(words, " "))))) > 0
}

// cut puts the rest of a segment in its place, or takes it out if there is none.
func (l *line) cut(i int, rest []string, code string) {
	l.parts.Postcode = code
	if len(rest) == 0 {
		l.segments = append(l.segments[:i], l.segments[i+1:]...)
		return
	}
	l.segments[i] = strings.Join(rest, " ")
}

// isPostcode reports whether a text has the form of a postal code: figures, four to six or nine of
// them, with a dash or space within in some countries, or letters and figures as in the United
// Kingdom, Canada and the Netherlands.
func isPostcode(s string, two bool) bool {
	digits, letters := 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
			letters++
		case r != '-' && r != ' ':
			return false
		}
	}
	switch {
	case two && letters == 0: // 111 22, 100 00
		return digits == 5 && len(s) == 6
	case letters == 0:
		return digits >= 4 && digits <= 7 || digits == 9
	case two && digits == 4 && letters == 2: // 1012 AB
		return s[4] == ' ' && unicode.IsUpper(rune(s[5]))
	case letters <= 2 && digits >= 4 && digits <= 6 && !two: // D-10115, SE-11122
		return s[letters] == '-'
	}
	return isBritish(s, two)
}

// isBritish is the form of Canada (A9A 9A9) and the United Kingdom (A9 9AA to AA9A 9AA).
func isBritish(s string, two bool) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(s) < 5 || len(s) > 7 || strings.Contains(s, "-") || !two && len(s) != 6 && len(s) != 7 {
		return false
	}
	digit := func(i int) bool { return s[i] >= '0' && s[i] <= '9' }
	if len(s) == 6 && !digit(0) && digit(1) && !digit(2) && digit(3) && !digit(4) && digit(5) {
		return true
	}
	n := len(s)
	return !digit(0) && digit(n-3) && !digit(n-2) && !digit(n-1) && (digit(1) || digit(2))
}

// takeState takes a region off the end: a segment of its own, or a code behind the town.
func (l *line) takeState() {
	last := len(l.segments) - 1
	if last < 0 || l.q.State != "" {
		l.parts.State = l.q.State
		return
	}
	if last > 0 && len(l.regionsNamed(nil, l.segments[last], l.number)) > 0 {
		l.parts.State = l.segments[last]
		l.segments = l.segments[:last]
		return
	}
	words := strings.Fields(l.segments[last])
	for n := min(3, len(words)-1); n > 0; n-- {
		name := strings.Join(words[len(words)-n:], " ")
		code := len(name) <= 3 && name == strings.ToUpper(name)
		if (code || len(name) > 4 && last == 0) && len(l.regionsNamed(nil, name, l.number)) > 0 {
			l.parts.State = name
			l.segments[last] = strings.Join(words[:len(words)-n], " ")
			return
		}
	}
}

// towns are the readings of what is left: the last segment is the town, or the end of it that is one;
// what is before it is a street.
func (l *line) towns() []geo.Address {
	last := len(l.segments) - 1
	if last < 0 {
		return []geo.Address{l.parts}
	}
	read := func(city, street string) geo.Address {
		parts := l.parts
		parts.City = city
		parts.Street = strings.TrimSpace(strings.Join(l.segments[:last], " ") + " " + street)
		return parts
	}
	var readings []geo.Address
	words := strings.Fields(l.segments[last])
	for n := min(5, len(words)-1); n > 0; n-- {
		if l.isTown(words[len(words)-n:]) && strings.ContainsFunc(l.segments[last], unicode.IsDigit) {
			readings = append(readings, read(strings.Join(words[len(words)-n:], " "), strings.Join(words[:len(words)-n], " ")))
			break
		}
	}
	if len(readings) == 0 || !strings.ContainsFunc(l.segments[last], unicode.IsDigit) {
		readings = append(readings, read(l.segments[last], ""))
	}
	return readings
}
