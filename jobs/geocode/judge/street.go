package judge

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"slices"
	"strings"
)

// compareStreet compares the street that was asked for with the place's.
func (q *asked) compareStreet(p *geo.Place) likeness {
	country := p.CountryCode
	if country == "" {
		country = q.country
	}
	if p.Road != "" {
		return streets(q.Street, p.Road, country)
	}
	if precisionOf(p) < geo.PrecisionStreet || p.Formatted == "" {
		return lacking
	}
	// A finder that gives a line only: the street is one of its parts.
	best := lacking
	for part := range strings.SplitSeq(p.Formatted, ",") {
		if l := streets(q.Street, strings.Trim(part, " 0123456789"), country); l < best {
			best = l
		}
	}
	return best
}

// streets compares two names of streets.
func streets(a, b, country string) likeness {
	if strings.EqualFold(a, b) {
		return same
	}
	x, y := fold.Street(a, country), fold.Street(b, country)
	if x == y {
		return same
	}
	s, t := newStreet(x), newStreet(y)
	if s.kinds() != "" && t.kinds() != "" && s.kinds() != t.kinds() || opposed(s.ways, t.ways) {
		return differing
	}
	m, n := s.core(), t.core()
	switch {
	case m == n && m != "":
		return same
	case m == "" || n == "":
		if strings.ReplaceAll(x, " ", "") == strings.ReplaceAll(y, " ", "") {
			return same
		}
		return differing
	case figures(m) != figures(n):
		return differing
	case initials(s.words, t.words), initials(t.words, s.words), variants(a, b, country):
		return same
	case fold.Near(m, n):
		return near
	case contains(s.words, t.words), contains(t.words, s.words), kindSlips(x, t, country):
		return near
	}
	return differing
}

// kindSlips reports whether the street that was asked for is the other one but for a slip in its word for what it is:
// Main Stret for Main St.
func kindSlips(asked string, found streetName, country string) bool {
	words := strings.Fields(asked)
	if len(words) < 2 || found.kinds() == "" {
		return false
	}
	for _, i := range []int{0, len(words) - 1} {
		for _, kind := range fold.Misspelt(words[i], country) {
			mended := slices.Clone(words)
			mended[i] = kind
			if s := newStreet(strings.Join(mended, " ")); s.kinds() == found.kinds() && s.core() == found.core() && s.core() != "" && !opposed(s.ways, found.ways) {
				return true
			}
		}
	}
	return false
}

// variants reports whether two names differ only in how ä ö ü å ø are written: Mueller, Müller.
func variants(a, b, country string) bool {
	x, y := fold.Variants(a), fold.Variants(b)
	if len(x) == 1 && len(y) == 1 {
		return false
	}
	for _, v := range x {
		for _, w := range y {
			if v, w := fold.Street(v, country), fold.Street(w, country); v == w || newStreet(v).core() == newStreet(w).core() {
				return true
			}
		}
	}
	return false
}

// streetName is a street taken apart: its kind (st, rue), the ways it goes (n, sw), and its name.
type streetName struct {
	kind, ways, words []string
}

func newStreet(folded string) streetName {
	var s streetName
	words := strings.Fields(folded)
	for i, w := range words {
		switch {
		case isArticle(w) && len(words) > 1 && i < len(words)-1:
		case (i == 0 || i == len(words)-1) && isWay(w) && len(words) > 1:
			s.ways = append(s.ways, w)
		case i == 0 && w == "st" && len(words) > 1 && !isWay(words[1]):
			s.words = append(s.words, "saint")
		case (i == 0 || i >= len(words)-2) && isKind(w) && len(words) > 1 && (i > 0 || !isKind(words[len(words)-1])):
			s.kind = append(s.kind, w)
		default:
			s.words = append(s.words, title(w))
		}
	}
	return s
}

func (s streetName) kinds() string { return strings.Join(s.kind, " ") }

func (s streetName) core() string { return strings.Join(s.words, "") }

