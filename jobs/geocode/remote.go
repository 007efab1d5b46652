package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/cache"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/provider"
	"brood/jobs/permits"
	"brood/jobs/web"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

type trouble = web.Trouble

// Classes of what keeps a request from leaving.
const (
	classBudget  jobs.Class = "budget"  // the run may not spend more
	classDay     jobs.Class = "quota"   // all requests of the day have been made
	classPermits jobs.Class = "permits" // the file of permits cannot be used
	classRate    jobs.Class = "rate"    // the provider's rules say later
)

// isSource says whether there is such a provider.
func isSource(name string) error {
	if name == offlineName || isNetwork(name) {
		return nil
	}
	_, err := provider.Open(name, provider.Options{}) // it knows the words
	return err
}

func isNetwork(name string) bool { return slices.Contains(provider.Names(), name) }

// openProvider is a provider as the user has set it.
func openProvider(s *sourceConfig) (*provider.Provider, error) {
	p, err := provider.Open(s.Name, provider.Options{BaseURL: s.BaseURL, Own: s.Own, Permanent: s.Permanent, Contact: s.Contact})
	if err != nil {
		return nil, err
	}
	if s.Rate > 0 {
		p.Preset.PerSecond = s.Rate
	}
	if s.PerDay > 0 {
		p.Preset.PerDay = s.PerDay
	}
	if s.Price != nil {
		p.Preset.Price = provider.Price{PerThousand: int64(*s.Price), Known: true}
	}
	return p, nil
}

// remote is a provider on the network.
type remote struct {
	*provider.Provider
	t      *tools
	key    provider.Key
	client *web.Client
	gate   *permits.Gate
	life   cache.Life
}

func newRemote(t *tools, s *sourceConfig) (*remote, error) {
	p, err := openProvider(s)
	if err != nil {
		return nil, err
	}
	r := &remote{Provider: p, t: t}
	r.life = cache.Life{Found: p.Preset.Keep, Nothing: t.c.Nothing}
	if r.key, err = provider.ReadKey(s.KeyFile, p.Preset.KeyVariable, os.Getenv); err != nil {
		return nil, err
	}
	base, err := url.Parse(p.BaseURL)
	if err != nil {
		return nil, err
	}
	longest, largest := t.c.Timeout, 0
	if t.c.batchSize(p) > 1 {
		longest, largest = max(longest, batchTimeout), largestBatch
	}
	// Once: a request that package net/http sends again by itself would leave without a permit.
	o := web.Options{Timeout: longest, MaxBytes: largest, Redirects: 3, Once: true, Secrets: []string{r.key.Secret()}}
	if s.BaseURL != "" {
		o.Typed = []string{base.Hostname()}
	}
	if r.client, err = web.New(o); err != nil {
		return nil, err
	}
	pre := &p.Preset
	r.gate, err = permits.Open(filepath.Join(t.state, permitsDir), permits.Name(base.Host, r.key.Secret()),
		permits.Limits{PerSecond: pre.PerSecond, AtOnce: pre.AtOnce, PerDay: pre.PerDay, Zone: pre.Zone.Location()})
	return r, err
}

func (r *remote) name() string   { return r.Name }
func (r *remote) insists() bool  { return true }
func (r *remote) least() float64 { return 0 }
func (r *remote) close() error   { r.client.Close(); return r.gate.Close() }
func (r *remote) maySpare() bool { return r.t.cache != nil }

// ask answers a question from what is kept, or by a request.
func (r *remote) ask(ctx context.Context, q *geo.Query) (answer, *trouble) {
	k := r.cacheKey(q)
	a, ok := r.recall(ctx, k, q)
	if !ok && r.t.c.FromCache {
		k.Options += batchMark
		a, ok = r.recall(ctx, k, q)
	}
	if ok {
		return a, nil
	}
	if _, err := r.Identity(q); errors.Is(err, provider.ErrElsewhere) {
		return answer{at: time.Now()}, nil // it has nothing there
	}
	if r.t.c.FromCache {
		return answer{}, &trouble{Verdict: jobs.VerdictSkipped, Class: "not_cached", Text: "no answer of " + r.Name + " is kept"}
	}
	return r.fetch(ctx, k, q)
}

