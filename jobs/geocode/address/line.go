package address

import "strings"

// readLine takes an address on one line apart as far as that is certain, and keeps the line
// without what no map knows.
func readLine(s, home string, rd *Reading) {
	if strings.ContainsAny(s, "\r\n\t") {
		s = onOneLine(s)
	}
	rd.Line = s
	l := line{rd: rd, home: home}
	l.segs = segments(l.room[:0], s)
	if len(l.segs) == 0 {
		return
	}
	if rest, unit := cutBrackets(l.last()); unit != "" && len(l.segs) > 1 {
		l.segs[len(l.segs)-1] = rest
		rd.Unit = unit
		s = strings.TrimSuffix(s, ")")
		s = tidy(s[:strings.LastIndexByte(s, '(')])
	}
	l.country()
	l.postcode()
	l.state()
	before := l.room // as takeOff works in place
	n := len(l.segs)
	l.segs = takeOff(l.segs, l.home, rd)
	l.street()
	if rd.Unit != "" || rd.POBox != "" {
		l.rebuild(s, before[:n])
	}
}

// onOneLine puts commas for the ends of lines.
func onOneLine(s string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\r' || r == '\n' || r == '\t' }) {
		if part = tidy(part); part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(part)
	}
	return b.String()
}

// line is an address on one line while it is read.
type line struct {
	rd   *Reading
	home string // the country, as far as it is known
	room [maxSegments]string
	segs []string // what is left to be read, in room
	// merged says that street and town stand in one segment, and could not be told apart.
	merged bool
}

func (l *line) last() string { return l.segs[len(l.segs)-1] }

func (l *line) drop() { l.segs = l.segs[:len(l.segs)-1] }

// found sets the country.
func (l *line) found(text, code string) {
	l.rd.Country, l.rd.CountryCode, l.home = text, code, code
}

// country reads the country at the end.
func (l *line) country() {
	s := l.last()
	bare := strings.Trim(s, " .()")
	if code := l.countryOf(bare); code != "" && (len(l.segs) > 1 || len(bare) > 3) {
		l.found(bare, code)
		l.drop()
		return
	}
	if first := l.segs[0]; len(l.segs) > 2 && len(first) > 3 && !hasDigit(first) && CountryCode(first) != "" && !isPartOfName("", first) {
		l.found(first, CountryCode(first))
		l.segs = l.segs[1:]
		return
	}
	// Behind the postcode or the state, without a comma.
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	for n := min(4, len(words)-1); n > 0; n-- {
		w := words[len(words)-n]
		text := strings.Trim(s[w.from:], " .()")
		code := ""
		if len(text) > 3 || text == strings.ToUpper(text) && len(text) == 3 || text == "UK" {
			code = CountryCode(text)
		}
		if code == "" || l.isTown(text, code) {
			continue
		}
		before := trimMarks(word(s, words[len(words)-n-1]))
		if isNameFront(before) {
			continue // Ciudad de México, New Jersey
		}
		state, _ := stateLike(before, "")
		if hasDigit(before) || state != "" && len(before) <= 3 || digitsAhead(s) >= 4 && len(l.segs) > 1 || len(text) > 3 && !isPartOfName(before, text) {
			l.found(text, code)
			if !hasDigit(before) || !isCityState(code) { // L-2560 Luxembourg is the city too
				l.segs[len(l.segs)-1] = tidy(s[:w.from])
			}
			return
		}
	}
}

// isCityState reports whether the name of a country is that of its city.
func isCityState(code string) bool {
	switch code {
	case "LU", "SG", "MC", "GI", "SM", "VA", "HK", "MO", "DJ", "KW":
		return true
	}
	return false
}

