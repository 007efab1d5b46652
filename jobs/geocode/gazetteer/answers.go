package gazetteer

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"strings"
)

// agreeMetres is how far a postal code's point may be from the town that was asked for and still
// be one of it: a large town's, or that of the land around it.
const agreeMetres = 60000

// answers are the places found, of the candidates and the rows of the postal code.
func (f *finding) answers() []geo.Place {
	if len(f.codes) == 0 || f.q.Level == geo.LevelCity {
		found := f.townAnswers(fewAnswers)
		if len(found) == 0 && len(f.codes) > 0 {
			found = f.codeAnswers()
			for i := range found {
				found[i].Precision = geo.PrecisionCity
			}
		}
		return found
	}
	found := f.codeAnswers()
	towns := f.townAnswers(fewAnswers)
	if len(towns) > 0 && len(found) > 0 && found[0].Confidence < good && towns[0].Confidence > found[0].Confidence {
		return append(towns[:1:1], append(found, towns[1:]...)...)
	}
	if len(found) > 0 && found[0].Confidence >= good {
		return append(found, f.farFrom(found[0].Point, towns)...)
	}
	return append(found, towns...)
}

// farFrom leaves out the town that the first answer lies in.
func (f *finding) farFrom(p geo.Point, towns []geo.Place) []geo.Place {
	kept := towns[:0]
	for _, t := range towns {
		if t.Metres = 0; t.Point.Metres(p) > agreeMetres {
			kept = append(kept, t)
		}
	}
	return kept
}

// townAnswers are the best of the candidates.
func (f *finding) townAnswers(limit int) []geo.Place {
	if len(f.found) == 0 {
		return nil
	}
	found := make([]geo.Place, 0, min(limit, len(f.found)))
	for i, c := range f.found {
		if len(found) == limit {
			break
		}
		if i > 0 && c.score < f.found[0].score/2 {
			continue
		}
		found = append(found, geo.Place{})
		a := &found[len(found)-1]
		f.fill(a, c.place)
		a.Confidence = f.certainty(i)
		a.Match = geo.MatchExact
		if c.less || f.street || f.code != "" && f.q.Level != geo.LevelCity {
			a.Match = geo.MatchFallback
		}
		if !c.main || c.near {
			a.Names = append(a.Names, f.name(c.hit))
		}
	}
	return found
}

// codeAnswers are the postal codes, each with how it agrees with the town and the state.
func (f *finding) codeAnswers() []geo.Place {
	best := 0
	var confidence float64
	var town *candidate
	for i, c := range f.codes {
		t := f.townAt(i)
		if n := f.codeConfidence(c, t); n > confidence {
			best, confidence, town = i, n, t
		}
	}
	c := f.codes[best]
	a := f.codeAnswer(c, town)
	a.Confidence = confidence
	found := []geo.Place{a}
	for i, other := range f.codes {
		if i != best && len(found) < fewAnswers && other.point().Metres(c.point()) > rivalMetres {
			o := f.codeAnswer(other, f.townAt(i))
			o.Confidence = f.codeConfidence(other, f.townAt(i))
			found[0].Confidence *= 0.9
			found = append(found, o)
		}
	}
	return found
}

func (f *finding) codeAnswer(c codeRow, town *candidate) geo.Place {
	var country []byte
	if n := f.countryNumber(c.country()); n >= 0 {
		country = f.bytes(u32(f.image.country(n), 3))
	}
	city := c.bytes(u32(c.row, 5))
	other := town != nil && !f.named(c)
	if other { // the town that was asked for has this code, by another name than the post's
		city = f.bytes(f.place(town.place).name())
	}
	a := answerCode(c, city, country)
	a.Match = geo.MatchExact
	if f.street || f.q.Level == geo.LevelCity {
		a.Match = geo.MatchFallback
	}
	if other {
		a.Names = append(a.Names, c.place(), f.name(town.hit))
		a.Population = int64(f.place(town.place).people())
	}
	return a
}

// townAt is the best candidate that the code of a row can be of.
func (f *finding) townAt(row int) *candidate {
	for i := range f.found {
		c := &f.found[i]
		if c.coded == row && c.off <= agreeMetres && c.score >= good*farCode && !c.less {
			return c
		}
	}
	return nil
}

// named reports whether the post calls the town of a code as it was asked for, but for a slip.
func (f *finding) named(c codeRow) bool {
	if strings.EqualFold(c.place(), f.city) {
		return true
	}
	name := fold.String(c.place())
	return name == f.folded || fold.Near(name, f.folded) || writtenOut(name) == writtenOut(f.folded)
}

// codeConfidence is how well a postal code agrees with the rest.
func (f *finding) codeConfidence(c codeRow, town *candidate) float64 {
	confidence := 0.97
	if f.state != "" && !f.stateAgrees(c, f.ask) {
		confidence = 0.45
	}
	switch {
	case f.folded == "", f.named(c):
	case town != nil:
		confidence *= 0.9 + 0.1*min(1, town.score)
	case len(f.found) == 0, f.found[0].less, strings.Contains(f.folded, fold.String(c.place())):
		confidence *= 0.72 // nobody knows such a town
	default:
		confidence *= 0.46 // it is elsewhere
	}
	return confidence
}
