package gazetteer

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"cmp"
	"math"
	"slices"
	"strings"
)

// candidate is a town that may be the one that was asked for.
type candidate struct {
	hit
	score  float64 // how well it agrees with all that was asked, 0 to 1
	weight float64 // its people, and fewer the farther it is from where it is looked for
	rank   float64 // of both
	less   bool    // only a part of its name was found
	coded  int     // the row of the postal code that it is nearest to; -1 without
	off    float64 // metres from there
}

// finding is the search for a town.
type finding struct {
	*Index
	*ask
	codes []codeRow
	hits  []hit
	found []candidate
	best  float64
}

// How well a name agrees, by how it was found.
const (
	otherName  = 0.98 // of the place, than its first
	slipped    = 0.8  // a letter is wrong
	firstSlip  = 0.72 // the first letter is
	written    = 0.97 // Saint for St
	shortened  = 0.58 // without a word of it
	instead    = 0.7  // the name of the district, or of the county
	good       = 0.6  // no further way of looking is tried
	wrongState = 0.35
	noState    = 0.8 // the state that was asked for is not known
	farCode    = 0.4 // the postal code is elsewhere

	otherCountry = 0.9 // there is such a postal code, but in another country
)

// towns looks for the town in one way after the other, until one finds what agrees.
func (f *finding) towns(codes []codeRow) {
	f.codes, f.hits, f.found, f.best = codes, f.hits[:0], f.found[:0], 0
	if f.folded == "" {
		f.instead()
		return
	}
	f.try(f.folded, 1, false)
	if f.best < good {
		for _, form := range fold.Variants(f.city)[1:] {
			f.try(form, 1, false)
		}
	}
	if f.best < good {
		if long := writtenOut(f.folded); long != f.folded {
			f.try(long, written, false)
		}
	}
	if f.best < good {
		f.slip(f.folded)
	}
	if f.best < good {
		f.shorter()
	}
	if f.best < good {
		f.instead()
	}
}

// try looks for a name.
func (f *finding) try(name string, quality float64, less bool) {
	from := len(f.hits)
	var room [64]byte
	f.hits = f.exact(f.hits, append(room[:0], name...))
	f.add(f.hits[from:], quality, less)
}

// slip looks for a name with one letter wrong.
func (f *finding) slip(name string) {
	from := len(f.hits)
	f.hits = f.near(f.hits, name)
	for i := from; i < len(f.hits); i++ {
		quality := slipped
		if _, _, key := f.key(f.hits[i].key); len(key) > 0 && key[0] != name[0] {
			quality = firstSlip
		}
		f.add(f.hits[i:i+1], quality, false)
	}
}

// add weighs places and keeps them.
func (f *finding) add(hits []hit, quality float64, less bool) {
	before := f.found[:min(len(f.found), mostBefore)]
	for _, h := range hits {
		c, ok := f.weighed(h, quality)
		if !ok {
			continue
		}
		c.less = less
		if i := slices.IndexFunc(before, func(o candidate) bool { return o.place == h.place }); i < 0 {
			f.found = append(f.found, c)
		} else if before[i].score < c.score {
			before[i] = c
		}
		f.best = max(f.best, c.score)
	}
}

// mostBefore is among how many places, found in another way, one is looked for that is found again.
const mostBefore = 100

// mostWords of a name are looked at: what has more is no name, and it is looked for by each of its
// beginnings and ends.
const mostWords = 12

// shorter looks for the name without what stands in brackets, and without a word at its beginning or
// end.
func (f *finding) shorter() {
	if before, _, ok := strings.Cut(f.city, "("); ok {
		f.try(fold.String(before), otherName, false)
	}
	words := strings.Fields(f.folded)
	words = words[:min(len(words), mostWords)]
	for n := len(words) - 1; n > 0 && f.best < good; n-- {
		if head := strings.Join(words[:n], " "); len(head) >= 4 {
			f.try(head, shortened, true)
		}
		if tail := strings.Join(words[len(words)-n:], " "); len(tail) >= 4 && f.best < good {
			f.try(tail, shortened, true)
		}
	}
}

// instead looks for the district, or the county, where there is no town.
func (f *finding) instead() {
	if f.district != "" {
		f.try(fold.String(f.district), instead, true)
	}
	if f.best < good && f.county != "" && f.folded == "" && len(f.codes) == 0 {
		f.try(f.county, instead, true)
	}
}

