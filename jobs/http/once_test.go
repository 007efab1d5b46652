package http

import (
	"brood/jobs"
	"brood/jobs/web"
	"io"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// afterwards takes every POST, leads it to a GET, and answers that as its path says.
func afterwards(t *testing.T) *server {
	t.Helper()
	return serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/token" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"live-t0ken","token_type":"bearer","expires_in":3600}`)
			return
		}
		if r.Method == nethttp.MethodPost {
			nethttp.Redirect(w, r, r.URL.Path+"/", nethttp.StatusSeeOther)
			return
		}
		w.Header().Set("Retry-After", "3")
		status, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		w.WriteHeader(status)
	})
}

// TestRedirectedOnce: whatever is said by the GET that a POST was led to, the POST is not sent again; and what would be
// said of the next as well stops the run.
func TestRedirectedOnce(t *testing.T) {
	s := afterwards(t)
	posts := func() (n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, a := range s.all {
			if a.method == nethttp.MethodPost && a.uri != "/token" {
				n++
			}
		}
		return n
	}
	t.Setenv("TOKEN", "s3cr3t-value")
	oauth := []string{"oauth2-token-url", s.URL + "/token", "oauth2-client-id", "me", "oauth2-secret", "TOKEN", "secret", "TOKEN"}
	for _, c := range []struct {
		status string
		flags  []string
		want   jobs.Verdict
		next   bool // another is sent
	}{
		{"429", nil, jobs.VerdictUnknown, true},
		{"503", nil, jobs.VerdictUnknown, true},
		{"408", nil, jobs.VerdictUnknown, true},
		{"425", nil, jobs.VerdictUnknown, true},
		{"404", nil, jobs.VerdictUnknown, true},
		{"401", nil, jobs.VerdictUnknown, false},
		{"402", nil, jobs.VerdictUnknown, false},
		{"401", oauth, jobs.VerdictUnknown, false},
		{"200", nil, jobs.VerdictOK, true},
		{"503", []string{"on", "503=retry"}, jobs.VerdictRetry, true},
		{"503", []string{"effect", "none"}, jobs.VerdictThrottle, true},
	} {
		r := begin(t, flagsOf(append([]string{"url", s.URL + "/" + c.status, "data", "x=1", "location", "true"}, c.flags...)...))
		before := posts()
		if res := r.do(t, record(0, "1", "")); res.Verdict != c.want || posts() != before+1 {
			t.Errorf("%s %q: %+v, %d times", c.status, c.flags, res, posts()-before)
		}
		res := r.do(t, record(1, "2", ""))
		if got := posts() == before+2; got != c.next || !c.next && (res.Verdict != jobs.VerdictAbort || !strings.Contains(res.Error, "nothing more is sent")) {
			t.Errorf("%s %q: the next: %+v", c.status, c.flags, res)
		}
	}
}

