package address

import "strings"

// cut is a text with what is within or beside the house taken off.
type cut struct {
	rest  string
	units [4]string
	n     int
}

func (c *cut) add(s string) {
	if s = tidy(strings.Trim(s, "()")); s == "" {
		return
	}
	if c.n == len(c.units) {
		c.units[c.n-1] += ", " + s
		return
	}
	c.units[c.n] = s
	c.n++
}

// splitShop takes the number of the house off a unit before a street, where they are written
// together: Shop 3/45 George St, in Australia.
func (c *cut) splitShop(country string) (number string) {
	if c.n != 1 || country != "AU" && country != "NZ" || c.rest == "" || hasDigit(c.rest) {
		return ""
	}
	unit, number, _ := strings.Cut(c.units[0], "/")
	if digitsAhead(number) == 0 || !hasDigit(unit) {
		return ""
	}
	c.units[0] = unit
	return number
}

// joinUnits is what was taken off, in one text.
func joinUnits(dst string, units []string) string {
	for _, u := range units {
		if dst == "" {
			dst = u
		} else {
			dst += ", " + u
		}
	}
	return dst
}

// cutUnits takes units, floors, doors and who is cared for off one segment of an address.
func cutUnits(s string) cut {
	c := cut{rest: s}
	if isCare(s) {
		c.add(s)
		c.rest = ""
		return c
	}
	if rest, unit := cutBrackets(c.rest); unit != "" {
		c.add(unit)
		c.rest = rest
	}
	var room [maxWords]span
	words := wordsOf(room[:0], c.rest)
	if len(words) == 0 {
		return c
	}
	if c.rest[0] == '#' && len(words) > 2 {
		if bare := strings.TrimLeft(c.rest, "# "); digitsAhead(bare) > 0 && strings.IndexByte(bare, ' ') > 0 && !hasDigit(bare[strings.IndexByte(bare, ' '):]) {
			return c // # 4 Privet Ct: the house
		}
	}
	if n := unitAhead(c.rest, words); n > 0 {
		c.add(c.rest[:words[n-1].to])
		if n == len(words) {
			c.rest = ""
			return c
		}
		c.rest = tidy(c.rest[words[n].from:])
		words = wordsOf(room[:0], c.rest)
	}
	for i := 1; i < len(words); i++ {
		if unitFrom(c.rest, words, i) && hasLetter(c.rest[:words[i].from]) {
			c.add(c.rest[words[i].from:])
			c.rest = tidy(c.rest[:words[i].from])
			break
		}
	}
	return c
}

// cutBrackets takes a unit in brackets off the end: (rear), (2. OG).
func cutBrackets(s string) (rest, unit string) {
	if open := strings.LastIndexByte(s, '('); open > 0 && s[len(s)-1] == ')' && isUnitText(s[open+1:len(s)-1]) {
		return tidy(s[:open]), s[open+1 : len(s)-1]
	}
	return s, ""
}

// isUnitText reports whether a whole text says where in a house: "Apt 4", "3. OG", "#12".
func isUnitText(s string) bool {
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	if len(words) == 0 || len(words) > 6 {
		return false
	}
	return unitAhead(s, words) == len(words)
}

// unitAhead is how many words in front say where in a house.
func unitAhead(s string, words []span) int {
	n := 0
	for n < len(words) {
		k := unitAt(s, words, n)
		if k == 0 {
			break
		}
		n += k
		if n < len(words) && isDash(word(s, words[n])) && n+1 < len(words) {
			n++
		}
	}
	return n
}

// unitAt is how many words from i on are one unit.
func unitAt(s string, words []span, i int) int {
	raw := word(s, words[i])
	w := trimMarks(raw)
	next := ""
	if i+1 < len(words) {
		next = trimMarks(word(s, words[i+1]))
	}
	if strings.HasPrefix(w, "#") {
		if i > 0 && hasDigit(word(s, words[i-1])) && strings.IndexByte(w+next, '-') > 0 && classOf(word(s, words[0]))&streetWord != 0 {
			return 0 // Carrera 7 # 12-34
		}
		if len(w) > 1 {
			return 1
		}
		if next != "" && isUnitValue(next) {
			return 2
		}
		return 0
	}
	c := classOf(w)
	switch {
	case c&unitWord != 0 && next != "" && isUnitValue(next):
		return 2
	case c&unitWord != 0 && strings.HasPrefix(next, "#") && len(next) > 1:
		return 2
	case c&unitWord != 0 && classOf(next)&numberWord != 0 && i+2 < len(words) && isUnitValue(word(s, words[i+2])):
		return 3 // Apt. No. 4
	case c&unitWord != 0 && len(w) > 3 && isOneToTen(next):
		return 2 // Suite One
	case c&floorWord != 0 && next != "" && (isUnitValue(next) && hasDigit(next)):
		return 2
	case isFloorCount(raw, w) && next != "" && classOf(next)&(floorWord|ordinalOnly) != 0:
		return 2 + ordinalTail(s, words, i+2)
	case !isASCII(w) && strings.ContainsAny(w, "ºª") && isOrdinal(w):
		return 1 + ordinalTail(s, words, i+1)
	case c&aloneUnit != 0:
		return 1 + ordinalTail(s, words, i+1)
	case gluedUnit(w), strings.EqualFold(w, "r/c"):
		return 1
	case i > 1 && isRoman(w) && isNumber(word(s, words[i-1])): // of Amsterdam: 123 II
		return 1
	}
	return 0
}