// recall looks for the answer among those that are kept.
func (r *remote) recall(ctx context.Context, k cache.Key, q *geo.Query) (answer, bool) {
	now := time.Now()
	for _, c := range []*cache.Cache{r.t.own, r.t.cache} {
		if c == nil || c == r.t.cache && !r.maySpare() {
			continue
		}
		kept, ok, err := c.Get(ctx, k, now)
		if err != nil || !ok {
			continue // the cache has complained itself
		}
		places, err := r.read(kept, q)
		if err != nil {
			continue // of another version: it is asked for again
		}
		return answer{places: places, cached: true, at: kept.At, expires: kept.Expires}, true
	}
	return answer{}, false
}

// read makes places of an answer that was kept.
func (r *remote) read(kept *cache.Answer, q *geo.Query) ([]geo.Place, error) {
	if kept.Outcome == cache.Nothing {
		return nil, nil
	}
	if b, is := bytes.CutPrefix(kept.Raw, placesMark); is {
		var all []geo.Place
		err := json.Unmarshal(b, &all)
		return all, err
	}
	return r.Read(http.StatusOK, nil, kept.Raw, q)
}

// fetch asks the provider.
func (r *remote) fetch(ctx context.Context, k cache.Key, q *geo.Query) (answer, *trouble) {
	req, err := r.Request(ctx, q, r.key)
	if err != nil {
		return answer{}, abort(web.ClassRequest, "%s: %v", r.Name, r.key.ScrubError(err))
	}
	ctx, cancel := context.WithTimeout(ctx, r.t.c.Timeout)
	defer cancel()
	a, t := r.send(ctx, 1, req)
	if t != nil {
		return answer{}, t
	}
	now := time.Now()
	places, err := r.Read(a.Status, a.Header, a.Body, q)
	if err != nil {
		return answer{}, r.refused(err)
	}
	out := cache.Found
	if len(places) == 0 {
		out = cache.Nothing
	}
	return answer{places: places, at: now, expires: r.keep(ctx, k, out, a.Body, now)}, nil
}

// send lets one request leave when it may, which counts as n questions.
func (r *remote) send(ctx context.Context, n int, req *http.Request) (*web.Answer, *trouble) {
	cost := permits.Money(r.Preset.Price.Cost(int64(n)))
	if err := r.t.budget.Spend(int64(n), cost); err != nil {
		return nil, abort(classBudget, "%v; go on with a larger --max-requests or --max-cost", err)
	}
	p, t := r.permit(ctx, n)
	if t != nil {
		r.t.budget.GiveBack(int64(n), cost)
		return nil, t
	}
	answered := false
	defer func() { p.Release(answered) }()
	// A handshake takes longer than what may lie between two requests: what counts is when one leaves.
	left := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: p.Left})
	a, err := r.client.Do(left, req)
	if answered = err == nil; err != nil {
		var t *trouble
		if !errors.As(err, &t) {
			t = &trouble{Verdict: jobs.VerdictRetry, Class: web.ClassCut, Text: r.key.Scrub(err.Error())}
		}
		if t.Phase == web.PhaseNotConnected && t.Class == jobs.ClassConnect {
			r.t.budget.GiveBack(int64(n), cost)
		}
		return nil, r.refused(t)
	}
	return a, nil
}

// batchTimeout is what a batch may take: the Census, which answers when all rows are done, takes minutes.
const batchTimeout = 10 * time.Minute

// largestBatch is how many bytes the answer to a batch may have: 10,000 rows of some kilobytes.
const largestBatch = 128 << 20

