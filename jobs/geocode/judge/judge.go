// Package judge decides what a place that was found is worth, by what was asked for.
//
// The scores of finders do not compare: one measures the likeness of texts, one the size of a
// box, one nothing. What was asked and what was found do compare, part by part. So a verdict
// names the parts that differ, and holds to four rules: a house that was asked for and a town
// that was found is never ok; what lies in another country than asked is never ok; what differs in
// any part is no more than of low confidence, unless the user said that the part does not count;
// and a finder's own score decides between equals only.
//
// It asks nobody and keeps nothing but what Crowd and Spots count. Spelling is package fold's, and what a
// number or a postcode looks like package address's.
package judge

import (
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"slices"
)

// Status is the outcome of a question.
type Status uint8

// The outcomes.
const (
	NoMatch       Status = iota
	OK                   // what was asked for
	LowConfidence        // a place, but not for certain the one that was asked for
	Failed               // nobody could be asked; Judge never returns it
)

var statusNames = [...]string{"no_match", "ok", "low_confidence", "error"}

func (s Status) String() string { return statusNames[s] }

// Mark is something that is striking about a place.
type Mark uint8

// The marks. Those up to the last that Decides do not go with ok.
const (
	NullIsland     Mark = iota // at 0,0, where wrong points lie
	CountryCentre              // in the middle of its country, where those lie of which nothing else is known
	OutsideCountry             // in no country of --country
	OutsideBox                 // outside --bbox
	TooFar                     // further from the point than was allowed
	AtSea                      // the point that was given lies in no country
	Apart                      // another finder puts it further away than it may
	Alone                      // no other finder has it, though two were to agree
	Swapped                    // its latitude and longitude are changed over
	Spelling                   // a name is spelt otherwise, by a letter or by a word left out
	NearNumber                 // 12 for 12a, or the other way round
	Ambiguous                  // others answer as well: see Alternatives
	Crowded                    // many addresses were put on this point
	markCount
)

var markNames = [markCount]string{
	"null_island", "country_centre", "outside_country", "outside_bbox", "too_far", "at_sea", "apart", "alone", "swapped", "spelling", "near_number", "ambiguous", "crowded",
}

func (m Mark) String() string { return markNames[m] }

// Decides reports whether a place with the mark is never ok.
func (m Mark) Decides() bool { return m <= Swapped }

// Centres knows the middle of countries, by codes of ISO 3166-1.
type Centres interface {
	Centre(country string) (geo.Point, bool)
}

// Policy is what the user wants of a place.
type Policy struct {
	// MinPrecision is what is ok at least; PrecisionNone: what was asked for. It may be less
	// than that, so that a street does for a house, or the area of a postcode, but no town
	// does for a street or a house: who wants towns asks for them, see geo.LevelCity.
	MinPrecision geo.Precision
	// MinConfidence is the least of the finder's own score, of those that have one.
	MinConfidence float64
	// Countries and Box bound what is ok, beside what the question has of these.
	Countries []string
	Box       *geo.Box
	// Ignore are parts that may differ: they are named, and do not decide.
	Ignore []address.Part
	// Centres are the middles of countries, or nil.
	Centres Centres
}

// maxAlternatives is how many others are named.
const maxAlternatives = 5

// Verdict is what the places that were found are worth.
type Verdict struct {
	// Place is the best of them, if Status is not NoMatch. It is the one that was given.
	Place  *geo.Place
	Status Status
	Match  geo.Match
	// Mismatch are the parts that were asked for and differ, or that the place lacks, in the
	// order of their constants.
	Mismatch []address.Part
	Marks    []Mark
	// Alternatives are further places that answer as well as Place, the best first.
	Alternatives []geo.Place
}

// Judge chooses the best of the places that were found and says what it is worth. The best has the
// fewest parts that differ, then the finest precision up to the one that was wanted, and then
// stands first in the finder's order.
func Judge(asked *geo.Query, found []geo.Place, policy Policy) Verdict {
	if len(found) == 0 {
		return Verdict{Status: NoMatch, Match: geo.MatchNone}
	}
	want := Wanted(asked)
	q := newAsked(asked)
	best := 0
	var room [8]assessment
	all := room[:0]
	for i := range found {
		a := q.assess(&found[i])
		a.bounds(asked, &found[i], &policy)
		a.precision = min(precisionOf(&found[i]), want)
		all = append(all, a)
		if all[i].better(&all[best]) {
			best = i
		}
	}
	v := Verdict{Place: &found[best], Mismatch: all[best].parts(), Marks: all[best].marks()}
	v.Match = matchOf(asked, &found[best], &all[best], want)
	v.Status = statusOf(&all[best], v.Place, want, &policy)
	v.Alternatives = alternatives(found, all, best)
	if v.Alternatives != nil {
		v.Marks = append(v.Marks, Ambiguous)
	}
	return v
}

