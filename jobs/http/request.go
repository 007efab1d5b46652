package http

import (
	"brood/jobs"
	"brood/jobs/web"
	"bytes"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"
)

// asked is the request of a record.
type asked struct {
	*nethttp.Request
	body []byte
}

// request makes the request of a record. Its errors are about the record.
func (x *compiled) request(rec *jobs.Record, key string, secrets func(string) string) (*asked, error) {
	address, err := x.address.Append(nil, rec, secrets, x.query)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(string(address))
	if err != nil {
		return nil, errors.New("its URL is none") // what package url says has the URL in it
	}
	if err := x.checkHost(u); err != nil {
		return nil, err
	}
	body, contentType, err := x.body(rec, secrets)
	if err != nil {
		return nil, err
	}
	header := make(nethttp.Header, len(x.headers)+4)
	for _, h := range x.headers {
		v, err := h.value.Append(nil, rec, secrets)
		if err != nil {
			return nil, err
		}
		header[h.name] = append(header[h.name], string(v))
	}
	if contentType != "" && !x.has("Content-Type") {
		header["Content-Type"] = []string{contentType}
	}
	if !x.has("Accept") {
		header["Accept"] = []string{x.accepts()}
	}
	if slices.Contains(x.absent, "User-Agent") {
		header["User-Agent"] = []string{""} // of which package net/http sends nothing
	}
	if x.Idempotency != "" {
		header.Set(x.Idempotency, key)
	}
	req := &nethttp.Request{Method: x.Method, URL: u, Header: header, Host: x.host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if x.user != nil {
		v, err := x.user.Append(nil, rec, secrets)
		if err != nil {
			return nil, err
		}
		name, password, _ := strings.Cut(string(v), ":")
		req.SetBasicAuth(name, password)
	}
	if x.Body.Kind != bodyNone {
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody()
	}
	return &asked{req, body}, nil
}

// accepts is what is taken where the user says nothing of it.
func (x *compiled) accepts() string {
	if x.Body.Kind == bodyJSON || x.wantsJSON {
		return "application/json"
	}
	return "*/*"
}

// checkHost refuses a URL that leads where the user has not said.
func (x *compiled) checkHost(u *url.URL) error {
	if u.User != nil {
		return errors.New("its URL has a password in it")
	}
	if !x.ofRecord {
		return nil
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("its URL does not begin with http:// or https://")
	}
	host := web.Host(u.Hostname())
	for _, pattern := range x.hosts {
		if beneath, ok := strings.CutPrefix(pattern, "*."); ok {
			if strings.HasSuffix(host, "."+web.Host(beneath)) {
				return nil
			}
		} else if host == web.Host(pattern) {
			return nil
		}
	}
	return fmt.Errorf("%.100q is none of the hosts of --allow-host", host)
}

// body makes the body of a record.
func (x *compiled) body(rec *jobs.Record, secrets func(string) string) (b []byte, contentType string, err error) {
	switch x.Body.Kind {
	case bodyNone:
		return nil, "", nil
	case bodyInPart:
		return x.appendParts(rec, secrets)
	case bodyPairs:
		for i, p := range x.pairs {
			if i > 0 {
				b = append(b, '&')
			}
			if b, err = p.Append(b, rec, secrets); err != nil {
				return nil, "", err
			}
		}
		return b, "application/x-www-form-urlencoded", nil
	case bodyForm:
		contentType = "application/x-www-form-urlencoded"
	case bodyJSON:
		contentType = "application/json"
	case bodyXML:
		contentType = "application/xml"
	default:
		contentType = "text/plain; charset=utf-8"
	}
	b, err = x.text.Append(nil, rec, secrets)
	return b, contentType, err
}

// taskOf is the request in a few words, for the list of runs: without the query, where keys stand.
func (x *compiled) taskOf() string {
	address := x.URL
	if i := outside(address, '?'); i >= 0 {
		address = address[:i]
	}
	return x.Method + " " + address
}
