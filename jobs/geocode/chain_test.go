package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/judge"
	"context"
	"slices"
	"testing"
)

// scripted is a source that answers what it is told to, and counts what it is asked.
type scripted struct {
	title  string
	places map[string][]geo.Place // by city, or by street where there is none
	fails  *trouble
	asks   int
	again  bool
}

func (s *scripted) name() string   { return s.title }
func (s *scripted) least() float64 { return 0 }
func (s *scripted) insists() bool  { return s.again }
func (s *scripted) close() error   { return nil }
func (s *scripted) ask(_ context.Context, q *geo.Query) (answer, *trouble) {
	s.asks++
	if s.fails != nil {
		return answer{}, s.fails
	}
	name := q.City
	if q.Street != "" {
		name = q.Number + " " + q.Street
	}
	return answer{places: slices.Clone(s.places[name])}, nil
}

var (
	house = geo.Place{
		Point: geo.Point{Lat: 48.1, Lon: 11.5}, Number: "12", Road: "Hauptstraße", City: "Ulm", CountryCode: "DE",
		Match: geo.MatchExact, Precision: geo.PrecisionRooftop, Confidence: -1,
	}
	town = geo.Place{
		Point: geo.Point{Lat: 48.4, Lon: 10.0}, City: "Ulm", CountryCode: "DE", Match: geo.MatchExact, Precision: geo.PrecisionCity, Confidence: 0.99,
	}
)

func question() *geo.Query {
	return &geo.Query{Address: geo.Address{Number: "12", Street: "Hauptstraße", City: "Ulm", CountryCode: "DE"}}
}

func knows(title string, p geo.Place) *scripted {
	return &scripted{title: title, places: map[string][]geo.Place{"12 Hauptstraße": {p}}}
}

// TestChain goes through the table of chain.ask.
func TestChain(t *testing.T) {
	retry := &trouble{Verdict: jobs.VerdictRetry, Text: "cut off"}
	throttle := &trouble{Verdict: jobs.VerdictThrottle, Text: "slow down"}
	abort := &trouble{Verdict: jobs.VerdictAbort, Text: "no such key"}
	for name, c := range map[string]struct {
		sources []*scripted
		status  judge.Status
		from    string
		trouble *trouble
		asks    []int
	}{
		"the first has it":                {[]*scripted{knows("a", house), knows("b", house)}, judge.OK, "a", nil, []int{1, 0}},
		"the first has a town, not ok":    {[]*scripted{knows("a", town), knows("b", house)}, judge.OK, "b", nil, []int{1, 1}},
		"none has it, the town is best":   {[]*scripted{{title: "a"}, knows("b", town)}, judge.LowConfidence, "b", nil, []int{1, 1}},
		"nothing anywhere":                {[]*scripted{{title: "a"}, {title: "b"}}, judge.NoMatch, "a", nil, []int{1, 1}},
		"the first fails, the second has": {[]*scripted{{title: "a", fails: retry}, knows("b", house)}, judge.OK, "b", nil, []int{1, 1}},
		"fails, and the second has not":   {[]*scripted{{title: "a", fails: retry}, {title: "b"}}, 0, "", retry, []int{1, 1}},
		"throttled: nobody else is asked": {[]*scripted{{title: "a", fails: throttle}, knows("b", house)}, 0, "", throttle, []int{1, 0}},
		"refused: the run ends":           {[]*scripted{{title: "a", fails: abort}, knows("b", house)}, 0, "", abort, []int{1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			ch := &chain{}
			for _, s := range c.sources {
				ch.sources = append(ch.sources, s)
			}
			f, tr := ch.ask(context.Background(), question(), nil)
			if tr != c.trouble {
				t.Fatalf("trouble %v, want %v", tr, c.trouble)
			}
			if tr == nil && (f.Status != c.status || f.source != c.from) {
				t.Errorf("%s of %q, want %s of %q", f.Status, f.source, c.status, c.from)
			}
			for i, s := range c.sources {
				if s.asks != c.asks[i] {
					t.Errorf("%s was asked %d times, want %d", s.title, s.asks, c.asks[i])
				}
			}
		})
	}
}

// TestAgain asks a source that insists with less, and judges what it finds by the whole question.
func TestAgain(t *testing.T) {
	s := &scripted{title: "a", again: true, places: map[string][]geo.Place{"Ulm": {town}}}
	f, tr := (&chain{sources: []source{s}}).ask(context.Background(), question(), nil)
	if tr != nil {
		t.Fatal(tr)
	}
	if f.Status != judge.LowConfidence || f.Match != geo.MatchFallback || f.Place.City != "Ulm" {
		t.Errorf("%s %s %+v: a town is not the house that was asked for", f.Status, f.Match, f.Place)
	}
	if s.asks < 2 || s.asks > 1+mostAgain {
		t.Errorf("it was asked %d times", s.asks)
	}
	without := &scripted{title: "b", places: map[string][]geo.Place{"Ulm": {town}}}
	if f, _ := (&chain{sources: []source{without}}).ask(context.Background(), question(), nil); f.Status != judge.NoMatch || without.asks != 1 {
		t.Errorf("%s after %d questions to one that does not insist", f.Status, without.asks)
	}
}

// TestAgree compares two answers.
func TestAgree(t *testing.T) {
	near, far := house, house
	near.Lat += 0.0005 // 56 metres
	far.Lat += 0.05
	for _, c := range []struct {
		second *scripted
		status judge.Status
		marks  []judge.Mark
	}{
		{knows("b", near), judge.OK, nil},
		{knows("b", far), judge.LowConfidence, []judge.Mark{judge.Apart}},
		{&scripted{title: "b"}, judge.LowConfidence, []judge.Mark{judge.Alone}},
	} {
		ch := &chain{sources: []source{knows("a", house), c.second}, agree: 100}
		f, tr := ch.ask(context.Background(), question(), nil)
		if tr != nil {
			t.Fatal(tr)
		}
		if f.Status != c.status || !slices.Equal(f.Marks, c.marks) || f.source != "a" {
			t.Errorf("%s %v of %s, want %s %v", f.Status, f.Marks, f.source, c.status, c.marks)
		}
	}
}

// TestFirst goes on from an answer that came in a batch.
func TestFirst(t *testing.T) {
	s := knows("a", town)
	f, _ := (&chain{sources: []source{s}}).ask(context.Background(), question(), &answer{places: []geo.Place{house}})
	if f.Status != judge.OK || s.asks != 0 {
		t.Errorf("%s after %d questions: it had its answer", f.Status, s.asks)
	}
}