// patience is how long a row waits for a permit in its worker; those that would wait longer
// are given back, so that who ends the run does not wait for them.
const patience = 5 * time.Second

func (r *remote) permit(ctx context.Context, n int) (*permits.Permit, *trouble) {
	p, err := r.gate.Take(ctx, permits.Ask{N: n, Patience: patience})
	if err == nil {
		return p, nil
	}
	var w *permits.Wait
	switch {
	case errors.As(err, &w) && w.Why == permits.ReasonDay:
		return nil, abort(classDay, "%s: all requests of the day have been made (%d); go on after %s", r.Name, r.gate.Today(), w.Until.Local().Format("2006-01-02 15:04"))
	case errors.As(err, &w):
		return nil, &trouble{Verdict: jobs.VerdictThrottle, Class: classRate, Text: r.Name + ": " + w.Error(), RetryAfter: max(time.Until(w.Until), time.Millisecond), Delays: jobs.DelaysAll}
	case ctx.Err() != nil:
		return nil, &trouble{Verdict: jobs.VerdictRetry, Class: jobs.ClassTimeout, Text: "stopped before " + r.Name + " was asked"}
	}
	return nil, abort(classPermits, "%v", err)
}

// refused notes what the provider asks of all who share the account, and names it in the error.
func (r *remote) refused(err error) *trouble {
	var t *trouble
	if !errors.As(err, &t) {
		t = &trouble{Verdict: jobs.VerdictRetry, Class: web.ClassAnswer, Text: err.Error()}
	}
	said := *t
	said.Text = r.key.Scrub(said.Text)
	if !strings.HasPrefix(said.Text, r.Name+": ") {
		said.Text = r.Name + ": " + said.Text
	}
	if said.Verdict == jobs.VerdictThrottle {
		wait := said.RetryAfter
		if wait == 0 {
			wait = time.Second
			said.RetryAfter = wait
		}
		said.Delays = jobs.DelaysAll
		r.gate.Hold(time.Now().Add(wait))
	}
	return &said
}

// keep keeps an answer, where that is allowed, and returns until when.
func (r *remote) keep(ctx context.Context, k cache.Key, out cache.Outcome, raw []byte, at time.Time) time.Time {
	a := &cache.Answer{Outcome: out, Raw: raw, At: at, Expires: r.life.Expires(out, at)}
	c := r.t.own
	if r.maySpare() {
		c = r.t.cache
	}
	_ = c.Put(ctx, k, a) // it is used all the same, and the cache has complained itself
	if r.life.Found == 0 {
		return time.Time{}
	}
	return a.Expires
}

// cacheKey is what the answer to a question is kept under: by what rows are known that ask the
// same (asker.same), for this provider.
func (r *remote) cacheKey(q *geo.Query) cache.Key { return cacheKey(r.Provider, q) }

func cacheKey(p *provider.Provider, q *geo.Query) cache.Key {
	level := q.Level.String()
	if q.Reverse {
		level = "reverse"
	}
	k := cache.Key{Provider: p.Name, BaseURL: p.BaseURL, Language: q.Language, Countries: strings.Join(q.Countries, ","), Level: level, Query: address.Key(q)}
	if q.Limit > 0 {
		k.Options = strconv.Itoa(q.Limit)
	}
	return k
}

// placesMark begins what is kept of an answer that came in a batch, which is no answer to one
// question: the places that were made of it, as JSON.
var placesMark = []byte("brood places 1\n")

// keepPlaces keeps what a batch has answered to one question, and returns until when.
func (r *remote) keepPlaces(ctx context.Context, k cache.Key, all []geo.Place, at time.Time) time.Time {
	out := cache.Nothing
	var raw []byte
	if len(all) > 0 {
		out = cache.Found
		b, err := json.Marshal(all)
		if err != nil {
			return time.Time{} // a number that is none: it is used, and not kept
		}
		raw = append(bytes.Clone(placesMark), b...)
	}
	return r.keep(ctx, k, out, raw, at)
}
