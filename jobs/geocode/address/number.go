package address

import "strings"

// isNumber reports whether a word is a house number as it stands: 12, 12a, 12-14, 12/3, 37-12,
// 12½, N6W23001, A-12. Ordinals (1st, 2nd, 3º) and years of dates are for the caller.
func isNumber(w string) bool {
	if w == "" || len(w) > 14 {
		return false
	}
	n := digitsAhead(w)
	switch {
	case n == 0:
		return isGridNumber(w)
	case n > 6:
		return false
	case n == len(w):
		return true
	}
	return isNumberTail(w[n:])
}

// isNumberTail reports whether s may stand right behind the figures of a house number.
func isNumberTail(s string) bool {
	parts := 0
	for s != "" {
		switch c := s[0]; {
		case isLetterByte(c):
			n := 1
			for n < len(s) && isLetterByte(s[n]) {
				n++
			}
			if !isNumberWord(s[:n]) {
				return false
			}
			s = s[n:]
		case c >= '0' && c <= '9':
			s = s[digitsAhead(s):]
		case c == '-' || c == '/' || c == '+' || c == '&' || c == '.':
			if len(s) == 1 {
				return c == '-' || c == '.'
			}
			s = s[1:]
		case strings.HasPrefix(s, "–"):
			s = s[len("–"):]
		case strings.HasPrefix(s, "½"), strings.HasPrefix(s, "¼"), strings.HasPrefix(s, "¾"):
			s = s[len("½"):]
		default:
			return false
		}
		if parts++; parts > 7 {
			return false
		}
	}
	return true
}

// isNumberWord reports whether letters may belong to a house number: one letter, bis and ter.
func isNumberWord(s string) bool {
	if len(s) == 1 {
		return true
	}
	var room [32]byte
	switch string(lowered(room[:0], s)) {
	case "bis", "ter", "quater", "abc", "ab", "ac", "bc", "ff":
		return true
	}
	return false
}

// isGridNumber reports whether a word is a number of a rural grid of the United States (N6W23001), or
// one with a letter before (A12, B-4).
func isGridNumber(w string) bool {
	if len(w) < 2 || strings.IndexByte("NSEWABCDFGHnsew", w[0]) < 0 {
		return false
	}
	s := w[1:]
	if s[0] == '-' && len(s) > 1 {
		s = s[1:]
	}
	n := digitsAhead(s)
	if n == 0 {
		return false
	}
	s = s[n:]
	if s == "" {
		return true
	}
	return strings.IndexByte("NSEWnsew", s[0]) >= 0 && digitsAhead(s[1:]) == len(s)-1 && len(s) > 1
}

// isOrdinal reports whether a word counts: 1st, 2nd, 3rd, 21ST, 1er, 2e, 3ème, 4º, 5., as floors
// and streets have them.
func isOrdinal(w string) bool {
	n := digitsAhead(w)
	if n == 0 || n > 3 {
		return false
	}
	var room [32]byte
	switch string(lowered(room[:0], w[n:])) {
	case "st", "nd", "rd", "th", "er", "ère", "ere", "ème", "eme", "º", "ª", "°", ".º", ".ª", "o", "re", "de", "nde", "ième", "ieme", "ste":
		return true
	}
	return false
}

// numbered is a street's text with its number taken off.
type numbered struct{ street, number string }

// splitNumber takes the house number off a street, from the side where the country has it, or,
// where that is not known, where one stands.
func splitNumber(s, country string) numbered {
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	if len(words) < 2 {
		return glued(s)
	}
	switch {
	case numberFirst(country):
		if out, ok := numberAhead(s, words, country); ok {
			return out
		}
		if country == "US" || country == "GB" && !named(s, words) {
			return numbered{street: s}
		}
		if out, ok := numberBehind(s, words, country); ok {
			return out
		}
	case numberLast(country):
		if out, ok := numberBehind(s, words, country); ok {
			return out
		}
		if out, ok := numberAhead(s, words, country); ok {
			return out
		}
	default:
		if out, ok := numberAhead(s, words, country); ok && !behindIsSurer(s, words) {
			return out
		}
		if out, ok := numberBehind(s, words, country); ok {
			return out
		}
	}
	return numbered{street: s}
}

