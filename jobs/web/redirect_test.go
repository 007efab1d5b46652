package web

import (
	"brood/jobs"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// caFile has the certificate of a test server.
func caFile(t *testing.T, server *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// seen is what a server was asked.
type seen struct {
	method, path, body string
	header             http.Header
}

func recorder(t *testing.T, to func(r *http.Request) (location string, status int)) (*httptest.Server, chan seen) {
	t.Helper()
	all := make(chan seen, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		all <- seen{r.Method, r.URL.Path, string(body), r.Header}
		if location, status := to(r); location != "" {
			w.Header().Set("Location", location)
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(server.Close)
	return server, all
}

// TestRedirectsKeepSecrets: what may be a key stays with the host that it was given for; also when a later
// redirect leads back.
func TestRedirectsKeepSecrets(t *testing.T) {
	other, atOther := recorder(t, func(r *http.Request) (string, int) {
		if r.URL.Path == "/back" {
			return r.URL.Query().Get("to"), http.StatusFound
		}
		return "", 0
	})
	first, atFirst := recorder(t, func(r *http.Request) (string, int) {
		switch r.URL.Path {
		case "/same":
			return "/end", http.StatusFound
		case "/other":
			return other.URL + "/end", http.StatusFound
		case "/back":
			return other.URL + "/back?to=http://" + r.Host + "/end", http.StatusFound
		}
		return "", 0
	})
	header := http.Header{"Authorization": {"Bearer t"}, "Cookie": {"a=b"}, "X-Api-Key": {"k"}, "Accept": {"application/json"}, "User-Agent": {"me"}}
	secrets := []string{"Authorization", "Cookie", "X-Api-Key"}
	has := func(s seen) (n int) {
		for _, name := range secrets {
			if s.header.Get(name) != "" {
				n++
			}
		}
		return n
	}
	o := Options{AllowPrivate: true, Redirects: 3}
	for path, want := range map[string]struct {
		where []chan seen
		has   []int
	}{
		"/same":  {[]chan seen{atFirst, atFirst}, []int{3, 3}},
		"/other": {[]chan seen{atFirst, atOther}, []int{3, 0}},
		"/back":  {[]chan seen{atFirst, atOther, atFirst}, []int{3, 0, 0}},
	} {
		a, trouble := send(t, o, http.MethodGet, first.URL+path, "", header)
		if trouble != nil || a.Redirects != len(want.where)-1 || a.URL.Path != "/end" {
			t.Fatalf("%s: %+v %+v", path, a, trouble)
		}
		for i, at := range want.where {
			if s := <-at; has(s) != want.has[i] || s.header.Get("Accept") != "application/json" || s.header.Get("User-Agent") != "me" {
				t.Errorf("%s, request %d: %+v", path, i, s)
			}
		}
	}
	// Without being asked to, none is followed.
	if a, trouble := get(t, Options{AllowPrivate: true}, first.URL+"/same"); trouble != nil || a.Status != http.StatusFound {
		t.Errorf("%+v %+v", a, trouble)
	}
}

// TestRedirectMethods is what becomes of the method and the body.
func TestRedirectMethods(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		want   string
	}{
		{"POST", 301, "GET "},
		{"POST", 302, "GET "},
		{"POST", 303, "GET "},
		{"POST", 307, "POST body"},
		{"POST", 308, "POST body"},
		{"PUT", 301, "PUT body"},
		{"PUT", 302, "PUT body"},
		{"PUT", 303, "GET "},
		{"GET", 302, "GET "},
		{"HEAD", 303, "HEAD "},
		{"DELETE", 307, "DELETE "},
	} {
		server, all := recorder(t, func(r *http.Request) (string, int) {
			if r.URL.Path == "/a" {
				return "/b", c.status
			}
			return "", 0
		})
		body := ""
		if strings.HasSuffix(c.want, "body") || c.method == "POST" || c.method == "PUT" {
			body = "body"
		}
		if _, trouble := send(t, Options{AllowPrivate: true, Redirects: 1}, c.method, server.URL+"/a", body, nil); trouble != nil {
			t.Error(trouble)
		}
		<-all
		if s := <-all; s.method+" "+s.body != c.want {
			t.Errorf("%s %d: %+v", c.method, c.status, s)
		}
	}
}

// TestRedirectsRefused: too many, to nowhere, or into a network that the host was not typed for.
func TestRedirectsRefused(t *testing.T) {
	for location, want := range map[string]jobs.Class{
		"/loop": ClassRedirect, "ftp://example.com/x": ClassRedirect, "javascript:alert(1)": ClassRedirect, "http://%zz/": ClassRedirect, "http:///x": ClassRedirect,
		"http://169.254.169.254/latest/meta-data/": ClassPrivate, "http://[::1]:1/": ClassPrivate, "//localhost/x": ClassPrivate, "http://10.0.0.1/": ClassPrivate,
	} {
		server, _ := recorder(t, func(*http.Request) (string, int) { return location, http.StatusFound })
		_, trouble := send(t, Options{Redirects: 2, Typed: []string{"127.0.0.1"}}, http.MethodPost, server.URL, "x", nil)
		if trouble == nil || trouble.Class != want || trouble.Verdict != jobs.VerdictFailed || strings.Contains(trouble.Text, "latest") {
			t.Errorf("%s: %+v", location, trouble)
			continue
		}
		// The POST was answered: what it led to is not known.
		if trouble.ForOnce(); (trouble.Verdict == jobs.VerdictUnknown) != (trouble.Phase == PhaseHalf) {
			t.Errorf("%s: %+v", location, trouble)
		}
	}
}

// TestSecretsStay: neither what the options name nor what stands in a URL or a header is in an error.
func TestSecretsStay(t *testing.T) {
	const secret = "s3cr3t-value"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		_, _ = fmt.Fprintf(c, "%s is malformed\r\n\r\n", secret)
		_ = c.Close()
	}))
	defer server.Close()
	for _, address := range []string{server.URL + "/" + secret, "http://" + secret + ":1/", "http://user:" + secret + "@127.0.0.1:1/?k=" + secret, "ftp://" + secret + "/"} {
		_, trouble := send(t, Options{AllowPrivate: true, Secrets: []string{secret}}, http.MethodGet, address, "", http.Header{"X-Key": {secret}})
		if trouble == nil || strings.Contains(trouble.Text, secret) {
			t.Errorf("%s: %+v", address, trouble)
		}
	}
	_, trouble := send(t, Options{AllowPrivate: true}, http.MethodGet, server.URL, "", http.Header{"X-Key": {secret + "\n"}})
	if trouble == nil || trouble.Class != ClassRequest || strings.Contains(trouble.Text, secret) {
		t.Errorf("%+v", trouble)
	}
}

func TestExcerpt(t *testing.T) {
	for body, want := range map[string]string{
		`{"error": "no  such"` + "\n}": `{"error": "no such" }`, "<html><TITLE>Not\nfound</title>": "Not found", "<html>": "", "\x00\xff\xfe": "", "a\x1b[31mb": "a[31mb", "": "", "<title>": "", "<title></title": "", strings.Repeat("ä", 150): strings.Repeat("ä", 100) + "…",
	} {
		if got := Excerpt([]byte(body)); got != want {
			t.Errorf("%q: %q", body, got)
		}
	}
}
