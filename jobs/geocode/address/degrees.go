package address

import (
	"brood/jobs/geocode/geo"
	"strings"
	"unicode/utf8"
)

// way is what a letter beside an angle says of it.
type way uint8

const (
	noWay way = iota
	northSouth
	eastWest
)

// sign is a mark within written coordinates.
type sign uint8

const (
	none    sign = iota
	degree       // °, º, d
	minute       // ', ′
	second       // ", ″, ''
	north        // N
	south        // S
	east         // E, O (Ost)
	west         // W, O (oeste, ouest) is not told from Ost: it is not taken
	comma        //
	semi         // ; or /
	unknown      // nothing that belongs to an angle
)

// token is a number, or a mark.
type token struct {
	value   float64
	decimal bool // it has a fraction
	isSign  bool
	sign    sign
	minus   bool
}

// maxTokens is more than two angles can have: 4 numbers, 3 marks and a letter each, and what is
// between.
const maxTokens = 24

// written reads two angles out of one text.
func written(s string) (p geo.Point, swapped, ok bool) {
	s = strings.Trim(s, "()[]{} ")
	// Decimal commas: then another mark is between the two, or a comma with a space behind.
	if a, b, is := twoDecimals(s); is {
		return judged(a, b, false)
	}
	var room [maxTokens]token
	tokens, ok := scanAngles(room[:0], s)
	if !ok || len(tokens) < 2 {
		return geo.Point{}, false, false
	}
	first, rest, ok1 := readAngle(tokens)
	for len(rest) > 0 && rest[0].isSign && (rest[0].sign == comma || rest[0].sign == semi) {
		rest = rest[1:]
	}
	other, rest, ok2 := readAngle(rest)
	if !ok1 || !ok2 || len(rest) > 0 {
		return geo.Point{}, false, false
	}
	// Two plain numbers are a house number and something else, rather than a point.
	if first.plain && other.plain {
		return geo.Point{}, false, false
	}
	switch {
	case first.way == eastWest && other.way != eastWest, other.way == northSouth && first.way != northSouth:
		// The letters say which is which: nothing is swapped.
		return judged(other.value, first.value, false)
	case first.way != noWay && first.way == other.way:
		return geo.Point{}, false, false
	}
	return judged(first.value, other.value, false)
}

// twoDecimals reads the commonest forms: two numbers, with fractions, with a comma, semicolon,
// space, slash or bar between.
func twoDecimals(s string) (a, b float64, ok bool) {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && strings.IndexByte("+-., ;/|\t", c) < 0 {
			return 0, 0, false
		}
	}
	for _, separator := range []string{";", "|", "/", "\t", ", ", " ", ","} {
		first, second, is := strings.Cut(s, separator)
		first, second = strings.TrimSpace(first), strings.TrimSpace(second)
		if !is || !hasFraction(first) || !hasFraction(second) {
			continue
		}
		a, ok1 := number(first)
		b, ok2 := number(second)
		if ok1 && ok2 {
			return a, b, true
		}
	}
	return 0, 0, false
}

// hasFraction reports whether a number has at least one digit behind its point or comma.
func hasFraction(s string) bool {
	i := strings.IndexAny(s, ".,")
	return i >= 0 && i+1 < len(s)
}

// scanAngles takes a text apart; false if it has anything that is of no angle.
func scanAngles(dst []token, s string) ([]token, bool) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t':
			i++
			continue
		case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.':
			t, n := scanNumber(s[i:])
			if n == 0 {
				return nil, false
			}
			dst, i = append(dst, t), i+n
		default:
			k, n := signAt(s[i:])
			if k == unknown {
				return nil, false
			}
			dst, i = append(dst, token{isSign: true, sign: k}), i+n
		}
		if len(dst) >= maxTokens {
			return nil, false
		}
	}
	return dst, true
}

