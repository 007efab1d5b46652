package judge

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"slices"
	"strings"
)

// cityName is a town's name made ready to be compared.
type cityName struct {
	forms []string // folded, in the ways it may be spelt
	short []string // without what stands in brackets or behind a slash
	whole string   // as it was written
}

func newCity(s string) cityName {
	c := cityName{whole: s}
	for _, form := range fold.Variants(s) {
		c.forms = append(c.forms, plainCity(form))
	}
	if i := strings.IndexAny(s, "(/"); i > 2 { // Halle (Saale), Biel/Bienne
		c.short = append(c.short, plainCity(fold.String(s[:i])))
		if s[i] == '/' {
			c.short = append(c.short, plainCity(fold.String(s[i+1:])))
		}
	}
	return c
}

// plainCity brings the words that are abbreviated to one form, takes off what says only that it
// is a town, and a name of another language to the one of the country.
func plainCity(s string) string {
	if !strings.Contains(s, " ") {
		return ownName(s)
	}
	words := strings.Fields(s)
	for i, w := range words {
		if long := longWord(w, i, len(words)); long != "" {
			words[i] = long
		}
	}
	for len(words) > 1 && isTownWord(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	for _, front := range [...]string{"city of ", "town of ", "village of ", "ville de ", "ciudad de ", "comune di ", "gemeente ", "stadt ", "gmina ", "hansestadt ", "landeshauptstadt "} {
		if rest, ok := strings.CutPrefix(strings.Join(words, " "), front); ok && rest != "" {
			words = strings.Fields(rest)
			break
		}
	}
	return ownName(strings.Join(words, " "))
}

// longWord is the long form of a word that is abbreviated within names of towns.
func longWord(w string, i, n int) string {
	switch w {
	case "st", "sankt", "sint", "szent":
		if i < n-1 {
			return "saint"
		}
	case "ste":
		if i < n-1 {
			return "sainte"
		}
	case "mt":
		return "mount"
	case "ft":
		return "fort"
	case "hts":
		return "heights"
	case "spgs":
		return "springs"
	case "bch":
		return "beach"
	case "pk":
		return "park"
	case "jct":
		return "junction"
	case "n", "no":
		if i == 0 {
			return "north"
		}
	case "s", "so":
		if i == 0 {
			return "south"
		}
	case "e":
		if i == 0 {
			return "east"
		}
	case "w":
		if i == 0 {
			return "west"
		}
	}
	return ""
}

// isTownWord reports whether the last word of a name says only that it is a town, or counts a part
// of one: New York City, Lyon 3e Arrondissement, Dublin 8.
func isTownWord(w string) bool {
	switch w {
	case "city", "town", "township", "twp", "village", "arrondissement", "cedex", "arr", "municipality", "stadt", "borough", "ortsteil":
		return true
	}
	return w[0] >= '0' && w[0] <= '9' && len(w) <= 5
}

// compareCity compares the town that was asked for with all that the place says of where it is.
// coded says that the postcode is the same: then another name of the town's does not count
// against a house.
func (q *asked) compareCity(p *geo.Place, coded bool) likeness {
	if q.City == "" || q.Level == geo.LevelPostcode && q.Postcode != "" && coded {
		return same
	}
	if strings.EqualFold(q.City, p.City) {
		return same
	}
	best := differing
	known := false
	try := func(name string) bool {
		if name == "" {
			return false
		}
		known = true
		best = min(best, towns(q.town(), name))
		return best == same
	}
	if try(p.City) || slices.ContainsFunc(p.Names, try) {
		return same
	}
	// A part of a town, or a town that is a state: Brooklyn, Berlin.
	formatted := p.Formatted
	for part := range strings.SplitSeq(formatted, ",") {
		if best == same {
			return same
		}
		if part = strings.TrimSpace(part); part != "" && part != p.Road {
			best = min(best, partOf(q.town(), part))
		}
	}
	for _, name := range [...]string{p.County, p.State} {
		if best != same && name != "" && towns(q.town(), name) == same {
			best = same
		}
	}
	switch {
	case best < differing:
		return best
	case !known && coded:
		return same
	case !known:
		return lacking
	}
	return differing
}

// partOf compares the town with one part of an address on one line, which may have a postcode.
func partOf(c *cityName, part string) likeness {
	if len(part) > 80 {
		return differing
	}
	form := fold.String(part)
	words := strings.Fields(form)
	kept := words[:0]
	for _, w := range words {
		if w[0] < '0' || w[0] > '9' {
			kept = append(kept, w)
		}
	}
	form = plainCity(strings.Join(kept, " "))
	if slices.Contains(c.forms, form) {
		return same
	}
	return differing
}

// towns compares a town with a name.
func towns(c *cityName, name string) likeness {
	other := newCity(name)
	best := differing
	for _, a := range c.forms {
		if slices.Contains(other.short, a) {
			return same
		}
		for _, b := range other.forms {
			switch {
			case a == b || slices.Contains(c.short, b) || shortened(a, b) || shortened(b, a):
				return same
			case longer(a, b) || longer(b, a) || dashed(c.whole, b) || dashed(name, a):
				return same
			case fold.Near(a, b):
				best = near
			}
		}
	}
	return best
}

// shortened reports whether a is b with words behind the first in their first letters: Frankfurt
// a M.
func shortened(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	return len(x) > 1 && len(y) > 1 && x[0] == y[0] && initials(x, y)
}

// initials reports whether a is b with some words as their first letters.
func initials(a, b []string) bool {
	if len(a) != len(b) || len(a) < 2 {
		return false
	}
	for i := range a {
		if a[i] != b[i] && (len(a[i]) > 1 || b[i][0] != a[i][0]) {
			return false
		}
	}
	return true
}

// longer reports whether long is short with words behind that say where it is: Frankfurt am
// Main, Châlons en Champagne, Stoke on Trent. In other cases a longer name
// is another town: Oak Park Heights.
func longer(short, long string) bool {
	rest, ok := strings.CutPrefix(long, short+" ")
	if !ok || len(short) < 3 {
		return false
	}
	first, _, _ := strings.Cut(rest, " ")
	switch first {
	case "am", "an", "a", "im", "in", "i", "bei", "b", "ob", "vor", "v", "d", "zu", "auf", "unter", "sur", "sous", "en", "les", "lez", "aux", "upon", "on", "under", "by", "next", "de", "del", "della", "di", "do", "da", "dos", "das", "nad", "pod", "aan", "op", "ad", "al", "sul", "sull", "sulla", "nel", "oder", "main", "saale", "westfalen", "westf", "oldb", "oldenburg":
		return true
	}
	return false
}

// dashed reports whether a name with a hyphen is a part of the town before it: Köln-Ehrenfeld.
func dashed(whole, town string) bool {
	i := strings.IndexByte(whole, '-')
	return i > 2 && len(town) > 3 && plainCity(fold.String(whole[:i])) == town && !strings.EqualFold(whole[:i], whole[i+1:])
}
