package web

import (
	"brood/jobs"
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestNotSentTwice: package net/http sends requests again by itself, if a connection that was kept
// ends and the header has a key of idempotency. Here only what has no effect is.
func TestNotSentTwice(t *testing.T) {
	for _, c := range []struct {
		method, body, header string
		want                 int32 // requests that arrive on the connections, besides the first
		ok, once             bool
	}{
		{http.MethodPost, "x", "", 1, false, false},
		{http.MethodGet, "", "", 1, false, true},
		{http.MethodHead, "", "Idempotency-Key", 1, false, true},
		{http.MethodPost, "x", "Idempotency-Key", 1, false, false},
		{http.MethodPost, "", "Idempotency-Key", 1, false, false},
		{http.MethodPost, "", "X-Idempotency-Key", 1, false, false},
		{http.MethodPatch, "x", "X-Idempotency-Key", 1, false, false},
		{http.MethodDelete, "", "", 1, false, false},
		{http.MethodGet, "", "", 2, true, false},
	} {
		var arrived atomic.Int32
		address := raw(t, func(n int, conn net.Conn) {
			r := bufio.NewReader(conn)
			for i := 1; readRequest(r) == nil; i++ {
				if n > 1 || i > 1 {
					arrived.Add(1)
				}
				if n == 1 && i == 2 {
					return // it was read, and is not answered
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		client, err := New(Options{Proxy: NoProxy, AllowPrivate: true, Once: c.once})
		if err != nil {
			t.Fatal(err)
		}
		var trouble *Trouble
		for i := range 2 {
			req, err := http.NewRequest(c.method, "http://"+address, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.body == "" {
				req.Body, req.GetBody = nil, nil
			}
			if c.header != "" {
				req.Header.Set(c.header, "k1")
			}
			if _, err = client.Do(t.Context(), req); err != nil && (i == 0 || !errors.As(err, &trouble)) {
				t.Fatal(err)
			}
		}
		client.Close()
		if got := arrived.Load(); got != c.want || (trouble == nil) != c.ok || trouble != nil && trouble.Phase != PhaseWritten {
			t.Errorf("%s %q %s: it arrived %d times: %+v", c.method, c.body, c.header, got, trouble)
		}
	}
}

// TestBodiless: what keeps a request from being sent twice does not show in it.
func TestBodiless(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete} {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.ContentLength != 0 || len(r.TransferEncoding) > 0 || r.Header.Get("Idempotency-Key") != "k1" {
				t.Errorf("%s: %d bytes, %v, %v", method, r.ContentLength, r.TransferEncoding, r.Header)
			}
		}))
		if _, trouble := send(t, Options{AllowPrivate: true, Once: true}, method, server.URL, "", http.Header{"Idempotency-Key": {"k1"}}); trouble != nil {
			t.Error(trouble)
		}
		server.Close()
	}
}

// TestStale: a connection that was kept and has ended costs nothing, where nothing was written on it.
func TestStale(t *testing.T) {
	ends := make(chan net.Conn, 100)
	address := raw(t, func(_ int, conn net.Conn) {
		r := bufio.NewReader(conn)
		for readRequest(r) == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			ends <- conn
		}
	})
	client, err := New(Options{Proxy: NoProxy, AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 50 {
		req, err := http.NewRequest(http.MethodPost, "http://"+address, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "k1")
		if _, err := client.Do(t.Context(), req); err != nil {
			var trouble *Trouble
			if !errors.As(err, &trouble) || trouble.Phase != PhaseWritten {
				t.Fatal(err) // written and not answered is the other way it can go
			}
			continue
		}
		reset(<-ends)
	}
}

// TestHTTP2: many requests share a connection, and its end is told as of any other.
func TestHTTP2(t *testing.T) {
	var cut atomic.Bool
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cut.Load() {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	ca := caFile(t, server)
	a, trouble := get(t, Options{AllowPrivate: true, CAFile: ca}, server.URL)
	if trouble != nil || string(a.Body) != "HTTP/2.0" || a.Proto != "HTTP/2.0" {
		t.Fatalf("%+v %+v", a, trouble)
	}
	if a, trouble = get(t, Options{AllowPrivate: true, CAFile: ca, HTTP1: true}, server.URL); trouble != nil || string(a.Body) != "HTTP/1.1" {
		t.Fatalf("%+v %+v", a, trouble)
	}
	if _, trouble = get(t, Options{AllowPrivate: true}, server.URL); trouble == nil || trouble.Class != ClassTLS || trouble.Verdict != jobs.VerdictFailed || trouble.Phase != PhaseNotConnected {
		t.Fatalf("%+v", trouble)
	}
	cut.Store(true)
	if _, trouble = send(t, Options{AllowPrivate: true, CAFile: ca}, http.MethodPost, server.URL, "x", nil); trouble == nil || trouble.Phase != PhaseWritten {
		t.Fatalf("%+v", trouble)
	}
	if _, trouble = send(t, Options{AllowPrivate: true, CAFile: ca, HTTP1: true}, http.MethodPost, server.URL, "x", nil); trouble == nil || trouble.Phase != PhaseWritten {
		t.Fatalf("%+v", trouble)
	}
}
