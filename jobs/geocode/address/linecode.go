package address

import "strings"

// postcode finds the postcode in the line, and the city and state beside it.
func (l *line) postcode() {
	for k := len(l.segs) - 1; k >= 0; k-- {
		if !hasDigit(l.segs[k]) {
			continue
		}
		if l.postcodeIn(k) {
			return
		}
	}
}

// postcodeIn looks for one in segment k.
func (l *line) postcodeIn(k int) bool {
	s := l.segs[k]
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	// From the end: the number of the house stands before the postcode.
	for i := len(words) - 1; i >= 0; i-- {
		p := shapeAt(s, words, i, l.home)
		if p.text == "" || !l.accepts(&p, s, words, i, k) {
			continue
		}
		l.settle(&p, s, k)
		return true
	}
	return false
}

// accepts decides whether what has the form of a postcode is one, by where it stands.
func (l *line) accepts(p *postcode, s string, words []span, i, k int) bool {
	if p.hint != "" && l.home != "" && p.hint != l.home && !sameForm(p.hint, l.home) {
		return false
	}
	first, only := k == 0, len(l.segs) == 1
	behind := tidy(strings.TrimLeft(s[p.to:], ".)"))
	switch p.hint {
	case "US", "BR", "CA":
		return !p.leads || !first || only
	case "GB", "IE":
		return l.home == p.hint || s[p.from:p.to] == strings.ToUpper(s[p.from:p.to])
	case "JP":
		return l.home == "JP" || strings.HasPrefix(s[p.from:], "〒")
	case "NL":
		return (!first || only) && (behind != "" && !looksLikeStreet(behind) || l.home == "NL") || l.home == "NL"
	case "":
	default:
		if p.digits == 0 { // PL, PT
			return (!first || only || !p.leads) && (!p.leads || behind == "" || !looksLikeStreet(behind) || l.home == p.hint)
		}
		return true // with the country before it
	}
	return l.acceptsFigures(p, s, words, i, k, behind)
}

// acceptsFigures decides about figures, which might be a house number too.
func (l *line) acceptsFigures(p *postcode, s string, words []span, i, k int, behind string) bool {
	switch want := digitsOf(l.home); {
	case want != 0:
		if p.digits != want && (p.digits != want-1 || want != 5 || !l.stateAt(s, words, i)) {
			return false
		}
	case l.home == "" && (p.digits < 4 || p.digits > 6):
		return false
	case l.home != "": // a country whose postcodes have letters, or that has none
		return false
	}
	first, only := k == 0, len(l.segs) == 1
	switch {
	case p.leads && p.ends:
		return !first || only
	case p.leads:
		if looksLikeStreet(behind) && (first || numberFirst(l.home) || l.home == "") {
			return false
		}
		if first && !only && hasLetter(behind) && !hasDigit(behind) && !numberFirst(l.home) && splitNumber(l.segs[1], l.home).number != "" && digitsAhead(l.segs[1]) == 0 {
			return true // 10115 Berlin, Hauptstraße 12
		}
		return !first || only && !numberFirst(l.home)
	case p.ends:
		if l.stateAt(s, words, i) {
			return true
		}
		if p.digits == 4 && l.home == "" || classOf(word(s, words[i-1]))&(routeWord|numberWord|unitWord|floorWord) != 0 || isDash(word(s, words[i-1])) && first {
			return false
		}
		if numberLast(l.home) && looksLikeStreet(s) && !only && first {
			return false
		}
		return !first || only && len(words) > 2
	}
	if only && p.digits == 5 && digitsAhead(s) > 0 && !hasDigit(behind) && classOf(word(s, words[i-1]))&routeWord == 0 {
		return true // 1 Place de la Bourse 33000 Bordeaux
	}
	// In the middle: 5 10115 Berlin.
	return hasDigit(word(s, words[i-1])) && !hasDigit(behind) && p.digits >= 4 && (p.digits == 5 || l.home != "") || only && strings.EqualFold(trimMarks(word(s, words[i-1])), "CP")
}

