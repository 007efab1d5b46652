package stripe

import (
	"brood/jobs"
	"brood/jobs/permits"
	"brood/jobs/web"
	"context"
	"errors"
	"net/url"
	"sync"
	"time"
)

// endpoint is a resource that Stripe counts the requests of.
type endpoint string

const (
	atIntents  endpoint = "payment_intents"
	atCharges  endpoint = "charges"
	atInvoices endpoint = "invoices"
	atItems    endpoint = "invoiceitems"
	atRefunds  endpoint = "refunds"
)

// gates are the account's, and one for each endpoint, opened when they are needed.
type gates struct {
	s     *Client
	mu    sync.Mutex
	named map[endpoint]*permits.Gate
}

// account is the name of the gate that all requests pass.
const account endpoint = "account"

// patience is how long a charge waits for a permit in its worker; one that would wait longer is given back, so that
// who ends the run does not wait for it.
const patience = 5 * time.Second

// classRate is of what waits for a permit.
const classRate jobs.Class = "rate"

func (g *gates) open(s *Client) { g.s, g.named = s, make(map[endpoint]*permits.Gate) }

func (g *gates) close() (err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, gate := range g.named {
		err = errors.Join(err, gate.Close())
	}
	g.named = make(map[endpoint]*permits.Gate)
	return err
}

// rates are those that hold for the run.
func (g *gates) rates() Rates {
	switch n := g.s.c.PerSecond; {
	case n < 0:
		return Rates{}
	case n > 0:
		return Rates{Account: n}
	case g.s.c.Live:
		return g.s.profile.Live
	}
	return g.s.profile.Test
}

// gate is the one of a name; nil: there is no limit.
func (g *gates) gate(e endpoint) (*permits.Gate, error) {
	r := g.rates()
	perSecond := r.Endpoint
	if e == account {
		perSecond = r.Account
	} else if r.Account > 0 && r.Endpoint >= r.Account {
		perSecond = 0 // the account's limit is reached first
	}
	if g.s.c.OpenGate == nil || perSecond <= 0 {
		return nil, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if gate := g.named[e]; gate != nil {
		return gate, nil
	}
	mode := "test"
	if g.s.c.Live {
		mode = "live"
	}
	u, err := url.Parse(g.s.base)
	if err != nil {
		return nil, err
	}
	gate, err := g.s.c.OpenGate(permits.Name("stripe-"+mode+"-"+string(e)+"-"+u.Host, g.s.c.Account), permits.Limits{PerSecond: perSecond})
	if err == nil {
		g.named[e] = gate
	}
	return gate, err
}

// passed are the permits of one request.
type passed []*permits.Permit

func (p passed) left() {
	for _, one := range p {
		one.Left()
	}
}

func (p passed) release(answered bool) {
	for _, one := range p {
		one.Release(answered)
	}
}

// pass waits until a request may leave.
func (g *gates) pass(ctx context.Context, e endpoint) (passed, *web.Trouble) {
	var all passed
	for _, of := range []endpoint{e, account} { // the account's last, as its time is the dearest
		gate, err := g.gate(of)
		if gate == nil && err == nil {
			continue
		}
		var p *permits.Permit
		if err == nil {
			p, err = gate.Take(ctx, permits.Ask{Patience: patience})
		}
		if err != nil {
			all.release(false)
			return nil, notLeft(ctx, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// notLeft words why a request may not leave. Nothing was sent.
func notLeft(ctx context.Context, err error) *web.Trouble {
	var w *permits.Wait
	switch {
	case errors.As(err, &w):
		return &web.Trouble{
			Verdict: jobs.VerdictThrottle, Class: classRate, Text: "stripe: " + w.Error(), RetryAfter: max(time.Until(w.Until), time.Millisecond), Delays: jobs.DelaysAll,
			Phase: web.PhaseNotConnected,
		}
	case ctx.Err() != nil:
		return &web.Trouble{Verdict: jobs.VerdictRetry, Class: jobs.ClassTimeout, Text: "stopped before stripe was asked", Phase: web.PhaseNotConnected}
	}
	return &web.Trouble{Verdict: jobs.VerdictAbort, Class: "permits", Text: err.Error(), Phase: web.PhaseNotConnected}
}

// hold keeps everybody from leaving who shares the account, as Stripe has asked for.
func (g *gates) hold(d time.Duration) {
	g.mu.Lock()
	gate := g.named[account]
	g.mu.Unlock()
	if gate != nil {
		gate.Hold(g.s.now().Add(d))
	}
}
