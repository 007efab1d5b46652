package address

import (
	"brood/jobs/fold"
	"strings"
	"unicode"
	"unicode/utf8"
)

// class is what a word may be within an address; a word may be several things.
type class uint16

const (
	streetWord  class = 1 << iota // a kind of street, standing by itself: Street, rue, ulica
	streetEnd                     // a compound that ends with one: Hauptstraße
	unitWord                      // what is within a house, its value behind it: Apt, Flat, Whg
	floorWord                     // a floor, its number before or behind: floor, OG, étage
	aloneUnit                     // what says itself where in the house: EG, Hinterhaus, rear, Penthouse
	routeWord                     // a number behind it is its name: Highway 61, km 12
	numberWord                    // a house number follows: Nr, No, n°
	suffixWord                    // belongs to the number before it: bis, ter
	ordinalOnly                   // izq, dcha, tv, th: behind a floor
	compassWord                   // N, SW, East
)

// latin1 are the letters from À to ÿ, folded; S for ß, and a question mark for the others
// that are more than one letter, or none.
const latin1 = "aaaaaa?ceeeeiiii?nooooo?ouuuuy?Saaaaaa?ceeeeiiii?nooooo?ouuuuy?y"

// appendFolded is fold.Append without its allocation, for what most texts have.
func appendFolded(dst []byte, s string) []byte {
	start, gap := len(dst), false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == 0xc3 && i+1 < len(s) && s[i+1] >= 0x80 && s[i+1] < 0xc0 && latin1[s[i+1]-0x80] != '?':
			i++
			c = latin1[s[i]-0x80]
		case c >= utf8.RuneSelf || c == '\'':
			return fold.Append(make([]byte, 0, 64), s)
		default:
			gap = true
			continue
		}
		if gap && len(dst) > start {
			dst = append(dst, ' ')
		}
		gap = false
		if c == 'S' {
			dst = append(dst, 's')
			c = 's'
		}
		dst = append(dst, c)
	}
	return dst
}

