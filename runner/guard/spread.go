package guard

import (
	"brood/jobs"
	"brood/runner/reasons"
	"slices"
	"strings"
)

const (
	// SpreadEnough is how many keys must have met the same refusal: with two it may be chance.
	SpreadEnough = 3
	// spreadMost is how many refusals are looked at. What is not alike by then is no sign.
	spreadMost = 20
)

// Spread says whether the first records of a session, which have nothing in common, have
// failed alike: it is not the records then. It takes fewer than Alike does, so only failures
// count that are of a class of which the job says that it may be for the sake of who runs it, and
// others are passed over.
type Spread struct {
	classes []jobs.Class
	groups  map[string]*spread
	n       int
	over    bool
}

// spread is one refusal.
type spread struct {
	keys map[string]bool
	of   reasons.Group
}

// NewSpread returns a guard that has seen nothing; without classes it is over.
func NewSpread(classes []jobs.Class) *Spread {
	return &Spread{classes: classes, groups: make(map[string]*spread), over: len(classes) == 0}
}

// Over reports whether it is decided.
func (s *Spread) Over() bool { return s.over }

// Differs takes in that a record has ended well.
func (s *Spread) Differs() { s.over = true }

// Bad takes in how a record has failed, and the key of which it is. It returns the reason that
// SpreadEnough keys have in common; that is said once.
func (s *Spread) Bad(f *reasons.Failure, key string) *reasons.Group {
	if s.over || key == "" || !slices.Contains(s.classes, f.Class) {
		return nil
	}
	s.n++
	why := string(f.Class) + "\x00" + common(f)
	g := s.groups[why]
	if g == nil {
		g = &spread{make(map[string]bool), reasons.Group{Status: f.Status, Class: f.Class, Reason: reasons.Text(f.Class, f.Error), First: f.Seq, Place: f.Place}}
		s.groups[why] = g
	}
	g.keys[key] = true
	g.of.Records++
	s.over = len(g.keys) == SpreadEnough || s.n >= spreadMost
	if len(g.keys) < SpreadEnough {
		return nil
	}
	return &g.of
}

// common is what is said without what belongs to one record: its values, and words with a
// digit or an @ in them, such as times, addresses and numbers of transactions.
func common(f *reasons.Failure) string {
	words := strings.Fields(strings.ToLower(f.Error))
	for i, w := range words {
		bare := strings.Trim(w, "<>()[]{}\"'.,;:!?")
		own := slices.ContainsFunc(f.Values, func(v []byte) bool { return strings.EqualFold(strings.TrimSpace(string(v)), bare) })
		if own || strings.ContainsAny(w, "0123456789@") {
			words[i] = "{}"
		}
	}
	return strings.Join(words, " ")
}
