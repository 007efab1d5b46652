package address

// streetAndTown takes a text apart in which no comma is between street and city: behind the
// last word for a kind of street, if there is one with a number before it.
func (l *line) streetAndTown(s string) {
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	if digitsAhead(s) == 0 {
		if hasDigit(s) || looksLikeStreet(s) {
			l.splitBehindNumber(s, words)
			return
		}
		l.rd.City = s
		return
	}
	at := streetEnds(s, words, true)
	if at == 0 {
		at = streetEnds(s, words, false)
	}
	if at == 0 {
		l.segs, l.merged = append(l.segs, s), true
		return
	}
	if k := unitAt(s, words, at); k > 0 && at+k < len(words) { // Broadway Rd Unit 12 Phoenix
		at += k
	} else if hasDigit(s[words[at].from:]) {
		l.segs = append(l.segs, s)
		return
	}
	l.rd.City = s[words[at].from:]
	l.segs = append(l.segs, tidy(s[:words[at].from]))
}

// streetEnds is the word behind the first one for a kind of street, and behind the way it goes; 0 if
// there is none with a town behind it. sure leaves out words that are more often part of a name.
func streetEnds(s string, words []span, sure bool) int {
	at := 0
	for i := 2; i < len(words)-1 && at == 0; i++ {
		this, next := trimMarks(word(s, words[i])), trimMarks(word(s, words[i+1]))
		c := classOf(this)
		switch {
		case c&routeWord != 0 && len(this) > 2 && hasDigit(next) && i+2 < len(words): // Old Route 103
			at = i + 2
		case sure && !isSureKind(this), c&(streetWord|routeWord) == 0 || len(this) < 2:
		case sure && isSureKind(next), !sure && classOf(next)&streetWord != 0:
		default:
			at = i + 1
		}
	}
	for at > 0 && at < len(words)-1 {
		w := trimMarks(word(s, words[at]))
		if classOf(w)&compassWord == 0 || len(w) > 2 && len(w) < 8 { // North Nashville is a town
			break
		}
		at++
	}
	return at
}

// isSureKind reports whether a word is a kind of street and seldom anything else, in English.
func isSureKind(w string) bool {
	var room [48]byte
	switch string(appendFolded(room[:0], w)) {
	case "street", "st", "avenue", "ave", "av", "road", "rd", "drive", "dr", "lane", "ln", "court", "ct", "boulevard", "blvd", "way", "place", "pl", "circle", "cir", "terrace", "trail", "trl", "parkway", "pkwy", "square", "sq", "highway", "hwy", "close", "crescent", "cres":
		return true
	}
	return false
}

// splitBehindNumber takes "Hauptstraße 5 Berlin" apart.
func (l *line) splitBehindNumber(s string, words []span) {
	for i := 1; i < len(words)-1; i++ {
		if isNumber(word(s, words[i])) && !hasDigit(s[words[i+1].from:]) && looksLikeStreet(s[:words[i].from]) {
			city := s[words[i+1].from:]
			l.rd.City = city
			l.segs = append(l.segs, s[:words[i].to])
			return
		}
	}
	l.segs = append(l.segs, s)
}