// classOf is what a word may be. It folds the word first.
func classOf(word string) class {
	var room [48]byte
	b := appendFolded(room[:0], word)
	switch string(b) {
	case "street", "st", "str", "road", "rd", "avenue", "ave", "av", "boulevard", "blvd", "bd", "drive", "dr", "lane", "ln", "court", "ct", "circle", "cir",
		"way", "terrace", "ter", "terr", "trail", "trl", "parkway", "pkwy", "square", "sq", "crescent", "cres", "close", "gardens", "gdns", "grove",
		"mews", "row", "walk", "hill", "park", "gate", "alley", "aly", "pike", "turnpike", "loop", "run", "path", "crossing", "xing", "cove", "ridge", "bend", "expressway", "expy", "freeway", "fwy":
		if string(b) == "ter" {
			return streetWord | suffixWord
		}
		return streetWord
	case "plaza", "plz", "place", "pl", "promenade", "esplanade", "parade", "quay", "wharf", "view", "vista", "heights", "broadway":
		return streetWord
	case "strasse", "platz", "weg", "gasse", "allee", "ring", "damm", "ufer", "chaussee", "steig", "stieg", "zeile", "markt", "graben", "gurtel", "kai":
		return streetWord
	case "rue", "chemin", "chem", "ch", "allees", "all", "impasse", "imp", "quai", "cours", "passage", "faubourg", "fbg", "route", "rte", "sentier", "cite", "lieu", "rond", "villa", "montee", "voie", "ruelle", "venelle", "mail", "hameau":
		if string(b) == "route" || string(b) == "rte" {
			return streetWord | routeWord
		}
		return streetWord
	case "calle", "c", "avenida", "avda", "avd", "paseo", "pso", "camino", "cno", "carrera", "cra", "kra", "cl", "diagonal", "dg", "transversal", "tv", "ronda", "travesia", "glorieta", "carretera", "ctra", "rambla", "callejon", "jiron", "jr", "calzada", "calz", "prolongacion", "privada", "priv", "blv", "boulevar", "pasaje", "pje", "autopista", "urbanizacion", "carrer", "placa", "passeig", "plazuela":
		if string(b) == "tv" {
			return streetWord | ordinalOnly
		}
		return streetWord
	case "via", "viale", "corso", "piazza", "piazzale", "largo", "vicolo", "vico", "strada", "contrada", "localita", "loc", "lungotevere", "lungomare", "salita", "calata", "v", "vle", "pza", "pzza", "galleria", "traversa", "stradone", "borgo", "rione":
		return streetWord
	case "rua", "r", "travessa", "alameda", "al", "praca", "pca", "estrada", "estr", "rodovia", "rod", "beco", "ladeira", "quadra":
		return streetWord
	case "straat", "laan", "plein", "gracht", "kade", "singel", "dijk", "steenweg", "dreef", "hof", "pad", "baan", "lei":
		return streetWord
	case "ulica", "ul", "aleja", "aleje", "plac", "os", "osiedle", "rynek", "skwer", "rondo", "ulice", "namesti", "nam", "trida", "utca", "ut", "korut", "gata", "gatan", "gade", "vej", "vei", "veien", "gaten", "katu", "tie", "cadde", "caddesi", "cad", "sokak", "sok", "sokagi", "mahallesi", "mah", "bulvari", "bulevardul", "bulevar", "ulitsa", "улица", "ул", "проспект", "пр", "шоссе", "jalan", "jln", "jl", "lorong":
		return streetWord
	case "apt", "apartment", "unit", "plot", "suite", "ste", "room", "rm", "bldg", "building", "lot", "spc", "space", "trlr", "trailer", "dept", "department", "flat", "hangar", "hngr", "slip", "stop", "pier", "shop", "office", "ofc", "block", "blk", "tower", "door", "studio", "wing", "bay", "maisonette", "penthouse", "ph":
		if string(b) == "penthouse" || string(b) == "ph" {
			return unitWord | aloneUnit
		}
		return unitWord
	case "whg", "wohnung", "top", "tur", "stiege", "zimmer", "zi", "appartement", "app", "appt", "apartement", "gebaude", "geb", "haus", "aufgang", "eingang":
		return unitWord
	case "bat", "batiment", "esc", "escalier", "porte", "hall", "residence", "res", "lgt", "logement", "bte", "boite", "bureau", "entree", "immeuble", "imm", "tour", "ville":
		if string(b) == "res" || string(b) == "residence" || string(b) == "tour" || string(b) == "ville" {
			return 0 // the name of a house is known to maps
		}
		return unitWord
	case "puerta", "pta", "escalera", "local", "nave", "oficina", "of", "ofi", "bloque", "portal", "depto", "dpto", "departamento", "dep", "interior", "interno", "int", "scala", "sc", "casa", "torre", "apartamento", "apto", "ap", "sala", "sl", "bloco", "bl", "conjunto", "conj", "cj", "loja", "lj", "edificio", "edif", "palazzina", "pal", "aptdo", "fraccao", "lote", "manzana", "mz":
		return unitWord
	case "m", "lok", "lokal", "mieszkanie", "klatka", "kl", "lgh", "lejl", "leil", "byt", "daire", "d", "kat", "kv", "кв", "квартира", "оф", "офис", "bus", "box", "appart", "kamer":
		return unitWord
	case "floor", "fl", "flr", "level", "lvl", "og", "obergeschoss", "stock", "stockwerk", "etage", "et", "etg", "planta", "piso", "piano", "andar", "verdieping", "pietro", "p", "emelet", "em", "krs", "kerros", "patro":
		return floorWord
	case "eg", "erdgeschoss", "hinterhaus", "hh", "vorderhaus", "vh", "seitenflugel", "sf", "dachgeschoss", "souterrain", "ug", "untergeschoss", "hochparterre", "parterre", "bsmt", "basement", "rear", "upper", "lower", "upstairs", "downstairs", "front", "rez", "rdc", "bajo", "bajos", "entresuelo", "atico", "izq", "izquierda", "dcha", "derecha", "fundos", "frente", "hoog", "huis", "groundfloor":
		if s := string(b); s == "izq" || s == "izquierda" || s == "dcha" || s == "derecha" {
			return aloneUnit | ordinalOnly
		}
		return aloneUnit
	case "links", "rechts", "mitte", "th", "mf", "esq", "dto", "cto", "dta", "der", "dx", "sx":
		return ordinalOnly
	case "highway", "hwy", "us", "sr", "cr", "fm", "interstate", "i", "rt", "km", "county", "state", "autobahn", "bundesstrasse", "nationale", "rn", "ss", "sp", "federal", "br", "quarter", "sector", "phase", "kilometre", "kilometro", "district":
		return routeWord
	case "no", "nr", "num", "numero", "number", "nro", "n", "n o", "house", "hausnummer", "hnr", "дом", "д":
		if string(b) == "n" {
			return numberWord | compassWord
		}
		return numberWord
	case "bis", "quater", "quinquies":
		return suffixWord
	case "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest":
		return compassWord
	}
	return compound(b)
}