func scanNumber(s string) (token, int) {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || n == 0 && (s[n] == '-' || s[n] == '+')) {
		n++
	}
	// A comma between digits, without a space, is that of a fraction.
	if n < len(s)-1 && s[n] == ',' && s[n+1] >= '0' && s[n+1] <= '9' && !strings.ContainsRune(s[:n], '.') {
		n++
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
	}
	f, ok := number(s[:n])
	if !ok {
		return token{}, 0
	}
	return token{value: f, decimal: strings.ContainsAny(s[:n], ".,"), minus: s[0] == '-'}, n
}

// signAt reads a mark, and says how long it is.
func signAt(s string) (sign, int) {
	r, n := utf8.DecodeRuneInString(s)
	switch r {
	case '°', 'º', '˚':
		return degree, n
	case '′', '’', '´', '‘', '`':
		return minute, n
	case '\'':
		if strings.HasPrefix(s, "''") {
			return second, 2
		}
		return minute, n
	case '″', '”', '"', '“':
		return second, n
	case ',':
		return comma, n
	case ';', '/', '|':
		return semi, n
	}
	for _, w := range angleWords {
		if len(s) >= len(w.word) && strings.EqualFold(s[:len(w.word)], w.word) && !letterAt(s, len(w.word)) {
			n = len(w.word)
			if n < len(s) && (s[n] == ':' || s[n] == '.') { // "Lat: 52.5"
				n++
			}
			return w.sign, n
		}
	}
	return unknown, n
}

func letterAt(s string, i int) bool {
	return i < len(s) && (s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z')
}

var angleWords = [...]struct {
	word string
	sign sign
}{
	{"latitude", north},
	{"longitude", east},
	{"lat", north},
	{"lon", east},
	{"lng", east},
	{"long", east},
	{"deg", degree},
	{"d", degree},
	{"min", minute},
	{"m", minute},
	{"sec", second},
	{"s", south},
	{"n", north},
	{"e", east},
	{"w", west},
	{"o", east},
}

// angleRead is one angle: plain if it is a whole number without any mark.
type angleRead struct {
	value float64
	way   way
	plain bool
}

// readAngle reads one angle from the front: a letter, degrees, minutes, seconds, and a letter.
func readAngle(t []token) (a angleRead, rest []token, ok bool) {
	front := none
	if len(t) > 0 && t[0].isSign && t[0].sign >= north && t[0].sign <= west {
		front, t = t[0].sign, t[1:]
	}
	if len(t) == 0 || t[0].isSign {
		return a, t, false
	}
	a.plain = !t[0].decimal && front == none
	minus := t[0].minus
	value := t[0].value
	if minus {
		value = -value
	}
	last := t[0].decimal
	t = t[1:]
	for scale, mark := 60.0, degree; len(t) > 0 && t[0].isSign && t[0].sign == mark; scale, mark = scale*60, mark+1 {
		a.plain, t = false, t[1:]
		if mark == second {
			break
		}
		if last || len(t) == 0 || t[0].isSign || t[0].minus || t[0].value >= 60 || len(t) > 1 && t[1].isSign && t[1].sign == degree {
			break
		}
		value, last = value+t[0].value/scale, t[0].decimal
		t = t[1:]
		if len(t) > 0 && t[0].isSign && t[0].sign == second && mark == degree {
			return a, t, false // seconds where minutes must be
		}
	}
	if front == none && len(t) > 0 && t[0].isSign && t[0].sign >= north && t[0].sign <= west {
		front, a.plain, t = t[0].sign, false, t[1:]
	}
	switch front {
	case south, west:
		minus = !minus
	default:
	}
	switch front {
	case north, south:
		a.way = northSouth
	case east, west:
		a.way = eastWest
	default:
	}
	if minus {
		value = -value
	}
	a.value = value
	return a, t, true
}

// angle reads one angle of a column.
func angle(s string) (float64, way, bool) {
	if f, ok := number(s); ok {
		return f, noWay, true
	}
	var room [maxTokens]token
	tokens, ok := scanAngles(room[:0], s)
	if !ok {
		return 0, noWay, false
	}
	a, rest, ok := readAngle(tokens)
	return a.value, a.way, ok && len(rest) == 0
}
