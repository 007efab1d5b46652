package web

import (
	"brood/jobs"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// Answer is what a server said, all of it.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // decoded
	// Proto is HTTP/1.1 or HTTP/2.0.
	Proto string
	// Took is the time from the call to the last byte, redirects included; Begun to the first byte of
	// the last head.
	Took, Begun time.Duration
	// Redirects is how many were followed. URL is where the last one led.
	Redirects int
	URL       *url.URL
	// Changed says that the request was answered by a redirect to a GET, of which this is the answer: what
	// was asked for first may be done, whatever is said here.
	Changed bool
}

// Do sends a request and reads the whole answer, whatever its status: that is for Judge. Every error
// is a *Trouble. A body must be one that can be sent again (http.NewRequest with a *bytes.Reader),
// as redirects and connections that turn out to be closed before anything was written need that. The request
// is not changed, but its context is not used.
func (c *Client) Do(ctx context.Context, req *http.Request) (*Answer, error) {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	done := false // a request that may have an effect was answered, and only its answer is still looked for
	for hop := 0; ; hop++ {
		a, t := c.exchange(ctx, req)
		if t == nil && hop < c.o.Redirects && isRedirect(a.Status) && a.Header.Get("Location") != "" {
			before := req.Method
			if req, t = c.next(req, a); t == nil {
				done = done || req.Method != before && !isSafe(before)
				continue
			}
		} else if t == nil && c.o.Redirects > 0 && hop == c.o.Redirects && isRedirect(a.Status) && a.Header.Get("Location") != "" {
			t = failed(ClassRedirect, "%d redirects, and another one follows", hop)
		}
		if t != nil {
			if done {
				t.Phase, t.Changed = PhaseHalf, true
			}
			return nil, t
		}
		a.Changed = done
		a.Took = time.Since(begun)
		a.Redirects, a.URL = hop, req.URL
		return a, nil
	}
}

// isSafe reports whether a request of this method has no effect: RFC 9110, section 9.2.1.
func isSafe(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// triesUnwritten is how often a request is tried of which nothing was written, as the connection that
// had been kept for it turned out to be closed.
const triesUnwritten = 3

// exchange sends one request, and reads its answer.
func (c *Client) exchange(ctx context.Context, req *http.Request) (*Answer, *Trouble) {
	if t := c.refused(req.URL); t != nil {
		return nil, t
	}
	host := clip(req.URL.Host)
	var stop func()
	if c.o.Once && !hasBody(req) && !lacksBody(req.Method) {
		ctx, stop = context.WithCancel(ctx)
		defer stop()
	}
	for try := 1; ; try++ {
		w := &way{begun: time.Now(), stop: stop}
		sent := c.prepare(httptrace.WithClientTrace(ctx, w.trace()), req)
		if sent == nil {
			return nil, failed(ClassRequest, "the body cannot be read")
		}
		resp, err := c.transport.RoundTrip(sent) //nolint:bodyclose // c.answer closes it
		if err != nil {
			t := c.trouble(ctx, host, w, err)
			if t.Phase == PhaseNotWritten && w.reused && ctx.Err() == nil && try < triesUnwritten {
				continue
			}
			return nil, t
		}
		return c.answer(ctx, host, w, resp)
	}
}

// prepare makes the request that is sent of the one that was given.
func (c *Client) prepare(ctx context.Context, req *http.Request) *http.Request {
	sent := req.WithContext(ctx)
	header := maps.Clone(sent.Header) // its lists are not changed, but others put in their place
	if header == nil {
		header = make(http.Header)
	}
	sent.Header = header
	if header.Get("Accept-Encoding") == "" {
		header["Accept-Encoding"] = []string{acceptEncoding}
	}
	if _, given := header["User-Agent"]; !given && c.o.UserAgent != "" {
		header["User-Agent"] = []string{c.o.UserAgent}
	}
	if u := sent.URL.User; u != nil && header.Get("Authorization") == "" {
		password, _ := u.Password()
		sent.SetBasicAuth(u.Username(), password)
	}
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil
		}
		sent.Body = body
	}
	c.onlyOnce(sent)
	return sent
}

func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// lacksBody reports whether a body of which nothing is known is looked at, and left out if there is nothing in
// it: package net/http does that with these methods (transfer.go), and sends chunks with others.
func lacksBody(method string) bool { return isSafe(method) || method == http.MethodDelete }

// onlyOnce keeps package net/http from sending a request again by itself on a connection that ended after
// it was written. It does so in three cases. With a method that has no effect (transport.go, isReplayable): where even GET
// must not be repeated it has a body, without anything in it, that cannot be had twice. Wherever the header has
// a key that says that it is safe: for whom it is safe is known to who gives the key, not to a header, so that
// is written in small letters, which mean the same to servers. And in HTTP/2 with any method, after
// some resets of a stream (h2_bundle.go, shouldRetryRequest), not all of which say that nothing was done: so where nothing
// must be repeated no body can be had twice, and what has none is stopped when it is about to leave again (way.gotConn).
func (c *Client) onlyOnce(sent *http.Request) {
	if c.o.Once {
		if sent.GetBody = nil; !hasBody(sent) && lacksBody(sent.Method) {
			sent.Body, sent.ContentLength = io.NopCloser(empty{}), 0
		}
	}
	if isSafe(sent.Method) {
		return
	}
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if v := sent.Header[name]; v != nil { // the header is a copy: see prepare
			delete(sent.Header, name)
			sent.Header[strings.ToLower(name)] = v
		}
	}
}

// empty is a body without anything in it.
type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, io.EOF }

// answer reads what a server has begun to say.
func (c *Client) answer(ctx context.Context, host string, w *way, resp *http.Response) (*Answer, *Trouble) {
	defer func() { _ = resp.Body.Close() }()
	w.status = resp.StatusCode
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, Proto: resp.Proto, Begun: time.Since(w.begun)}
	var err error
	if a.Body, err = readBody(resp, c.o.MaxBytes); err == nil {
		return a, nil
	}
	if t := bodyTrouble(host, a.Status, c.o.MaxBytes, err); t != nil {
		t.Text = c.mask.Text(t.Text)
		return nil, t
	}
	t := c.trouble(ctx, host, w, err)
	t.Text = fmt.Sprintf("%s, after %s and %d bytes", t.Text, StatusText(a.Status), len(a.Body))
	// A refusal is one, whether its last words came or not.
	if judged := Judge(a.Status, a.Header, time.Now()); judged != nil && judged.Verdict != jobs.VerdictRetry {
		judged.Text += "; " + t.Text
		return nil, judged
	}
	return nil, t
}
