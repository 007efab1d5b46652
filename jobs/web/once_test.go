package web

import (
	"brood/jobs"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// resetting is a server of HTTP/2 that ends every stream with a code, and counts them.
func resetting(t *testing.T, code http2.ErrCode, streams *atomic.Int32) (address, ca string) {
	t.Helper()
	pattern := httptest.NewTLSServer(http.NotFoundHandler())
	defer pattern.Close()
	config := &tls.Config{Certificates: pattern.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	address = raw(t, func(_ int, c net.Conn) {
		conn := tls.Server(c, config)
		if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		f := http2.NewFramer(conn, conn)
		_ = f.WriteSettings()
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			if h, ok := frame.(*http2.HeadersFrame); ok {
				streams.Add(1)
				_ = f.WriteRSTStream(h.StreamID, code)
			}
		}
	})
	return "https://" + address, caFile(t, pattern)
}

// TestReset: package net/http sends any method again after some resets of a stream. What must be sent once is
// not; and what the server says it has not looked at was not sent.
func TestReset(t *testing.T) {
	for _, c := range []struct {
		method, body string
		code         http2.ErrCode
		phase        Phase
	}{
		{http.MethodPost, "x", http2.ErrCodeProtocol, PhaseWritten},
		{http.MethodPost, "", http2.ErrCodeProtocol, PhaseWritten},
		{http.MethodPost, "", http2.ErrCodeRefusedStream, PhaseWritten},
		{http.MethodGet, "", http2.ErrCodeProtocol, PhaseWritten},
		{http.MethodDelete, "", http2.ErrCodeProtocol, PhaseWritten},
		{http.MethodPost, "x", http2.ErrCodeRefusedStream, PhaseNotWritten},
		{http.MethodDelete, "", http2.ErrCodeRefusedStream, PhaseNotWritten},
	} {
		var streams atomic.Int32
		address, ca := resetting(t, c.code, &streams)
		_, trouble := send(t, Options{AllowPrivate: true, CAFile: ca, Once: true, Idle: 10 * time.Millisecond}, c.method, address, c.body, nil)
		if trouble == nil || trouble.Phase != c.phase || trouble.Verdict != jobs.VerdictRetry || streams.Load() != 1 {
			t.Errorf("%s %q %s: %d streams, %+v", c.method, c.body, c.code, streams.Load(), trouble)
		}
	}
}

// TestBeingWritten: what is on its way while a write does not end counts as written.
func TestBeingWritten(t *testing.T) {
	here, there := net.Pipe()
	c := &conn{Conn: here}
	done := make(chan error)
	go func() {
		_, err := c.Write([]byte("hello"))
		done <- err
	}()
	if _, err := io.ReadFull(there, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	if got := c.written.Load(); got != 5 {
		t.Errorf("%d bytes", got)
	}
	_ = there.Close()
	if err := <-done; err == nil || c.written.Load() != 2 {
		t.Errorf("%d bytes, %v", c.written.Load(), err)
	}
}

// TestChanged: what is said by the GET that a redirect led to from a POST is not said of the POST.
func TestChanged(t *testing.T) {
	server, _ := recorder(t, func(r *http.Request) (string, int) {
		if r.URL.Path == "/a" {
			return "/b", http.StatusSeeOther
		}
		return "", 0
	})
	for method, want := range map[string]bool{http.MethodPost: true, http.MethodGet: false, http.MethodHead: false} {
		a, trouble := send(t, Options{AllowPrivate: true, Redirects: 1}, method, server.URL+"/a", "", nil)
		if trouble != nil || a.Changed != want {
			t.Errorf("%s: %+v %+v", method, a, trouble)
		}
	}
	for _, status := range []int{401, 403, 404, 408, 425, 429, 500, 503} {
		trouble := Judge(status, http.Header{"Retry-After": {"3"}}, time.Time{})
		trouble.Changed = true
		if trouble.ForOnce(); trouble.Verdict != jobs.VerdictUnknown || trouble.RetryAfter != 0 {
			t.Errorf("%+v", trouble)
		}
	}
}

// TestBodyStays: a redirect takes no body to another host, nor where the user of the client does not allow it.
func TestBodyStays(t *testing.T) {
	other, atOther := recorder(t, func(*http.Request) (string, int) { return "", 0 })
	first, _ := recorder(t, func(r *http.Request) (string, int) { return other.URL + r.URL.Path, http.StatusPermanentRedirect })
	o := Options{AllowPrivate: true, Redirects: 1}
	_, trouble := send(t, o, http.MethodPost, first.URL+"/x", "s3cret", nil)
	if trouble == nil || trouble.Verdict != jobs.VerdictFailed || trouble.Phase != PhaseAnswered || !strings.Contains(trouble.Text, "take the body along") || len(atOther) != 0 {
		t.Errorf("%+v", trouble)
	}
	if _, trouble = send(t, o, http.MethodPost, first.URL+"/x", "", nil); trouble != nil || (<-atOther).method != http.MethodPost {
		t.Errorf("%+v", trouble)
	}
	o.Allow = func(*url.URL) error { return errors.New("not there") }
	if _, trouble = send(t, o, http.MethodGet, first.URL+"/x", "", nil); trouble == nil || !strings.Contains(trouble.Text, "not there") || len(atOther) != 0 {
		t.Errorf("%+v", trouble)
	}
}

// TestLargeHead: how large a body is of which only the head was asked for is no matter.
func TestLargeHead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "100000") }))
	defer server.Close()
	if a, trouble := send(t, Options{AllowPrivate: true, MaxBytes: 10}, http.MethodHead, server.URL, "", nil); trouble != nil || a.Header.Get("Content-Length") != "100000" {
		t.Errorf("%+v", trouble)
	}
}