// stateAt reports whether a state stands before word i.
func (l *line) stateAt(s string, words []span, i int) bool {
	if i == 0 {
		return false
	}
	w := trimMarks(word(s, words[i-1]))
	code, _ := stateLike(w, l.home)
	if code == "" && i > 1 && len(w) > 3 {
		code, _ = stateLike(trimMarks(s[words[i-2].from:words[i-1].to]), l.home)
	}
	if code == "" && i > 2 && len(w) > 3 {
		code, _ = stateLike(trimMarks(s[words[i-3].from:words[i-1].to]), l.home) // New South Wales
	}
	return code != ""
}

// sameForm reports whether a country has the postcodes of another.
func sameForm(hint, country string) bool {
	switch country {
	case "JE", "GG", "IM":
		return hint == "GB"
	case "PR", "GU", "VI", "AS", "MP":
		return hint == "US"
	}
	return false
}

// settle takes what stands around an accepted postcode.
func (l *line) settle(p *postcode, s string, k int) {
	rd := l.rd
	rd.Postcode = spaced(p.text, p.hint)
	if p.hint != "" && rd.CountryCode == "" && p.digits != 0 && p.hint != "US" {
		rd.CountryCode, l.home = p.hint, p.hint // D-10115
	}
	if l.home == "" {
		l.home = p.hint // its form shows how the rest is written
	}
	before, behind := tidy(strings.TrimRight(s[:p.from], "( ")), tidy(strings.TrimLeft(s[p.to:], ".)"))
	if w := strings.ToUpper(trimMarks(before)); w == "CP" || w == "C.P" || w == "PLZ" || w == "CEP" || w == "ZIP" {
		before = ""
	}
	after := append([]string(nil), l.segs[k+1:]...)
	l.segs = l.segs[:k]
	switch {
	case behind != "":
		l.town(behind)
		if before != "" {
			l.segs = append(l.segs, before)
		}
	case l.isCountryBefore(before, p):
		l.found(before, CountryCode(before)) // Ottawa, Ontario, Canada K1M 1M4
		if l.state(); rd.City == "" && len(l.segs) > 0 {
			l.townBefore()
		}
	case before != "":
		l.beforeCode(before)
	default:
		if len(after) > 0 && !hasDigit(after[0]) && (!numberFirst(l.home) || len(l.segs) < 2) {
			l.town(after[0])
		} else if l.state(); rd.City == "" && len(l.segs) > 0 { // WA, 98109
			l.townBefore()
		}
	}
	for _, seg := range after {
		l.restOf(seg)
	}
}

// isCountryBefore reports whether what stands before a postcode is the country, and not a town of
// the same name.
func (l *line) isCountryBefore(s string, p *postcode) bool {
	if len(s) < 4 || l.rd.Country != "" || len(l.segs) < 2 {
		return false
	}
	code := CountryCode(s)
	return code != "" && !isCityState(code) && (code == p.hint || p.hint == "" && digitsOf(code) == p.digits)
}

// restOf reads a segment behind that of the postcode: a state, or a county.
func (l *line) restOf(s string) {
	switch {
	case len(l.segs) == 0 && hasDigit(s) && splitNumber(s, l.home).number != "":
		l.segs = append(l.segs, s)
	case s == l.rd.City || l.rd.State != "" || hasDigit(s):
	default:
		l.rd.State = strings.Trim(s, "()")
	}
}

// town reads what stands behind a postcode: the city, and its province maybe.
func (l *line) town(s string) {
	s = cutCedex(s)
	s, province := cutProvince(s, l.home)
	if province != "" {
		l.rd.State = province
	}
	l.rd.City = s
}

// cutCedex takes the words of the French post for large receivers off a town: Paris Cedex 08.
func cutCedex(s string) string {
	if i := strings.Index(strings.ToLower(s), " cedex"); i > 0 && (len(s) == i+6 || s[i+6] == ' ') {
		return s[:i]
	}
	return s
}