// opposed reports whether both have a way, and they differ: N Main St is not S Main St.
func opposed(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.Equal(a, b)
}

func isWay(w string) bool {
	switch w {
	case "n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west":
		return true
	}
	return false
}

func isArticle(w string) bool {
	switch w {
	case "de", "la", "le", "les", "du", "des", "d", "l", "del", "della", "dello", "delle", "dei", "degli", "di", "da", "do", "dos", "das", "der", "die", "den", "dem", "van", "von", "vom", "zur", "zum", "the", "of", "y", "e", "el", "los", "las", "lo", "al", "a", "au", "aux", "et", "und", "and", "het", "ter", "ten", "te", "na", "im", "am":
		return true
	}
	return false
}

// title brings words that are abbreviated within names of streets to one form.
func title(w string) string {
	switch w {
	case "doctor", "doktor", "dottor", "docteur", "doutor":
		return "dr"
	case "saint", "sankt", "sint", "san", "sant", "santo", "sao", "sv", "sw", "swietego":
		return "saint"
	case "sainte", "santa", "sta", "sanktae":
		return "sainte"
	case "general", "generale", "gral", "genl", "generala":
		return "gen"
	case "president", "presidente", "pdte", "prezydenta":
		return "pres"
	case "professor", "professore", "profesor", "professeur":
		return "prof"
	case "captain", "capitan", "capitano", "capitaine":
		return "capt"
	case "marechal", "marshal", "mariscal", "marszalka", "mal":
		return "marechal"
	case "colonel", "coronel", "cnel":
		return "col"
	case "junior":
		return "jr"
	case "senior":
		return "sr"
	case "mount", "mont":
		return "mt"
	case "fort":
		return "ft"
	case "avenida", "avenue":
		return "av"
	}
	if rest, ok := strings.CutPrefix(w, "mac"); ok && len(rest) > 3 {
		return "mc" + rest
	}
	return w
}

// isKind reports whether a word, in its short form, says what kind of street it is.
func isKind(w string) bool {
	switch w {
	case "st", "str", "rd", "av", "ave", "blvd", "bd", "dr", "ln", "ct", "cir", "way", "wy", "ter", "terr", "trl", "tr", "pkwy", "pky", "pl", "plz", "sq", "cres", "cr", "close", "cl", "gdns", "grv", "gr", "hwy", "row", "walk", "wk", "aly", "al", "loop", "lp", "run", "path", "xing", "cv", "rdg", "bnd", "expy", "fwy", "pike", "mews",
		"rue", "r", "ch", "che", "imp", "quai", "q", "crs", "pass", "rte", "all", "c", "calle", "avda", "avd", "ps", "pso", "paseo", "cno", "cra", "ctra", "plaza", "rda", "via", "v", "vle", "viale", "corso", "cso", "pza", "piazza", "lgo", "largo", "vicolo", "strada", "rua", "tv", "travessa", "praca", "pca", "estr", "rod", "alameda",
		"straat", "laan", "plein", "weg", "platz", "allee", "gasse", "ring", "ul", "ulica", "aleja", "plac", "os", "gata", "gatan", "vej", "vei", "gade", "utca", "ut", "namesti", "nam", "trida", "boulevard", "avenue", "street", "road", "lane", "drive", "court", "place":
		return true
	}
	return false
}

// contains reports whether the words of a are among those of b, in order and up to its last one, as Via
// Garibaldi is of Via Giuseppe Garibaldi, with something of length among them.
func contains(a, b []string) bool {
	if len(a) == 0 || len(a) >= len(b) || a[len(a)-1] != b[len(b)-1] || len(a[len(a)-1]) < 4 {
		return false
	}
	i := 0
	for _, w := range b {
		if i < len(a) && (a[i] == w || len(a[i]) == 1 && w[0] == a[i][0]) {
			i++
		}
	}
	return i == len(a)
}

// figures are the figures of a text: 5th Ave is not 6th Ave.
func figures(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
