package address

import (
	"brood/jobs/geocode/geo"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Reading is what was read of a row.
type Reading struct {
	geo.Address
	Kind Kind
	// Point is what was read, of Coordinates. Swapped says that its latitude can be none, or
	// stood where the longitude should be: it is as in the row, and must not be asked for.
	Point   geo.Point
	Swapped bool
}

// Reader reads addresses as the columns of a mapping have them. Its methods may be called from
// several goroutines.
type Reader struct {
	mapping Mapping
	home    string
	points  bool
}

// NewReader returns a reader. home is the country, two capitals, that addresses are in that name
// none, as the user says, or "": it decides on which side of a street its number stands, and is not
// put into what is read. points says that the row's point is wanted rather than its address.
func NewReader(m Mapping, home string, points bool) *Reader {
	if home == "UK" {
		home = "GB"
	}
	return &Reader{mapping: m, home: home, points: points}
}

// Read reads one row. value returns the text of a column. The texts of what is read are parts of
// the row's own, trimmed, in NFC.
func (r *Reader) Read(value func(column string) string) Reading {
	if r.points {
		if rd, ok := r.point(value); ok {
			return rd
		}
	}
	rd := Reading{}
	if whole := r.first(Whole, value); whole != "" {
		if point, ok := cellPoint(whole); ok {
			return point
		}
		readLine(whole, r.home, &rd)
	} else if r.first(City, value) == "" && r.first(Postcode, value) == "" {
		if point, ok := cellPoint(r.first(Street, value)); ok {
			return point
		}
	}
	r.parts(value, &rd)
	rd.Kind = kindOf(&rd.Address)
	if rd.Kind == Nothing && !r.points {
		if point, ok := r.point(value); ok {
			return point
		}
	}
	return rd
}

// cellPoint reads a cell of an address that has a point instead.
func cellPoint(s string) (Reading, bool) {
	if len(s) >= 400 || s == "" || !hasDigit(s) || !mayBePoint(s) {
		return Reading{}, false
	}
	p, swapped, ok := Point(s)
	return Reading{Kind: Coordinates, Point: p, Swapped: swapped}, ok
}

// point reads the columns of a point.
func (r *Reader) point(value func(string) string) (Reading, bool) {
	if !r.mapping.HasPoint() {
		return Reading{}, false
	}
	p, swapped, ok := PointOf(r.first(Lat, value), r.first(Lon, value))
	return Reading{Kind: Coordinates, Point: p, Swapped: swapped}, ok
}

// mayBePoint is false of most addresses, quickly: what has two words of letters only, say.
func mayBePoint(s string) bool {
	switch s[0] {
	case 'h', 'H', 'g', 'G', 'p', 'P', 's', 'S', 'l', 'L':
		return true
	}
	letters := 0
	for i := range len(s) {
		if isLetterByte(s[i]) {
			if letters++; letters > 6 {
				return strings.Contains(s, "°")
			}
		}
	}
	return true
}

// clean is a cell's text as it is read: trimmed, in NFC, on one line, and nothing where it says so.
func clean(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || IsNothing(s) {
		return ""
	}
	if !isASCII(s) && !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	return s
}

// first is the text of the first column of a part that has any.
func (r *Reader) first(p Part, value func(string) string) string {
	if r.mapping.joined[p] {
		between := " "
		if p == Whole {
			between = ", "
		}
		return r.all(p, between, value)
	}
	for _, c := range r.mapping.columns[p] {
		s := value(c)
		if (p == State || p == Country) && isCode(s) { // NV is Nevada, and n.v. is nothing
			return s
		}
		if s = clean(s); s != "" {
			return s
		}
	}
	return ""
}

// isCode reports whether a cell has two letters, and no more: a code. NA is what programs write for
// nothing, far oftener than Namibia's.
func isCode(s string) bool {
	return len(s) == 2 && isLetterByte(s[0]) && isLetterByte(s[1]) && !strings.EqualFold(s, "NA") && !strings.EqualFold(s, "XX")
}

// all is the text of all columns of a part.
func (r *Reader) all(p Part, between string, value func(string) string) string {
	out := ""
	for _, c := range r.mapping.columns[p] {
		if s := clean(value(c)); s != "" && s != out {
			if out != "" {
				out += between
			}
			out += s
		}
	}
	return out
}

// parts reads what stands in columns of its own, which counts more than what was read of a line.
func (r *Reader) parts(value func(string) string, rd *Reading) {
	if s := r.first(Country, value); s != "" {
		rd.Country, rd.CountryCode = s, CountryCode(s)
	}
	home := rd.CountryCode
	if home == "" {
		home = r.home
	}
	if s := r.first(State, value); s != "" {
		rd.State = s
	}
	if s := r.first(County, value); s != "" {
		rd.County = s
	}
	if s := r.first(District, value); s != "" {
		rd.District = s
	}
	readPostcode(r.first(Postcode, value), home, rd)
	readCity(r.first(City, value), home, rd)
	if s := r.first(Street, value); s != "" {
		readStreet(s, home, rd)
	}
	if s := r.first(Number, value); s != "" {
		readNumber(s, home, rd)
	}
	if s := r.all(Unit, ", ", value); s != "" {
		readUnit(s, home, rd)
	}
}

// kindOf tells a box from a house, and something from nothing.
func kindOf(a *geo.Address) Kind {
	switch {
	case a.POBox != "" && a.Street == "", isMilitary(a.City):
		return POBox
	case a.Line == "" && a.Street == "" && a.City == "" && a.District == "" && a.County == "" && a.State == "" && a.Postcode == "" && a.Country == "":
		return Nothing
	}
	return Address
}

// readPostcode reads a cell with a postcode, and perhaps the town behind it.
func readPostcode(s, country string, rd *Reading) {
	if s == "" {
		return
	}
	if cutOff, ok := strings.CutSuffix(s, ".0"); ok && allDigits(cutOff) {
		s = cutOff // a spreadsheet took it for a number
	}
	s = strings.TrimRight(s, "-. ")
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	p := shapeAt(s, words, 0, country)
	switch {
	case p.text == "" || p.from != 0:
		rd.Postcode = s
	case p.to == len(s):
		rd.Postcode = spaced(p.text, p.hint)
	case rd.City == "" && hasLetter(s[p.to:]) && !hasDigit(s[p.to:]):
		rd.Postcode = spaced(p.text, p.hint)
		rd.City = tidy(s[p.to:])
	default:
		rd.Postcode = strings.TrimRight(s, "-. ")
	}
}

// readCity reads a cell with a city, and what people write beside it: its postcode, its state.
func readCity(s, country string, rd *Reading) {
	if s == "" {
		return
	}
	if hasDigit(s) {
		var room [maxWords]span
		words := wordsOf(room[:0], s)
		if p := shapeAt(s, words, 0, country); p.text != "" && p.to < len(s) && (p.hint != "" || p.digits >= 4) && hasLetter(s[p.to:]) {
			if rd.Postcode == "" {
				rd.Postcode = spaced(p.text, p.hint)
			}
			s = tidy(s[p.to:])
		}
	}
	s = cutCedex(s)
	if i := strings.LastIndexByte(s, ','); i > 0 {
		if code, _ := stateLike(strings.TrimSpace(s[i+1:]), country); code != "" && (rd.State == "" || StateCode(rd.State, country) == code) {
			rd.State = strings.TrimSpace(s[i+1:])
			s = tidy(s[:i])
		}
	}
	rd.City = s
}

// readNumber reads the cell of the house number.
func readNumber(s, country string, rd *Reading) {
	c := cutUnits(s)
	if c.rest == "" { // "Apt 4" in the column of the number
		rd.Unit = joinUnits(rd.Unit, c.units[:c.n])
		return
	}
	rd.Unit = joinUnits(rd.Unit, c.units[:c.n])
	s = tidy(c.rest)
	for _, sign := range [...]string{"Nr.", "Nr", "No.", "No", "nº", "Nº", "n°", "N°", "#"} {
		if rest, ok := strings.CutPrefix(s, sign); ok && hasDigit(rest) {
			s = tidy(strings.TrimLeft(rest, " .:"))
			break
		}
	}
	if cutOff, ok := strings.CutSuffix(s, ".0"); ok && allDigits(cutOff) {
		s = cutOff
	}
	number, unit := splitFlat(s, country)
	if unit != "" {
		rd.Unit = joinUnits(rd.Unit, []string{unit})
	}
	rd.Number = number
}

// readUnit reads the cells of what is within the house, where second lines of an address stand
// too: a box at a post office, or the street itself if the first line is a name.
func readUnit(s, country string, rd *Reading) {
	var room [maxWords]span
	if box, n := boxAt(s, wordsOf(room[:0], s), 0, country); n > 0 {
		rd.POBox = box
		if box == "" {
			rd.POBox = s
		}
		return
	}
	if rd.Number == "" && !isCare(s) && !isUnitText(s) {
		c := cutUnits(s)
		if n := splitNumber(c.rest, country); n.number != "" && looksLikeStreet(n.street) && !looksLikeStreet(rd.Street) {
			if rd.Street != "" {
				rd.Unit = joinUnits(rd.Unit, []string{rd.Street})
			}
			rd.Street, rd.Number = n.street, n.number
			rd.Unit = joinUnits(rd.Unit, c.units[:c.n])
			return
		}
	}
	rd.Unit = joinUnits(rd.Unit, []string{s})
}

// looksLikeStreet reports whether a text has a word for a kind of street.
func looksLikeStreet(s string) bool {
	var room [maxWords]span
	for _, w := range wordsOf(room[:0], s) {
		if classOf(trimMarks(s[w.from:w.to]))&(streetWord|streetEnd) != 0 {
			return true
		}
	}
	return false
}

// splitFlat takes the flat off a number where the country writes it there: 12/3 in Poland,
// 5/12 (the other way round) in Australia, 12/3/14 in Austria.
func splitFlat(s, country string) (number, unit string) {
	switch country {
	case "CA": // 5-2020 Main St: a unit, if it is no range
		if first, second, ok := NumberRange(s); ok && second-first > 100 {
			unit, number, _ = strings.Cut(s, "-")
			return strings.TrimSpace(number), strings.TrimSpace(unit)
		}
	case "FI": // 12 A 5: house, stair, flat
		if i := strings.LastIndexByte(s, ' '); i > 3 && allDigits(s[i+1:]) && isLetterByte(s[i-1]) {
			return s[:i], s[i+1:]
		}
	}
	first, rest, ok := strings.Cut(s, "/")
	if !ok || !hasDigit(first) || rest == "" || isFractionTail(first, rest) {
		return s, ""
	}
	switch country {
	case "PL", "AT", "TR":
		if country == "AT" && len(rest) == 1 && isLetterByte(rest[0]) {
			return s, ""
		}
		return strings.TrimSpace(first), strings.TrimSpace(rest)
	case "AU", "NZ":
		if digitsAhead(rest) > 0 {
			return strings.TrimSpace(rest), strings.TrimSpace(first)
		}
	}
	return s, ""
}

// isFractionTail reports whether the slash is that of "123 1/2".
func isFractionTail(first, rest string) bool {
	return strings.Contains(first, " ") && len(rest) == 1
}
