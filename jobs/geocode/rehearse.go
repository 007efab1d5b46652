package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/cache"
	"brood/jobs/geocode/provider"
	"brood/jobs/permits"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"github.com/dustin/go-humanize"
)

// survey counts what a run would do, without asking anybody: --dry-run.
type survey struct {
	asker *asker
	c     *config
	first *provider.Provider // nil: it is on this machine
	cache *cache.Cache       // nil: none
	now   time.Time

	rows, kept, nothing, points, boxes, bad int
	distinct, twice, cached                 int

	seen map[uint64]bool
	seed maphash.Seed
	// show is how many questions are shown.
	shown int
	out   io.Writer
}

const showQuestions = 3

// rehearse reads all rows and says what they come to.
func rehearse(c *config, r *jobs.Rehearsal, a *asker, state string) error {
	s := &survey{asker: a, c: c, now: time.Now(), seen: make(map[uint64]bool), seed: maphash.MakeSeed(), out: r.Out}
	if isNetwork(c.Sources[0].Name) {
		var err error
		if s.first, err = openProvider(&c.Sources[0]); err != nil {
			return err
		}
	}
	if s.first != nil && c.Cache && state != "" {
		var err error
		if s.cache, err = cache.Open(cache.Path(state)); err != nil {
			return err
		}
		defer s.cache.Close() //nolint:errcheck // it was only read
	}
	for rec, err := range r.Records {
		if end := (*jobs.EndError)(nil); errors.As(err, &end) {
			return end.Err
		}
		s.rows++
		if err != nil {
			s.bad++
			if _, err := fmt.Fprintf(r.Out, "%s: %v\n", r.Place(), err); err != nil {
				return err
			}
			continue
		}
		if err := s.row(r.Context, rec); err != nil {
			return err
		}
	}
	return s.say()
}

func (s *survey) row(ctx context.Context, rec *jobs.Record) error {
	q := s.asker.read(rec)
	switch {
	case q.kept:
		s.kept++
		return nil
	case q.kind == address.Nothing:
		s.nothing++
		return nil
	case q.answered():
		s.points++
		return nil
	case q.kind == address.POBox:
		s.boxes++
	}
	key := address.Key(&q.Query)
	sum := maphash.String(s.seed, key)
	if s.seen[sum] {
		s.twice++
		return nil
	}
	s.seen[sum] = true
	s.distinct++
	if s.shown < showQuestions {
		s.shown++
		if _, err := fmt.Fprintf(s.out, "asks for: %s\n", words(&q.Query)); err != nil {
			return err
		}
	}
	if s.cache == nil {
		return nil
	}
	_, has, err := s.cache.Get(ctx, cacheKey(s.first, &q.Query), s.now)
	if err != nil {
		return err
	}
	if has {
		s.cached++
	}
	return nil
}

// say writes what was counted.
func (s *survey) say() error {
	w := &lines{w: s.out}
	n := func(n int) string { return humanize.Comma(int64(n)) }
	w.line("%s rows", n(s.rows))
	for _, l := range []struct {
		n    int
		what string
	}{
		{s.bad, "cannot be read, and fail"},
		{s.kept, "have their answer already, and are kept as they are (--force asks again)"},
		{s.nothing, "have no address: nobody is asked"},
		{s.points, "are points already"},
		{s.boxes, "are boxes at a post office: the area of a postcode at best"},
		{s.twice, "ask what another row asks: they share its answer"},
		{s.cached, "are answered from the cache of earlier runs"},
	} {
		if l.n > 0 {
			w.line("%s %s", n(l.n), l.what)
		}
	}
	first := &s.c.Sources[0]
	requests := s.distinct - s.cached
	if s.first == nil {
		w.line("%s questions to %s, on this machine", n(s.distinct), first.Name)
		return w.err
	}
	pre := &s.first.Preset
	w.line("%s requests to %s at least", n(requests), first.Name)
	if pre.PerSecond > 0 {
		w.line("%s at %g a second", time.Duration(float64(requests)/pre.PerSecond*float64(time.Second)).Round(time.Second), pre.PerSecond)
	}
	if pre.PerDay > 0 {
		w.line("%d days at %s a day", (requests+pre.PerDay-1)/pre.PerDay, n(pre.PerDay))
	}
	switch {
	case !pre.Price.Known:
		w.line("what they cost depends on the plan: --price AMOUNT says what 1,000 cost")
	case pre.Price.PerThousand > 0:
		w.line("US$ %s at US$ %s for 1,000", permits.Money(pre.Price.Cost(int64(requests))), permits.Money(pre.Price.PerThousand))
	}
	if err := s.first.CheckBulk(s.rows); err != nil {
		w.line("it will be refused: %v", err)
	}
	for _, s := range s.c.Sources[1:] {
		w.line("%s is asked for what is not found there", s.Name)
	}
	return w.err
}

// lines writes lines until the first error.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) line(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format+"\n", args...)
	}
}