// countryOf is the country that a whole segment names, for certain.
func (l *line) countryOf(s string) string {
	switch len(s) {
	case 0, 1:
		return ""
	case 2:
		if s != strings.ToUpper(s) || !isLetterByte(s[0]) {
			return ""
		}
		code := CountryCode(s)
		if code == "" || code == l.home {
			return code
		}
		if state, _ := stateLike(s, ""); state != "" && !l.stateBefore() {
			return "" // CA, IL, DE: a state of America, unless one stands before it
		}
		return code
	case 3:
		if s != strings.ToUpper(s) {
			return ""
		}
		if state, _ := stateLike(s, ""); state != "" {
			return ""
		}
	}
	if len(s) > 50 {
		return ""
	}
	code := CountryCode(s)
	switch code {
	case "SV", "GP": // El Salvador and Guadeloupe in some languages, or a large town of Brazil, and some of Mexico
		if l.isTown(s, code) {
			return ""
		}
	case "GE": // the state, or the country
		if l.home == "US" || !l.postcodeBefore() {
			return ""
		}
	case "LU", "SG", "MC", "GI", "SM", "DJ", "KW", "PA", "VA": // also a city, whose country it is
		if len(l.segs) < 3 && !l.postcodeBefore() && l.home == code {
			return ""
		}
	}
	return code
}

// isTown reports whether Salvador, or Guadalupe, is the town at the end of a line: unless a whole segment without
// figures stands before it that is not the street, the town then.
func (l *line) isTown(s, code string) bool {
	if l.home == code || !strings.EqualFold(s, "Salvador") && !strings.EqualFold(s, "Guadalupe") {
		return false
	}
	return len(l.segs) < 3 || hasDigit(l.segs[len(l.segs)-2])
}

// stateBefore reports whether the segment before the last ends with a state, and a ZIP maybe, or
// has a postcode in front, as Europe has it: then what follows is a country.
func (l *line) stateBefore() bool {
	if len(l.segs) < 2 {
		return false
	}
	s := l.segs[len(l.segs)-2]
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	if len(words) == 0 {
		return false
	}
	if n := digitsAhead(s); (n == 4 || n == 5) && len(words) > 1 && len(l.segs) > 2 && !looksLikeStreet(s) {
		return true
	}
	for i := max(0, len(words)-3); i < len(words); i++ {
		w := trimMarks(word(s, words[i]))
		if code, _ := stateLike(w, ""); code != "" && len(w) <= 3 {
			return true
		}
		if p := shapeAt(s, words, i, ""); p.hint != "" && p.ends && p.hint != "PL" && p.hint != "PT" {
			return true
		}
	}
	return len(words) == 1 && digitsAhead(s) == len(s) && len(s) >= 4
}

// postcodeBefore reports whether the segment before the last has a postcode.
func (l *line) postcodeBefore() bool {
	return len(l.segs) > 1 && hasDigit(l.segs[len(l.segs)-2]) && len(l.segs) > 2
}

// isPartOfName reports whether a country's name is the end of a longer one: New Jersey, West
// Virginia, Panama City, St. Lucia.
func isPartOfName(before, country string) bool {
	switch strings.ToLower(country) {
	case "jersey", "mexico", "georgia", "guinea", "jordan", "lebanon", "cuba", "peru", "panama", "chad", "mali", "island", "islands", "america", "niger", "china", "india", "monaco", "luxembourg", "luxemburg", "singapore", "gibraltar", "israel", "cyprus", "malta", "holland", "scotland", "wales", "england", "norway", "poland", "denmark", "egypt", "montserrat", "martinique", "dominica", "turkey", "mónaco", "congo", "colombia", "paraguay", "uruguay", "chile", "ecuador", "bolivia", "argentina", "venezuela", "guatemala", "italia", "francia", "españa", "espana", "portugal", "brasil", "polska", "berlin", "france":
		return true
	}
	return isNameFront(before)
}

// isNameFront reports whether a word goes on with a name.
func isNameFront(word string) bool {
	switch strings.ToLower(word) {
	case "new", "west", "north", "south", "east", "great", "little", "st", "saint", "el", "la", "of", "de", "von", "di", "del", "da", "rue", "via", "calle", "the", "avenue", "and", "et", "und", "y":
		return true
	}
	return false
}

