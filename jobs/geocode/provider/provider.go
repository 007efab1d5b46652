// Package provider speaks with geocoders on the network: it makes a request of a question, and
// places of an answer. It sends nothing itself, and knows no connection and no clock.
//
// Each provider is a [Provider] with a [Preset]: what its documentation asks of whoever uses it
// (how many requests, at what price, what may be stored, who is to be named). Those who send the
// requests keep to it.
//
// It promises:
//
//   - What an answer means is one error of package web for all providers, whether it was said by
//     the status, by a word in the body of a 200, or by a body that is no JSON. An answer that
//     says "nothing found", in whichever of these ways, is no error and no place.
//   - A place has a precision and a match that compare across providers, by what was found: a
//     provider's own score is passed on as Confidence, and judged by nobody here.
//   - A [Key] is put into a request last and shown nowhere: see [Key.Scrub].
//   - Answers to a batch are matched by id, or counted where the provider has none; one that is
//     missing or there twice is an error that says so.
//
// Whether a place is what was asked for is left to others, as are retries, caching and pace.
package provider

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ErrElsewhere is wrapped by errors of Request about a question that this provider cannot have an
// answer to, as it knows another country only, say: no request, and not found.
var ErrElsewhere = errors.New("not known there")

// Provider is one geocoder, or one installation of it.
type Provider struct {
	Name    string
	BaseURL string
	Preset  Preset
	// own says that the server is the user's own, contact whom its operator can write to.
	own       bool
	permanent bool
	contact   string
	form      *form
}

// form is how a kind of provider is spoken with.
type form struct {
	// ask makes the path and the parameters of a question.
	ask func(p *Provider, r *request, q *geo.Query) error
	// read makes places of the body of a 200. An error that is no *web.Trouble says that the
	// body is not what it should be.
	read func(body []byte, q *geo.Query) ([]geo.Place, error)
	// judge says what another status means, and some bodies of a 200, where it differs from
	// the common table; nil without an error: nothing was found. Common is what the table says.
	judge func(status int, body []byte, common *web.Trouble) error
	// putKey puts the key where it belongs.
	putKey func(r *request, key string)
	batch  func(p *Provider) *Batch
}

// Options are what a user says about a provider.
type Options struct {
	// BaseURL is where it is, if not where its preset says.
	BaseURL string
	// Own says that the server is the user's own: no rule of the public one holds there.
	Own bool
	// Permanent says that the user has a plan by which results may be kept (Mapbox).
	Permanent bool
	// Contact is an address of mail or a page, for the User-Agent of servers that ask for it.
	Contact string
	// Version is brood's own.
	Version string
}

// Names are the providers that there are.
func Names() []string {
	var names []string
	for _, p := range presets() {
		names = append(names, p.name)
	}
	return names
}