// Wanted is the precision that a question asks for: a house if it has a number, and so on.
func Wanted(q *geo.Query) geo.Precision {
	a := &q.Address
	switch {
	case q.Reverse:
		return geo.PrecisionRooftop
	case q.Level == geo.LevelCity:
		return geo.PrecisionCity
	case q.Level == geo.LevelPostcode && (a.Postcode != "" || a.POBox == ""):
		return geo.PrecisionPostcode
	case a.POBox != "" && a.Street == "":
		if a.Postcode == "" {
			return geo.PrecisionCity
		}
		return geo.PrecisionPostcode
	case a.Number != "" && (a.Street != "" || a.Line != ""):
		return geo.PrecisionRooftop
	case a.Street != "":
		return geo.PrecisionStreet
	case a.Line != "" && a.City == "" && a.Postcode == "" && a.Country == "" && a.State == "":
		return lineWants(a.Line)
	case a.City != "" || a.District != "":
		return geo.PrecisionCity
	case a.Postcode != "":
		return geo.PrecisionPostcode
	case a.Line != "" && a.Country == "" && a.State == "":
		return geo.PrecisionCity
	}
	return geo.PrecisionRegion
}

// lineWants is the precision that a line asks for of which nothing could be read: one with a
// figure may be a house.
func lineWants(line string) geo.Precision {
	for i := range len(line) {
		if line[i] >= '0' && line[i] <= '9' {
			return geo.PrecisionStreet
		}
	}
	return geo.PrecisionCity
}

// precisionOf is the precision that a place has, or shows by its parts if its finder does not say.
func precisionOf(p *geo.Place) geo.Precision {
	switch {
	case p.Precision != geo.PrecisionNone:
		return p.Precision
	case p.Number != "" && p.Road != "":
		return geo.PrecisionRooftop
	case p.Road != "":
		return geo.PrecisionStreet
	case p.City != "":
		return geo.PrecisionCity
	case p.Postcode != "":
		return geo.PrecisionPostcode
	}
	return geo.PrecisionRegion
}

// needed is the precision that is ok at least.
func needed(want geo.Precision, policy *Policy) geo.Precision {
	need := want
	if policy.MinPrecision != geo.PrecisionNone {
		need = policy.MinPrecision
	}
	if want >= geo.PrecisionStreet && need < geo.PrecisionPostcode {
		need = geo.PrecisionPostcode
	}
	return need
}

// coarser reports whether a place is less precise than is needed. A town answers a postcode
// in no case, and the area of a postcode answers a town.
func coarser(got, need geo.Precision) bool { return got < need }

func statusOf(a *assessment, p *geo.Place, want geo.Precision, policy *Policy) Status {
	need := needed(want, policy)
	if a.reverse {
		need = policy.MinPrecision
	}
	if coarser(precisionOf(p), need) {
		return LowConfidence
	}
	if p.Confidence >= 0 && p.Confidence < policy.MinConfidence {
		return LowConfidence
	}
	for _, part := range a.parts() {
		if slices.Contains(policy.Ignore, part) && part != address.Country {
			continue
		}
		// A street that does for a house has no number, which is what the user allowed.
		if a.lacks.has(part) && need < partPrecision(part) {
			continue
		}
		return LowConfidence
	}
	for _, m := range a.marks() {
		if m.Decides() {
			return LowConfidence
		}
	}
	return OK
}

// partPrecision is the precision without which a place has no such part.
func partPrecision(p address.Part) geo.Precision {
	switch p {
	case address.Number:
		return geo.PrecisionRooftop
	case address.Street:
		return geo.PrecisionStreet
	case address.Postcode:
		return geo.PrecisionPostcode
	case address.City:
		return geo.PrecisionCity
	default:
		return geo.PrecisionRegion
	}
}

// matchOf is how the place was come to, as the question sees it: the finder may have found
// exactly what it made of the question.
func matchOf(q *geo.Query, p *geo.Place, a *assessment, want geo.Precision) geo.Match {
	switch {
	case a.reverse:
		return max(p.Match, geo.MatchFallback)
	case a.differs != 0 || a.lacks != 0 || precisionOf(p) < want || a.has(NearNumber):
		return geo.MatchFallback
	case p.Match == geo.MatchNone, p.Match == geo.MatchFallback && q.Level != geo.LevelAddress:
		return geo.MatchExact // a town was wanted, though the row has a house
	}
	return p.Match
}

// tieMetres is how far from each other two places are at least that are not the same one.
func tieMetres(p geo.Precision) float64 {
	switch p {
	case geo.PrecisionRooftop:
		return 250
	case geo.PrecisionStreet:
		return 2000
	default:
		return 15000
	}
}

// outnumbers is how many times as many people a town has that is meant where nothing else tells.
const outnumbers = 10

// alternatives are the places that answer as well as the best, and are others.
func alternatives(found []geo.Place, all []assessment, best int) []geo.Place {
	var out []geo.Place
	b := &found[best]
	for i := range found {
		p := &found[i]
		if i == best || all[i].penalty() != all[best].penalty() || precisionOf(p) != precisionOf(b) || all[i].reverse {
			continue
		}
		if p.Point.Metres(b.Point) < tieMetres(precisionOf(b)) || p.Population > 0 && b.Population >= outnumbers*p.Population {
			continue
		}
		if len(out) < maxAlternatives {
			out = append(out, *p)
		}
	}
	return out
}