// street reads street and number of what is left, and the city if nothing else had it.
func (l *line) street() {
	rd := l.rd
	if len(l.segs) == 0 {
		return
	}
	if len(l.segs) == 1 && rd.City == "" && rd.Postcode == "" && !numberFirst(l.home) {
		s := l.segs[0]
		var room [maxWords]span
		l.segs = l.segs[:0]
		l.splitBehindNumber(s, wordsOf(room[:0], s))
	}
	found := findStreet(l.segs, l.home)
	if found.unit != "" {
		rd.Unit = joinUnits(rd.Unit, []string{found.unit})
	}
	if found.at >= 0 && (found.number != "" || len(l.segs) > 1 || rd.City != "") {
		rd.Street, rd.Number = found.street, found.number
		if l.merged && len(l.segs) == 1 {
			rd.Street = ""
		}
		l.numberCut(found)
	}
	end := max(found.at, found.also) + 1
	left := l.segs[min(end, len(l.segs)):]
	if n := len(left); n > 1 && rd.City == "" && (l.home == "GB" || l.home == "IE") && isBritishCounty(left[n-1]) {
		rd.County, left = left[n-1], left[:n-1]
	}
	switch {
	case found.at < 0 && rd.City == "" && len(l.segs) == 1 && (rd.State != "" || isOneWord(rd.Line)) && !hasDigit(l.segs[0]):
		rd.City = l.segs[0]
	case found.at < 0 && rd.City == "" && len(l.segs) == 1 && rd.Country != "" && !hasDigit(l.segs[0]) && rd.Postcode == "":
		if code := StateCode(l.segs[0], rd.CountryCode); code != "" && rd.CountryCode != "MX" && rd.CountryCode != "BR" {
			rd.State = l.segs[0]
		} else {
			rd.City = l.segs[0]
		}
	case found.at < 0 && rd.City == "" && len(l.segs) == 2 && !hasDigit(l.segs[1]) && rd.State != "":
		rd.City = l.segs[1]
	case found.at < 0:
	case rd.City == "" && len(left) > 0 && isTown(left[len(left)-1]):
		rd.City = left[len(left)-1]
		left = left[:len(left)-1]
		fallthrough
	default:
		if len(left) == 1 && rd.District == "" && rd.City != "" && !hasDigit(left[0]) && !strings.EqualFold(left[0], rd.City) {
			rd.District = left[0]
		}
	}
}

// numberCut puts what is left of the number into the segment, so that the line has no flat.
func (l *line) numberCut(found streetIn) {
	if found.unit == "" || found.also >= 0 {
		return
	}
	if s := l.segs[found.at]; numberFirst(l.home) {
		l.segs[found.at] = found.number + " " + found.street
	} else if i := strings.LastIndex(s, found.number); i > 0 {
		l.segs[found.at] = s[:i+len(found.number)]
	}
}

// isOneWord reports whether a line is a word: Berlin.
func isOneWord(s string) bool { return len(s) > 2 && !strings.ContainsAny(s, " .,;:/\u00a0") }

// isTown reports whether a segment can be a town: St. Louis is one, and no street; Dublin 2 is.
func isTown(s string) bool {
	if hasDigit(s) {
		i := strings.LastIndexByte(s, ' ')
		return i > 0 && !hasDigit(s[:i]) && len(s)-i <= 3 && !looksLikeStreet(s[:i])
	}
	if first, _, more := strings.Cut(s, " "); more && (strings.EqualFold(first, "St") || strings.EqualFold(first, "St.") || strings.EqualFold(first, "Ste.")) {
		last := s[strings.LastIndexByte(s, ' ')+1:]
		return classOf(trimMarks(last))&streetWord == 0
	}
	return !looksLikeStreet(s) || mayBeHouse(s)
}

// rebuild makes the line anew of what is left of the segments, and of all that is behind them.
func (l *line) rebuild(s string, before []string) {
	end := 0
	for _, seg := range before {
		if i := strings.Index(s[end:], seg); i >= 0 {
			end += i + len(seg)
		}
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, seg := range append(l.segs, tidy(s[end:])) {
		if seg != "" && b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(seg)
	}
	l.rd.Line = b.String()
}
