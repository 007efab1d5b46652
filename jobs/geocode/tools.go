package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/cache"
	"brood/jobs/geocode/gazetteer"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/judge"
	"brood/jobs/permits"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// offlineName is the provider that is on this machine.
const offlineName = "offline"

// tools are what the sources of a worker share, and what they open themselves.
type tools struct {
	c      *config
	state  string
	dir    string
	policy judge.Policy
	cache  *cache.Cache // across runs; nil: not used
	own    *cache.Cache // of this run, for what may not be kept longer
	budget *permits.Budget
	// index has the places of this machine: for offline, and for where the middles of countries are.
	index  *gazetteer.Index
	remote *remote // the first source, if it is on the network
	opened []source
}

// budgetFile is what a run counts its requests in, in its directory; permitsDir is where the gates
// of all runs are, in the state directory.
const (
	budgetFile = "geocode.budget"
	permitsDir = "permits"
)

func openTools(c *config, state, dir string) (*tools, error) {
	t := &tools{c: c, state: state, dir: dir}
	var err error
	if t.policy, err = c.policy(); err != nil {
		return nil, err
	}
	if t.index, err = openIndex(state); err != nil {
		return nil, err
	}
	t.policy.Centres = t.index
	if !c.asksNetwork() {
		return t, nil
	}
	if state == "" || dir == "" {
		return nil, errors.New("geocode: there is no directory to keep answers in")
	}
	if c.Cache {
		if t.cache, err = cache.Open(cache.Path(state)); err != nil {
			return nil, err
		}
		t.cache.Warn = complain
	}
	if t.own, err = cache.OpenRun(dir); err != nil {
		return nil, errors.Join(err, t.close())
	}
	t.own.Warn = complain
	if t.budget, err = permits.OpenBudget(filepath.Join(dir, budgetFile), c.MaxRequests, c.MaxCost); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// complain tells the user something from a worker: what it prints is logged.
func complain(text string) { fmt.Fprintln(os.Stderr, text) }

// chain opens the sources.
func (t *tools) chain(ctx context.Context) (*chain, error) {
	c := &chain{policy: t.policy, agree: t.c.Agree}
	for i := range t.c.Sources {
		s, err := t.source(ctx, &t.c.Sources[i])
		if err != nil {
			return nil, fmt.Errorf("geocode: %w", err)
		}
		t.opened = append(t.opened, s)
		c.sources = append(c.sources, s)
		if r, is := s.(*remote); is && i == 0 {
			t.remote = r
		}
	}
	return c, nil
}

func (t *tools) source(ctx context.Context, s *sourceConfig) (source, error) {
	if isNetwork(s.Name) {
		return newRemote(t, s)
	}
	return newOffline(ctx, s, t.state, t.index)
}

func (t *tools) close() error {
	var errs []error
	for _, s := range t.opened {
		errs = append(errs, s.close())
	}
	for _, c := range []*cache.Cache{t.cache, t.own} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	if t.index != nil {
		errs = append(errs, t.index.Close())
	}
	if t.budget != nil {
		errs = append(errs, t.budget.Close())
	}
	return errors.Join(errs...)
}

// asksNetwork reports whether any of the sources is on the network.
func (c *config) asksNetwork() bool {
	for i := range c.Sources {
		if isNetwork(c.Sources[i].Name) {
			return true
		}
	}
	return false
}

// policy is by what it is judged whether a place is the one that was asked for.
func (c *config) policy() (judge.Policy, error) {
	p := judge.Policy{MinConfidence: c.MinConfidence, Countries: c.Countries, Box: c.Box}
	if c.MinPrecision != "" {
		var err error
		if p.MinPrecision, err = geo.ParsePrecision(c.MinPrecision); err != nil {
			return p, err
		}
	}
	return p, nil
}

// abort is the trouble that ends a run.
func abort(class jobs.Class, format string, args ...any) *trouble {
	return &trouble{Verdict: jobs.VerdictAbort, Class: class, Text: fmt.Sprintf(format, args...)}
}
