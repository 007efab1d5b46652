package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/judge"
	"brood/jobs/web"
	"context"
)

// source is one of --provider.
type source interface {
	name() string
	// ask answers one question. A *web.Trouble says that nobody knows.
	ask(ctx context.Context, q *geo.Query) (answer, *web.Trouble)
	// insists says that it finds nothing where a part of the question is unknown to it, though it
	// knows the rest: so it is worth asking again with less.
	insists() bool
	// least is what a place must have of the source's own confidence to be taken unseen; 0 if its
	// scores mean nothing of the kind.
	least() float64
	close() error
}

// chain asks one source after the other.
type chain struct {
	sources []source
	policy  judge.Policy
	agree   float64 // metres; 0: one is enough
}

// ask finds what a question comes to. Each source is asked only as far as those before it have
// not found what was asked for. First is what the first source has answered already, or nil.
//
//	a source     finds it              ok, unless another one is to agree
//	             finds something else  the next; the best of all is the answer
//	             asks to wait          everybody waits: throttle
//	             refuses us            the run ends: abort
//	             fails for now         the next; if none finds it the record is tried again, as
//	                                   nobody knows what this one would have said
//	             fails for good        the next; what that has counts, if it is a place
func (c *chain) ask(ctx context.Context, q *geo.Query, first *answer) (*found, *web.Trouble) {
	var best, before *found
	var trouble *web.Trouble
	for i, s := range c.sources {
		if i > 0 {
			first = nil
		}
		f, t := c.one(ctx, s, q, first)
		switch {
		case t != nil && (t.Verdict == jobs.VerdictThrottle || t.Verdict == jobs.VerdictAbort || ctx.Err() != nil):
			return nil, t
		case t != nil:
			if trouble == nil || t.Verdict == jobs.VerdictRetry {
				trouble = t
			}
			continue
		case best == nil || f.better(best):
			best = f
		}
		if f.Status != judge.OK {
			continue
		}
		if c.agree == 0 {
			return f, nil
		}
		if before != nil {
			return c.compare(before, f), nil
		}
		before = f
	}
	switch {
	case trouble != nil && (best == nil || best.Place == nil || trouble.Verdict == jobs.VerdictRetry && best.Status != judge.OK || c.agree > 0):
		return nil, trouble
	case best != nil && c.agree > 0 && best.Status == judge.OK:
		// The others have not found it: nobody agrees.
		best.Status = judge.LowConfidence
		best.Marks = append(best.Marks, judge.Alone)
	}
	return best, nil
}

// better reports whether an answer is nearer to what was asked for than another one.
func (f *found) better(g *found) bool {
	rank := [...]int{judge.NoMatch: 0, judge.Failed: 0, judge.LowConfidence: 1, judge.OK: 2}
	switch a, b := rank[f.Status], rank[g.Status]; {
	case a != b:
		return a > b
	case f.Place == nil || g.Place == nil:
		return false
	case len(f.Mismatch) != len(g.Mismatch):
		return len(f.Mismatch) < len(g.Mismatch)
	}
	return f.Place.Precision > g.Place.Precision
}

// compare is what two answers come to that are both what was asked for.
func (c *chain) compare(a, b *found) *found {
	a.compared, a.apart = true, a.Place.Point.Metres(b.Place.Point)
	if a.apart > c.agree {
		a.Status = judge.LowConfidence
		a.Marks = append(a.Marks, judge.Apart)
		a.Alternatives = append([]geo.Place{*b.Place}, a.Alternatives...)
	}
	return a
}

// mostAgain is how often a question is asked again with less: each may cost money.
const mostAgain = 3

// one asks one source, and again with less if it finds nothing. What is found is always compared
// with the whole question.
func (c *chain) one(ctx context.Context, s source, q *geo.Query, first *answer) (*found, *web.Trouble) {
	var a answer
	if first != nil {
		a = *first
	} else {
		var t *web.Trouble
		if a, t = s.ask(ctx, q); t != nil {
			return nil, t
		}
	}
	f := &found{Verdict: judge.Judge(q, a.places, c.policy), source: s.name(), answer: a}
	if p := f.Place; q.Reverse && p != nil && p.Precision == geo.PrecisionNone && p.CountryCode == "" {
		f.Status, f.Match, f.Place = judge.NoMatch, geo.MatchNone, nil
		f.Marks = append(f.Marks, judge.AtSea)
	}
	if p := f.Place; p != nil && f.Status == judge.OK && p.Confidence >= 0 && p.Confidence < s.least() {
		f.Status = judge.LowConfidence
	}
	if len(a.places) > 0 || !s.insists() || q.Reverse {
		return f, nil
	}
	for i, less := range address.Less(q) {
		if i == mostAgain {
			break
		}
		again, t := s.ask(ctx, &less.Query)
		if t != nil {
			return nil, t
		}
		if len(again.places) == 0 {
			continue
		}
		again.cached = again.cached && a.cached
		f.answer = again
		f.Verdict = judge.Judge(q, again.places, c.policy)
		if f.Match == geo.MatchExact {
			f.Match = geo.MatchFallback
		}
		break
	}
	return f, nil
}