// compound is a word whose end says what kind of street it is, as Germanic languages have them.
func compound(b []byte) class {
	if len(b) < 6 {
		return 0
	}
	var ends []string
	switch b[len(b)-1] {
	case 'a':
		ends = compoundEnds.a[:]
	case 'e':
		ends = compoundEnds.e[:]
	case 'f':
		ends = compoundEnds.f[:]
	case 'g':
		ends = compoundEnds.g[:]
	case 'j':
		ends = compoundEnds.j[:]
	case 'k':
		ends = compoundEnds.k[:]
	case 'l':
		ends = compoundEnds.l[:]
	case 'm':
		ends = compoundEnds.m[:]
	case 'n':
		ends = compoundEnds.n[:]
	case 'r':
		ends = compoundEnds.r[:]
	case 't':
		ends = compoundEnds.t[:]
	case 'u':
		ends = compoundEnds.u[:]
	case 'z':
		ends = compoundEnds.z[:]
	}
	for _, end := range ends {
		if len(b) >= len(end)+3 && string(b[len(b)-len(end):]) == end {
			return streetEnd
		}
	}
	return 0
}

// compoundEnds are the ends of compounds, by their last letter.
var compoundEnds = struct {
	a [2]string
	e [9]string
	f [1]string
	g [5]string
	j [1]string
	k [2]string
	l [1]string
	m [1]string
	n [7]string
	r [2]string
	t [3]string
	u [1]string
	z [1]string
}{
	a: [2]string{"gata", "utca"},
	e: [9]string{"strasse", "gasse", "allee", "kade", "gade", "tie", "chaussee", "brucke", "promenade"},
	f: [1]string{"hof"},
	g: [5]string{"weg", "steenweg", "ring", "berg", "steig"},
	j: [1]string{"vej"},
	k: [2]string{"dijk", "park"},
	l: [1]string{"singel"},
	m: [1]string{"damm"},
	n: [7]string{"laan", "plein", "gatan", "gaten", "vagen", "veien", "vegen"},
	r: [2]string{"str", "ufer"},
	t: [3]string{"straat", "gracht", "markt"},
	u: [1]string{"katu"},
	z: [1]string{"platz"},
}

// span is a word within a text: where it begins and ends.
type span struct{ from, to int }

// maxWords is how many words of one text are looked at; what is behind is one word.
const maxWords = 24

// wordsOf takes a text apart at its spaces.
func wordsOf(dst []span, s string) []span {
	for i := 0; i < len(s); {
		for i < len(s) && isSpace(s, i) > 0 {
			i += isSpace(s, i)
		}
		from := i
		for i < len(s) && isSpace(s, i) == 0 {
			i++
		}
		if i == from {
			break
		}
		if len(dst) == maxWords-1 {
			return append(dst, span{from, len(strings.TrimRight(s, " "))})
		}
		dst = append(dst, span{from, i})
	}
	return dst
}

// isSpace is how many bytes long the space is that stands at i; 0 if there is none.
func isSpace(s string, i int) int {
	switch s[i] {
	case ' ', '\t':
		return 1
	case 0xc2:
		if strings.HasPrefix(s[i:], "\u00a0") {
			return 2
		}
	}
	return 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func hasDigit(s string) bool {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			return true
		}
	}
	return false
}

func hasLetter(s string) bool {
	for _, r := range s {
		if r|0x20 >= 'a' && r|0x20 <= 'z' || r >= utf8.RuneSelf && unicode.IsLetter(r) {
			return true
		}
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// digitsAhead is how many digits s begins with.
func digitsAhead(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func isLetterByte(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isUpperByte(c byte) bool  { return c >= 'A' && c <= 'Z' }

// tidy takes the marks off that stood between a part and the next one.
func tidy(s string) string {
	for s != "" {
		n := betweenAt(s)
		if n == 0 {
			break
		}
		s = s[n:]
	}
	for s != "" {
		switch c := s[len(s)-1]; {
		case isBetween(c):
			s = s[:len(s)-1]
			continue
		case c >= utf8.RuneSelf:
			if _, n := utf8.DecodeLastRuneInString(s); betweenAt(s[len(s)-n:]) > 0 {
				s = s[:len(s)-n]
				continue
			}
		}
		break
	}
	return s
}

func isBetween(c byte) bool {
	return c == ' ' || c == ',' || c == ';' || c == '-' || c == '|' || c == '\n' || c == '\r' || c == '\t'
}

// betweenAt is how long the mark is that s begins with.
func betweenAt(s string) int {
	if c := s[0]; c < utf8.RuneSelf {
		if isBetween(c) {
			return 1
		}
		return 0
	}
	switch r, n := utf8.DecodeRuneInString(s); r {
	case '–', '—', '·', '•', '\u00a0':
		return n
	}
	return 0
}

// trimMarks takes the marks off a word.
func trimMarks(s string) string {
	for s != "" && isMark(s[0]) {
		s = s[1:]
	}
	for s != "" && isMark(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isMark(c byte) bool {
	return c == ',' || c == '.' || c == ';' || c == ':' || c == '(' || c == ')'
}

// lowered is s in small letters, for a switch: it is in room if it can be.
func lowered(room []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return []byte(strings.ToLower(s))
		}
		if isUpperByte(c) {
			c |= 0x20
		}
		room = append(room, c)
	}
	return room
}