// named reports whether a number behind is one for sure: "Unnamed Road No. 5".
func named(s string, words []span) bool {
	return len(words) > 2 && classOf(word(s, words[len(words)-2]))&numberWord != 0
}

func word(s string, w span) string { return s[w.from:w.to] }

// behindIsSurer reports whether there is a number at both ends, and the one in front is part of
// the street's name: 5 de Mayo 12, 17. Juni Straße 3.
func behindIsSurer(s string, words []span) bool {
	last := strings.TrimRight(word(s, words[len(words)-1]), ".")
	if !isNumber(last) || len(words) < 3 {
		return false
	}
	second := word(s, words[1])
	return strings.EqualFold(second, "de") || strings.EqualFold(second, "di") || strings.HasSuffix(word(s, words[0]), ".") || classOf(second)&streetEnd != 0 && !isNumber(word(s, words[0]))
}

// numberAhead reads the number where it stands before the street.
func numberAhead(s string, words []span, country string) (numbered, bool) {
	i := 0
	if w := word(s, words[0]); (w == "#" || classOf(w)&numberWord != 0) && len(words) > 2 && !isNumber(w) {
		i = 1 // No. 12 Main Street
	}
	first := strings.Trim(word(s, words[i]), "#.,:;")
	if !isNumber(first) || isOrdinal(first) && !isSuffixed(first, words[i:], s) || len(words) < i+2 {
		return numbered{}, false
	}
	if digitsAhead(first) == 0 && country != "US" && country != "" { // A12 is a road elsewhere
		return numbered{}, false
	}
	if word(s, words[i])[len(word(s, words[i]))-1] == '.' && numberLast(country) {
		return numbered{}, false // 17. Juni
	}
	end := i + 1
	for end < len(words)-1 && belongsToNumber(s, words, end) {
		end++
	}
	rest := tidy(s[words[end].from:])
	if !hasLetter(rest) && (country != "US" || rest == "") {
		return numbered{}, false
	}
	return numbered{street: rest, number: strings.Trim(s[words[i].from:words[end-1].to], "#.,:;")}, true
}

// isSuffixed tells "12th" from a number: only "2e" and "3o" may be either, and they are not taken.
func isSuffixed(first string, words []span, s string) bool {
	n := digitsAhead(first)
	return len(first) == n+1 && isLetterByte(first[n]) && len(words) > 1 && classOf(word(s, words[1]))&streetWord != 0
}

// belongsToNumber reports whether word i continues the number before it: 12 bis, 12 A, 123 1/2,
// 12 - 14.
func belongsToNumber(s string, words []span, i int) bool {
	w := word(s, words[i])
	next := word(s, words[i+1])
	switch c := classOf(strings.TrimRight(w, ",.")); {
	case c&suffixWord != 0:
		return !strings.EqualFold(w, "ter") || classOf(next)&streetWord != 0
	case len(w) == 3 && w[1] == '/' && w[0] >= '1' && w[0] <= '9' && w[2] >= '2' && w[2] <= '9':
		return true
	case (w == "-" || w == "–" || w == "/" || w == "+" || w == "&") && digitsAhead(next) > 0:
		return true
	case i >= 2 && isDash(word(s, words[i-1])):
		return digitsAhead(w) > 0 && isNumber(w)
	case len(w) == 1 && isLetterByte(w[0]) && classOf(w)&compassWord == 0:
		// 12 B High Street; but 12 C Street (of Washington), and 12 R Nationale.
		c := classOf(next)
		return c&streetWord == 0 || i+2 < len(words) && c&streetEnd == 0 && strings.IndexByte("ABDF", w[0]&^0x20) >= 0 && c&streetWord != 0
	}
	return false
}