// cutProvince takes the two capitals of an Italian province off a town: Roma RM, Roma (RM).
func cutProvince(s, country string) (town, province string) {
	if len(s) > 5 && s[len(s)-1] == ')' && s[len(s)-4] == '(' && isUpperByte(s[len(s)-2]) && isUpperByte(s[len(s)-3]) {
		return tidy(s[:len(s)-4]), s[len(s)-3 : len(s)-1]
	}
	if (country == "IT" || country == "" && len(s) > 3 && isItalianProvince(s[len(s)-2:])) && len(s) > 4 && s[len(s)-3] == ' ' && isUpperByte(s[len(s)-1]) && isUpperByte(s[len(s)-2]) && !isUpperByte(s[len(s)-4]) {
		return s[:len(s)-3], s[len(s)-2:]
	}
	return s, ""
}

// beforeCode reads what stands before a postcode that ends a segment: city and state.
func (l *line) beforeCode(s string) {
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	for n := min(3, len(words)); n > 0; n-- {
		from := words[len(words)-n].from
		text := strings.Trim(s[from:], "(). ")
		code, where := stateLike(text, l.home)
		if code == "" || len(words) == n && len(text) > 3 && len(l.segs) < 2 && l.home != "" && !numberFirst(l.home) {
			continue
		}
		if len(words) == n && len(text) > 3 && (len(l.segs) == 0 || len(l.segs) == 1 && digitsAhead(l.segs[0]) > 0) {
			continue // New York 10001: the city
		}
		if l.home == "" {
			l.home = where
		}
		l.rd.State = text
		s = tidy(strings.TrimRight(s[:from], "( "))
		break
	}
	switch {
	case s == "":
		l.townBefore()
	case isBritishCounty(s) && (l.home == "GB" || l.home == "IE") && len(l.segs) > 1:
		l.rd.County = s
		l.townBefore()
	case len(l.segs) == 0:
		l.streetAndTown(s)
	default:
		l.rd.City = s
	}
}

// townBefore takes the segment before as the city, if it is none of a street.
func (l *line) townBefore() {
	if len(l.segs) == 0 {
		return
	}
	s := l.last()
	switch {
	case len(l.segs) > 1 && isUnitText(s), looksLikeStreet(s) && isLoneNumber(l.segs[0]):
		return
	case len(l.segs) > 2 && isBritishCounty(s) && (l.home == "GB" || l.home == "IE"):
		l.rd.County = s
		l.drop()
		l.townBefore()
		return
	case isTown(s), len(l.segs) > 1 && !hasDigit(s):
		l.rd.City = s
		l.drop()
		return
	}
	l.drop()
	l.streetAndTown(s)
}

// state reads a state that stands in a segment of its own, or at the end of one.
func (l *line) state() {
	if l.rd.State != "" || len(l.segs) == 0 {
		return
	}
	s := l.last()
	if code, where := stateLike(strings.Trim(s, "()."), l.home); code != "" && len(l.segs) > 1 {
		if l.rd.City != "" && len(s) > 3 { // Springfield, Illinois; but New York, New York
			return
		}
		if strings.EqualFold(s, "Georgia") && l.home == "" { // the state, or the country
			l.drop()
			if l.rd.City == "" && isTown(l.last()) {
				l.rd.City = l.last()
				l.drop()
			}
			return
		}
		l.rd.State = s
		if l.home == "" {
			l.home = where
		}
		l.drop()
		if l.rd.City == "" && len(l.segs) > 0 && isTown(l.last()) {
			l.rd.City = l.last()
			l.drop()
		}
		return
	}
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	if len(words) < 2 || l.rd.Postcode != "" {
		return
	}
	w := words[len(words)-1]
	if code, where := stateLike(word(s, w), l.home); code != "" && len(word(s, w)) <= 3 && classOf(word(s, w))&compassWord == 0 {
		l.rd.State = word(s, w)
		if l.home == "" {
			l.home = where
		}
		l.drop()
		if rest := tidy(s[:w.from]); len(l.segs) > 0 {
			l.rd.City = rest
		} else {
			l.streetAndTown(rest)
		}
	}
}
