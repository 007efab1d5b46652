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

// classOf is what a word may be. It folds the word first.
func classOf(word string) class {
	var room [48]byte
	b := fold.Append(room[:0], word)
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
	case "apt", "apartment", "unit", "suite", "ste", "room", "rm", "bldg", "building", "lot", "spc", "space", "trlr", "trailer", "dept", "department", "flat", "hangar", "hngr", "slip", "stop", "pier", "shop", "office", "ofc", "block", "blk", "tower", "door", "studio", "wing", "bay", "maisonette", "penthouse", "ph":
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
	case "th", "mf", "esq", "dto", "cto", "dta", "der", "dx", "sx":
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
	for _, end := range [...]string{"strasse", "str", "platz", "weg", "gasse", "allee", "straat", "laan", "plein", "gracht", "kade", "singel", "dijk", "steenweg", "gatan", "gata", "gaten", "vagen", "vej", "veien", "vegen", "gade", "katu", "tie", "ring", "damm", "ufer", "chaussee", "brucke", "hof", "berg", "park", "markt", "promenade", "steig", "utca"} {
		if len(b) >= len(end)+3 && string(b[len(b)-len(end):]) == end {
			return streetEnd
		}
	}
	return 0
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
	return strings.Trim(s, " \t\u00a0,;-–—|·•")
}