// written out are words that stand short in names of towns.
func writtenOut(folded string) string {
	words := strings.Fields(folded)
	for i, w := range words {
		switch w {
		case "st":
			words[i] = "saint"
		case "ste":
			words[i] = "sainte"
		case "mt":
			words[i] = "mount"
		case "ft":
			words[i] = "fort"
		case "pt":
			words[i] = "port"
		case "n":
			words[i] = "north"
		case "s":
			words[i] = "south"
		case "e":
			words[i] = "east"
		case "w":
			words[i] = "west"
		case "hts":
			words[i] = "heights"
		case "spgs":
			words[i] = "springs"
		case "twp":
			words[i] = "township"
		case "sta":
			words[i] = "santa"
		case "b":
			words[i] = "bei"
		}
	}
	return strings.Join(words, " ")
}

// weighed is how a place agrees; ok is false if it is out of bounds.
func (f *finding) weighed(h hit, quality float64) (c candidate, ok bool) {
	p := f.place(h.place)
	country, region, district := f.area(p.area())
	at := p.point()
	if !f.allowed(country, f.countryCode(country)) || !f.inBounds(at) {
		return c, false
	}
	c = candidate{hit: h, score: quality, weight: float64(p.people()) + 100, coded: -1}
	if !h.main && !h.near {
		c.score *= otherName
	}
	if f.state != "" {
		c.score *= f.inState(country, region, district)
	}
	if f.county != "" && !f.isCounty(district) {
		c.score *= 0.9
	}
	if len(f.codes) > 0 {
		c.coded, c.off = f.nearestCode(at, f.countryCode(country))
		switch {
		case c.coded < 0: // in a country whose codes nobody knows
			c.score *= otherCountry
		case c.off > 60000:
			c.score *= farCode
		case c.off > 25000:
			c.score *= 0.9
		}
	}
	if p.section() {
		c.weight /= 4
	}
	if f.q.Near != nil {
		c.weight /= 1 + math.Pow(f.q.Near.Metres(at)/50000, 2)
	}
	c.rank = c.score * (1 + math.Log10(c.weight+1)/7)
	return c, true
}

// inState is how a place agrees with the state: where the country has no such region, what stands
// there may be a district, as provinces and counties do.
func (f *finding) inState(country, region int, district uint32) float64 {
	for _, r := range f.regions {
		if r == region {
			return 1
		}
		if u16(f.region(r)) == country {
			return f.elsewhere(region)
		}
	}
	name := fold.String(f.text(district))
	state := f.stateKey()
	if name != "" && (name == state || strings.HasSuffix(name, " "+state) || strings.HasPrefix(name, state+" ")) {
		return otherName
	}
	if len(f.regions) > 0 {
		return wrongState
	}
	if region != noRegion && fold.Near(fold.String(f.text(u32(f.region(region), 1))), state) {
		return otherName
	}
	return noState
}

// elsewhere is how a place agrees with a region that it is not in, though its country has it: several
// may have the name.
func (f *finding) elsewhere(region int) float64 {
	if slices.Contains(f.regions, region) {
		return 1
	}
	return wrongState
}

func (f *finding) isCounty(district uint32) bool {
	name := fold.String(f.text(district))
	return fold.Near(name, f.county) || strings.HasPrefix(name, f.county+" ") || strings.HasPrefix(f.county, name+" ") && name != ""
}

// nearestCode is the row of the postal code nearest to a place, of those in its country; -1 if there
// is none.
func (f *finding) nearestCode(at geo.Point, country string) (row int, metres float64) {
	row, metres = -1, math.Inf(1)
	for i, c := range f.codes {
		if d := c.point().Metres(at); d < metres && c.country() == country {
			row, metres = i, d
		}
	}
	return row, metres
}

// sort puts the best first.
func (f *finding) sort() {
	slices.SortFunc(f.found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.place, b.place))
	})
}

// rivalMetres is how far apart two places of one name are that are not the same town: nearer ones
// are a town and its station, or its old part.
const rivalMetres = 15000

// certainty is how certain a candidate is, beside the others: its score, and its part of the people
// of all that agree about as well.
func (f *finding) certainty(i int) float64 {
	c := f.found[i]
	all := c.weight
	at := f.place(c.place).point()
	for j, o := range f.found {
		if j != i && o.score >= 0.9*c.score && f.place(o.place).point().Metres(at) > rivalMetres {
			all += o.weight
		}
	}
	return c.score * (0.3 + 0.7*c.weight/all)
}
