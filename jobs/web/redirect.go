package web

import (
	"net/http"
	"net/url"
)

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// harmless are the headers that go along to another host: they say what is wanted, and not who wants
// it. Any other may be a key, whatever its name.
var harmless = []string{"Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "User-Agent", "Range"}

// next is the request that a redirect leads to: RFC 9110, section 15.4, and what browsers do after POST
// (the notes at 301 and 302 there).
func (c *Client) next(req *http.Request, a *Answer) (*http.Request, *Trouble) {
	to, err := url.Parse(a.Header.Get("Location"))
	if err == nil {
		to = req.URL.ResolveReference(to)
	}
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		t := failed(ClassRedirect, "%s: it leads to nothing that is a URL", StatusText(a.Status))
		t.Status, t.Phase = a.Status, PhaseAnswered
		return req, t
	}
	to.Fragment, to.RawFragment = "", ""
	next := &http.Request{Method: req.Method, URL: to, Header: req.Header.Clone()}
	next.Body, next.GetBody, next.ContentLength = req.Body, req.GetBody, req.ContentLength
	keeps := a.Status == http.StatusTemporaryRedirect || a.Status == http.StatusPermanentRedirect
	if !keeps && (a.Status == http.StatusSeeOther && req.Method != http.MethodHead || req.Method == http.MethodPost) {
		next.Method, next.Body, next.GetBody, next.ContentLength = http.MethodGet, nil, nil, 0
		next.Header.Del("Content-Type")
		next.Header.Del("Content-Encoding")
	}
	if t := c.allowed(to); t != nil {
		t.Status, t.Phase = a.Status, PhaseAnswered
		return req, t
	}
	if Origin(req.URL) == Origin(to) {
		next.Host = req.Host
		return next, nil
	}
	if hasBody(next) {
		t := failed(ClassRedirect, "%s: it leads to %s, and would take the body along; if that is right, ask there", StatusText(a.Status), clip(Origin(to)))
		t.Status, t.Phase = a.Status, PhaseAnswered
		return req, t
	}
	to.User = nil
	kept := make(http.Header)
	for _, name := range harmless {
		if v := next.Header.Values(name); len(v) > 0 {
			kept[name] = v
		}
	}
	next.Header = kept
	return next, nil
}

// allowed is why a redirect is not followed to a URL; nil: it may be.
func (c *Client) allowed(to *url.URL) *Trouble {
	if c.o.Allow == nil {
		return nil
	}
	if err := c.o.Allow(to); err != nil {
		return failed(ClassRedirect, "a redirect is not followed: %v", err)
	}
	return nil
}