// KeyVariables are the variables of the environment that keys are read from.
func KeyVariables() []string {
	var out []string
	for _, p := range presets() {
		if v := p.preset.KeyVariable; v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// Open returns a provider by its name.
func Open(name string, o Options) (*Provider, error) {
	for _, e := range presets() {
		if e.name != name {
			continue
		}
		p := &Provider{Name: name, BaseURL: e.base, Preset: e.preset, own: o.Own, permanent: o.Permanent, form: e.form}
		if o.BaseURL != "" {
			base, err := checkBase(o.BaseURL)
			if err != nil {
				return nil, err
			}
			p.BaseURL = base
		}
		if p.BaseURL == "" {
			return nil, fmt.Errorf("%s is no one server: say --base-url with yours", name)
		}
		if o.Own {
			p.Preset = p.Preset.onOwnServer()
		}
		p.contact = "brood/" + o.Version
		if o.Contact != "" {
			if strings.ContainsAny(o.Contact, "\r\n\x00()") {
				return nil, fmt.Errorf("the contact %q cannot stand in a User-Agent", o.Contact)
			}
			p.contact += " (" + o.Contact + ")"
		}
		return p, p.check(o)
	}
	return nil, fmt.Errorf("there is no provider %q; there are %s", name, strings.Join(Names(), ", "))
}

// checkBase takes the address of a server without what would end up in the wrong place.
func checkBase(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", errors.New("the base URL of the provider is none")
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("the base URL of a provider is like https://host/path, without user and query: %s", u.Redacted())
	}
	return strings.TrimRight(base, "/"), nil
}

// check says what a provider's rules leave no way for.
func (p *Provider) check(o Options) error {
	if p.Preset.Stores == StoresPermanent && !o.Permanent && !o.Own {
		return fmt.Errorf("%s forbids to keep what it answers unless it was asked with permanent=true, which is another price: say --permanent if your plan has it", p.Name)
	}
	if p.Preset.Contact && o.Contact == "" && !o.Own {
		return fmt.Errorf("the public server of %s wants to know whom it can write to: say --contact with your address", p.Name)
	}
	return nil
}

// CheckBulk refuses more records than a public server allows.
func (p *Provider) CheckBulk(records int) error {
	if most := p.Preset.Bulk; most > 0 && records > most {
		return fmt.Errorf("more than %d records are too many for the public server of %s, whose rules forbid bulk work (%s): use --provider offline, a paid provider, or your own server with --own-server; --limit %d tries some",
			most, p.Name, p.Preset.Source, most)
	}
	return nil
}

// Request makes the request of a question. Its errors are about the question, or the key, and
// hold neither the key nor the URL.
func (p *Provider) Request(ctx context.Context, q *geo.Query, key Key) (*http.Request, error) {
	r, err := p.ask(q)
	if err != nil {
		return nil, err
	}
	return p.finish(ctx, r, key)
}

func (p *Provider) ask(q *geo.Query) (*request, error) {
	if q.Reverse && !q.Point.Valid() {
		return nil, fmt.Errorf("%g, %g is no point", q.Point.Lat, q.Point.Lon)
	}
	if only := p.Preset.Countries; len(only) > 0 && !q.Reverse {
		asked := q.Countries
		if q.CountryCode != "" {
			asked = []string{q.CountryCode}
		}
		if len(asked) > 0 && !slices.ContainsFunc(asked, func(c string) bool { return slices.Contains(only, c) }) {
			return nil, fmt.Errorf("%s has %s only: %w", p.Name, strings.Join(only, ", "), ErrElsewhere)
		}
	}
	r := newRequest(p.BaseURL)
	if err := p.form.ask(p, r, q); err != nil {
		return nil, err
	}
	return r, nil
}

func (p *Provider) finish(ctx context.Context, r *request, key Key) (*http.Request, error) {
	if key.Empty() && p.Preset.NeedsKey && !p.own {
		return nil, fmt.Errorf("%s needs a key: --api-key-file FILE, or %s", p.Name, p.Preset.KeyVariable)
	}
	r.header.Set("User-Agent", p.contact)
	r.header.Set("Accept", "application/json, */*;q=0.5")
	if !key.Empty() && p.form.putKey != nil {
		p.form.putKey(r, key.value)
	}
	return r.make(ctx)
}

// Identity is what tells a question from another one that this provider could answer
// differently: all that is sent, but for the key. For a cache.
func (p *Provider) Identity(q *geo.Query) (string, error) {
	r, err := p.ask(q)
	if err != nil {
		return "", err
	}
	return p.Name + " " + r.method + " " + r.url() + " " + string(r.body), nil
}

// Read makes places of an answer, the best first; none if nothing was found. An error is a
// *web.Trouble; its text may hold what the server said, the key included: see Key.Scrub.
func (p *Provider) Read(status int, header http.Header, body []byte, q *geo.Query) ([]geo.Place, error) {
	if status != http.StatusOK {
		return nil, p.form.judged(status, header, body, time.Now())
	}
	places, err := p.form.read(body, q)
	if err != nil {
		return nil, asTrouble(err, body)
	}
	if places, err = finishPlaces(places, q); err != nil {
		return nil, asTrouble(err, body)
	}
	return places, nil
}

// finishPlaces drops what is no place, and puts in what follows from the question.
func finishPlaces(places []geo.Place, q *geo.Query) ([]geo.Place, error) {
	kept, points := places[:0], 0
	for i := range places {
		p := places[i]
		if !p.Valid() {
			continue
		}
		points++
		if q.Reverse {
			p.Metres = q.Point.Metres(p.Point)
			if q.MaxMetres > 0 && p.Metres > q.MaxMetres {
				continue
			}
		}
		p.Match = matchOf(&p, q)
		kept = append(kept, p)
	}
	if points == 0 && len(places) > 0 {
		return nil, errors.New("its places have no points")
	}
	if q.Limit > 0 && len(kept) > q.Limit {
		kept = kept[:q.Limit]
	}
	return kept, nil
}

// matchOf is how a place was come to. What a provider has said itself stands: that it
// interpolated, or fell back.
func matchOf(p *geo.Place, q *geo.Query) geo.Match {
	if p.Match == geo.MatchFallback || p.Precision == geo.PrecisionNone {
		return geo.MatchFallback
	}
	if p.Precision < wanted(q) {
		return geo.MatchFallback
	}
	if p.Match == geo.MatchInterpolated {
		return geo.MatchInterpolated
	}
	return geo.MatchExact
}

// wanted is the precision that answers a question. Of one that is a line alone it is not known here
// what is in it: any place answers it, until somebody compares.
func wanted(q *geo.Query) geo.Precision {
	switch {
	case q.Reverse || q.Level == geo.LevelCity:
		return geo.PrecisionCity
	case q.Level == geo.LevelPostcode:
		return geo.PrecisionPostcode
	case q.POBox != "":
		return geo.PrecisionCity
	case q.Street != "" && q.Number != "":
		return geo.PrecisionRooftop
	case q.Street != "":
		return geo.PrecisionStreet
	case q.City != "" || q.District != "":
		return geo.PrecisionCity
	case q.Postcode != "":
		return geo.PrecisionPostcode
	}
	return geo.PrecisionRegion
}