// TestFullDisk: where answers cannot be kept nothing more is sent, if it must be sent once; a name of
// its own is the trouble of a record alone.
func TestFullDisk(t *testing.T) {
	s := serve(t, ok)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	get, post := flagsOf("url", s.URL, "save", dir+"/{name}"), flagsOf("url", s.URL, "data", "x=1", "save", dir+"/{name}/{id}")
	if res := begin(t, get).do(t, record(0, "1", "taken")); res.Verdict != jobs.VerdictFailed || res.Class != ClassSave {
		t.Errorf("%+v", res)
	}
	r := begin(t, post)
	if res := r.do(t, record(0, "1", "file")); res.Verdict != jobs.VerdictUnknown {
		t.Errorf("%+v", res)
	}
	before := s.count()
	if res := r.do(t, record(0, "1", strings.Repeat("x", 256))); res.Verdict != jobs.VerdictFailed || s.count() != before {
		t.Errorf("%+v", res)
	}
	if res := r.do(t, record(0, "1", "fine")); res.Verdict != jobs.VerdictOK {
		t.Errorf("%+v", res)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if res := r.do(t, record(1, "2", "fine")); res.Verdict != jobs.VerdictUnknown {
		t.Errorf("%+v", res)
	}
	before = s.count()
	if res := r.do(t, record(2, "3", "fine")); res.Verdict != jobs.VerdictAbort || res.Class != ClassSave || s.count() != before {
		t.Errorf("%+v", res)
	}
}

// TestHalfIsNotOK: what the user says of a status is not said of half an answer with it.
func TestHalfIsNotOK(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "{")
	})
	for on, want := range map[string]jobs.Verdict{"2xx=ok": jobs.VerdictRetry, "2xx=ok,cut=failed": jobs.VerdictFailed} {
		if res := begin(t, flagsOf("url", s.URL, "on", on)).do(t, record(0, "1", "")); res.Verdict != want {
			t.Errorf("%s: %+v", on, res)
		}
	}
	none := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, `{"a":`) })
	if res := begin(t, flagsOf("url", none.URL, "on", "2xx=ok", "column", "a=.a")).do(t, record(0, "1", "")); res.Verdict != jobs.VerdictRetry {
		t.Errorf("%+v", res)
	}
}

// TestHopsOfRecords: where the host comes from a record a redirect leads only to hosts that are allowed.
func TestHopsOfRecords(t *testing.T) {
	other := serve(t, ok)
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		nethttp.Redirect(w, r, "http://localhost"+other.URL[strings.LastIndexByte(other.URL, ':'):], nethttp.StatusFound)
	})
	for allowed, want := range map[string]jobs.Class{"127.0.0.1": web.ClassRedirect, "127.0.0.1,localhost": ""} {
		r := begin(t, flagsOf("url", "{name}", "allow-host", allowed, "location", "true"))
		if res := r.do(t, record(0, "1", s.URL)); res.Class != want || (want == "") != (other.count() == 1) {
			t.Errorf("%s: %+v", allowed, res)
		}
		other.mu.Lock()
		other.all = nil
		other.mu.Unlock()
	}
}

// TestTokenStays: neither the client's secret nor a token goes where nobody said, and one answer that there is no token
// counts for all in hand.
func TestTokenStays(t *testing.T) {
	other := serve(t, ok)
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Path {
		case "/moved":
			nethttp.Redirect(w, r, other.URL, nethttp.StatusTemporaryRedirect)
		case "/token":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"live-t0ken-of-theirs","token_type":"bearer","expires_in":3600}`)
		case "/no":
			w.WriteHeader(nethttp.StatusUnauthorized)
		default:
			w.WriteHeader(nethttp.StatusNotFound)
			_, _ = io.WriteString(w, strings.Repeat("x", 190)+" "+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		}
	})
	t.Setenv("TOKEN", "s3cr3t-value")
	flags := func(path string) options {
		return flagsOf("url", s.URL+"/api", "oauth2-token-url", s.URL+path, "oauth2-client-id", "me", "oauth2-secret", "TOKEN", "secret", "TOKEN")
	}
	if res := begin(t, flags("/moved")).do(t, record(0, "1", "")); res.Verdict != jobs.VerdictAbort || res.Class != ClassToken || other.count() != 0 {
		t.Errorf("%+v", res)
	}
	if res := begin(t, flags("/token")).do(t, record(0, "1", "")); res.Verdict != jobs.VerdictFailed || strings.Contains(res.Error, "live") || !strings.Contains(res.Error, "x ***") {
		t.Errorf("%+v", res)
	}
	r, before := begin(t, flags("/no")), s.count()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if res := r.do(t, record(i, "1", "")); res.Verdict != jobs.VerdictAbort || res.Class != ClassToken {
				t.Errorf("%+v", res)
			}
		})
	}
	if all.Wait(); s.count() > before+10 {
		t.Errorf("it was asked %d times", s.count()-before)
	}
}
