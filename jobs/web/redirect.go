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
	if Origin(req.URL) == Origin(to) {
		next.Host = req.Host
		return next, nil
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
