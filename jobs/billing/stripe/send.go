package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/web"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
)

// request is one that is to be sent.
type request struct {
	at   endpoint
	path string // behind the base, as /v1/charges
	form *form  // of a POST the body, else the query
	key  string // Idempotency-Key; empty: it is a GET
}

// send lets one request leave when it may, and gives what came of it. It sends it once.
func (s *Client) send(ctx context.Context, r *request) *Answer {
	lost := func(t *web.Trouble) *Answer {
		return &Answer{Phase: t.Phase, Lost: t, Jitter: rand.Float64(), Now: s.now()}
	}
	req, err := s.request(ctx, r)
	if err != nil {
		return lost(&web.Trouble{Verdict: jobs.VerdictFailed, Class: web.ClassRequest, Text: "there is no such request", Phase: web.PhaseNotConnected})
	}
	permits, t := s.gates.pass(ctx, r.at)
	if t != nil {
		return lost(t)
	}
	answered := false
	defer func() { permits.release(answered) }()
	if len(permits) > 0 {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: permits.left})
	}
	a, err := s.web.Do(ctx, req)
	if answered = err == nil; !answered {
		if !errors.As(err, &t) {
			t = &web.Trouble{Verdict: jobs.VerdictRetry, Class: web.ClassCut, Text: "the request came to nothing", Phase: web.PhaseWritten}
		}
		if t.Phase == web.PhaseAnswered { // of a refusal the end did not come, which says what Stripe means
			return &Answer{Status: t.Status, Header: http.Header{}, Phase: web.PhaseHalf, Lost: again(t), Jitter: rand.Float64(), Now: s.now()}
		}
		return lost(t)
	}
	return &Answer{Status: a.Status, Header: a.Header, Body: a.Body, Phase: web.PhaseAnswered, Jitter: rand.Float64(), Now: s.now()}
}

// again is a trouble for which the same key is asked again, as half a refusal may be of this request or of another's.
func again(t *web.Trouble) *web.Trouble {
	if t.Verdict == jobs.VerdictThrottle {
		return t
	}
	c := *t
	c.Verdict, c.RetryAfter, c.Delays = jobs.VerdictRetry, 0, jobs.DelaysDefault
	return &c
}

func (s *Client) request(ctx context.Context, r *request) (*http.Request, error) {
	coded := r.form.Encode()
	method, address := http.MethodGet, s.base+r.path
	var body *bytes.Reader
	if r.key != "" {
		method, body = http.MethodPost, bytes.NewReader([]byte(coded))
	} else if coded != "" {
		address += "?" + coded
	}
	var req *http.Request
	var err error
	if body != nil {
		req, err = http.NewRequestWithContext(ctx, method, address, body)
	} else {
		req, err = http.NewRequestWithContext(ctx, method, address, http.NoBody)
	}
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.c.Key)
	req.Header.Set("Stripe-Version", Version)
	if r.key != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Idempotency-Key", r.key)
	}
	return req, nil
}

// ask sends a request and judges its answer.
func (s *Client) ask(ctx context.Context, r *request) (charge.Outcome, Next, *object) {
	o, next, obj := judge(s.send(ctx, r))
	if t := o.Trouble; t != nil {
		t.Text = s.web.Mask().Text(t.Text)
		if t.Verdict == jobs.VerdictThrottle && t.Delays == jobs.DelaysAll && t.Class != classRate {
			s.gates.hold(t.RetryAfter)
		}
	}
	o.Reason = s.web.Mask().Text(o.Reason)
	return o, next, obj
}

// get asks for one object, or a page of them. Nothing is changed by it.
func (s *Client) get(ctx context.Context, r *request) ([]byte, *charge.Trouble) {
	a := s.send(ctx, r)
	if a.Phase == web.PhaseAnswered && a.Status == http.StatusOK {
		return a.Body, nil
	}
	o, _, _ := judge(a)
	t := o.Trouble
	if t == nil {
		t = trouble(jobs.VerdictUnknown, web.ClassOf(a.Status), "stripe does not tell: %s: %s", web.StatusText(a.Status), o.Reason)
	}
	if t.Verdict == jobs.VerdictUnknown && (a.Phase != web.PhaseAnswered || a.Status >= http.StatusInternalServerError || a.Status == http.StatusRequestTimeout) {
		t.Verdict = jobs.VerdictRetry // a GET has no effect, and nothing of it is kept
	}
	t.Text = s.web.Mask().Text(t.Text)
	if t.Verdict == jobs.VerdictThrottle && t.Delays == jobs.DelaysAll && t.Class != classRate {
		s.gates.hold(t.RetryAfter)
	}
	return nil, t
}

// form are the members that all that charges has: with them a payment is found again.
func (s *Client) form(t *charge.Try) *form {
	c := t.Charge
	f := formOf(make([]member, 0, usual)...)
	if c.Description != "" {
		f.Set("description", c.Description)
	}
	for name, value := range c.Metadata {
		if value != "" { // an empty one would take a member away
			f.Set("metadata["+name+"]", value)
		}
	}
	f.Set("metadata["+metaInvoice+"]", c.InvoiceID)
	f.Set("metadata["+metaKey+"]", t.Key)
	f.Set("metadata["+metaAttempt+"]", strconv.Itoa(c.Attempt))
	if s.c.Plan != "" {
		f.Set("metadata["+metaPlan+"]", s.c.Plan)
	}
	return f
}

// usual is how many members a request has room for at first.
const usual = 16

func small(code string) string { return strings.ToLower(code) }