func isDash(w string) bool { return w == "-" || w == "–" || w == "/" || w == "+" || w == "&" }

// numberBehind reads the number where it stands behind the street.
func numberBehind(s string, words []span, country string) (numbered, bool) {
	last := len(words) - 1
	from := last
	// Backwards over letters, suffixes and second figures, to the first figure.
	for from > 1 {
		w := strings.TrimRight(word(s, words[from]), ".,;")
		if digitsAhead(w) > 0 && isNumber(w) && !isDash(word(s, words[from-1])) && !isFraction(w) && !isStair(s, words, from) {
			break
		}
		if !continuesNumber(w) {
			return numbered{}, false
		}
		from--
	}
	w := strings.TrimRight(word(s, words[from]), ".,;")
	if from < 1 || !isNumber(w) || digitsAhead(w) == 0 || isOrdinal(w) && !strings.HasSuffix(strings.ToLower(w), "e") && !strings.HasSuffix(strings.ToLower(w), "o") {
		return numbered{}, false
	}
	street := s[:words[from-1].to]
	before := word(s, words[from-1])
	c := classOf(trimMarks(before))
	switch {
	case c&numberWord != 0 || strings.HasPrefix(before, "#"):
		if from < 2 {
			return numbered{}, false
		}
		street = s[:words[from-2].to]
	case c&routeWord != 0:
		return numbered{}, false // Highway 61, km 12
	case isMonth(before) && len(w) == 4 && allDigits(w) && w > "1500" && w < "2100":
		return numbered{}, false // rue du 8 Mai 1945
	case country == "" && len(words) == 2 && c&streetWord != 0 && !germanKind(before):
		return numbered{}, false // Calle 50, Avenue 7
	}
	street = tidy(street)
	if !hasLetter(street) {
		return numbered{}, false
	}
	return numbered{street: street, number: strings.TrimRight(s[words[from].from:words[last].to], ".,; ")}, true
}

// isStair reports whether word i is a flat behind number and letter: 12 A 5.
func isStair(s string, words []span, i int) bool {
	before := word(s, words[i-1])
	return i > 2 && len(before) == 1 && isLetterByte(before[0]) && allDigits(word(s, words[i-2]))
}

// continuesNumber reports whether a word may stand behind the first figures of a house number.
func continuesNumber(w string) bool {
	return isDash(w) || isFraction(w) || digitsAhead(w) > 0 && isNumber(w) || len(w) == 1 && isLetterByte(w[0]) || classOf(w)&suffixWord != 0 || len(w) <= 4 && isNumberTail(w)
}

func isFraction(w string) bool {
	return len(w) == 3 && w[1] == '/' && w[0] >= '1' && w[0] <= '9' && w[2] >= '2' && w[2] <= '9'
}

func germanKind(w string) bool {
	var room [32]byte
	switch string(lowered(room[:0], w)) {
	case "ring", "markt", "graben", "allee", "platz", "weg", "hof", "rynek":
		return true
	}
	return false
}

// isMonth reports whether a word is a month by which streets are named after a day of a year.
func isMonth(w string) bool {
	var room [32]byte
	switch string(lowered(room[:0], w)) {
	case "janvier", "février", "fevrier", "mars", "avril", "mai", "juin", "juillet", "août", "aout", "septembre", "octobre", "novembre", "décembre", "decembre",
		"mayo", "julio", "septiembre", "octubre", "noviembre", "maggio", "aprile", "giugno", "settembre", "novembro", "setembro", "maio", "abril", "maja", "listopada", "lipca", "juni", "juli", "marzo":
		return true
	}
	return false
}

// glued reads a street and a number without a space between: Hauptstr.12, but no K12.
func glued(s string) numbered {
	i := strings.IndexAny(s, "0123456789")
	if i < 4 || !isNumber(s[i:]) || s[i-1] != '.' && classOf(s[:i])&streetEnd == 0 {
		return numbered{street: s}
	}
	return numbered{street: tidy(s[:i]), number: s[i:]}
}