func isRoman(w string) bool {
	switch w {
	case "I", "II", "III", "IV":
		return true
	}
	return false
}

// ordinalTail is 1 if word i goes on with a floor: "izq", "B", "tv".
func ordinalTail(s string, words []span, i int) int {
	if i >= len(words) {
		return 0
	}
	w := trimMarks(word(s, words[i]))
	if classOf(w)&ordinalOnly != 0 || len(w) == 1 && isLetterByte(w[0]) {
		return 1
	}
	if len(w) <= 3 && digitsAhead(w) > 0 && strings.ContainsAny(w, "ºª") {
		return 1
	}
	return 0
}

// isFloorCount reports whether a word counts a floor: 3rd, 2., 1er, IV, ground, first.
func isFloorCount(raw, w string) bool {
	if isOrdinal(w) || allDigits(w) && len(w) <= 2 && (strings.HasSuffix(raw, ".") || len(w) <= 2) {
		return true
	}
	var room [32]byte
	switch string(lowered(room[:0], w)) {
	case "i", "ii", "iii", "iv", "v", "vi", "ground", "first", "second", "third", "fourth", "fifth", "top", "upper", "lower", "st":
		return true
	}
	return false
}

func isOneToTen(w string) bool {
	var room [32]byte
	switch string(lowered(room[:0], w)) {
	case "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten":
		return true
	}
	return false
}

// isUnitValue reports whether a word can be the number or letter of a unit: 4, 4B, B, 12-3, A1.
func isUnitValue(w string) bool {
	w = strings.Trim(w, ",.;:()#")
	if w == "" || len(w) > 8 {
		return false
	}
	if len(w) == 1 {
		return w[0] >= '0' && w[0] <= '9' || isLetterByte(w[0])
	}
	if isOrdinal(w) && isLetterByte(w[len(w)-1]) {
		return false
	}
	letters := 0
	for i := range len(w) {
		switch c := w[i]; {
		case isLetterByte(c):
			letters++
		case c >= '0' && c <= '9', c == '-', c == '/', c == '.', c >= 0x80:
		default:
			return false
		}
	}
	return hasDigit(w) && letters <= 2
}

// gluedUnit reports whether a word is a unit and its value without a space: Apt4, Whg.3.
func gluedUnit(w string) bool {
	if len(w) < 4 || len(w) > 12 || !isLetterByte(w[0]) || !hasDigit(w) {
		return false
	}
	i := strings.IndexAny(w, "0123456789")
	if i < 3 || !isUnitValue(w[i:]) {
		return false
	}
	switch strings.ToLower(strings.TrimRight(w[:i], ".-")) {
	case "apt", "suite", "ste", "unit", "whg", "flat", "apto", "lok", "int", "room", "appt", "dpto", "depto":
		return true
	}
	return false
}

// unitFrom reports whether a unit begins at word i and goes on to the end.
func unitFrom(s string, words []span, i int) bool {
	k := unitAt(s, words, i)
	if k == 0 {
		return false
	}
	// A word that may be a name too needs its value to be the last.
	if i+k == len(words) {
		return true
	}
	return unitFrom(s, words, i+k) || isDash(word(s, words[i+k])) && i+k+1 < len(words) && unitFrom(s, words, i+k+1)
}

// isCare reports whether a text names who it is for: c/o Miller, attn: Jane, z. Hd. Herrn X.
func isCare(s string) bool {
	if len(s) < 4 {
		return false
	}
	switch s[0] | 0x20 {
	case 'c', 'a', 'z', 'p', 'b', 't', 'u', 'k', 0xe2, 0xe3:
	default:
		return s[0] == 0xc3 && isCare("a"+s[2:]) // à l'attention
	}
	for _, p := range [...]string{"c/o ", "c/o:", "c / o ", "c.o. ", "℅", "attn ", "attn:", "attn.", "att:", "att.", "attention ", "attention:", "z.hd.", "z. hd.", "z.h.", "z. h.", "zhd ", "zu händen", "zu haenden", "z.hdn", "a/c ", "a/c:", "p/a ", "p/a:", "all'attenzione", "alla c.a.", "c.a. ", "a la atención", "a la atencion", "à l'attention", "a l'attention", "chez ", "bei ", "t.a.v.", "tav ", "u/ ", "ks. ", "care of "} {
		if len(s) > len(p) && strings.EqualFold(s[:len(p)], p) {
			return true
		}
	}
	return false
}
