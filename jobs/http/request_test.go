package http

import (
	"brood/jobs"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRequests: what arrives of each way to ask.
func TestRequests(t *testing.T) {
	s := serve(t, ok)
	dir := t.TempDir()
	template := filepath.Join(dir, "body.json")
	if err := os.WriteFile(template, []byte("\n{\"who\": {name}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const hostile = "Ann \"&=\n/ü"
	t.Setenv("TOKEN", "s3cr3t-value")
	for _, c := range []struct {
		flags  []string
		method string
		uri    string
		body   string
		header string // Name: value
	}{
		{[]string{"url", "/u/{id}"}, "GET", "/u/7", "", "Accept: */*"},
		{[]string{"url", "/u?a=1", "query", "n={name}"}, "GET", "/u?a=1&n=Ann%20%22%26%3D%0A%2F%C3%BC", "", "User-Agent: brood"},
		{[]string{"url", "/u/{name}"}, "GET", "/u/Ann%20%22%26%3D%0A%2F%C3%BC", "", ""},
		{[]string{"url", "/u", "json", `{"a": {name}}`}, "POST", "/u", `{"a": "Ann \"&=\n/ü"}`, "Content-Type: application/json"},
		{[]string{"url", "/u", "json", `{"a":{id:json},`, "json", `"b":1}`}, "POST", "/u", `{"a":7,"b":1}`, "Accept: application/json"},
		{[]string{"url", "/u", "json", "@" + template}, "POST", "/u", "\n{\"who\": \"Ann \\\"&=\\n/ü\"}\n", ""},
		{[]string{"url", "/u", "body-file", template, "request", "put"}, "PUT", "/u", "\n{\"who\": \"Ann \\\"&=\\n/ü\"}", "Content-Type: application/json"},
		{[]string{"url", "/u", "data", "a={name}", "data", "b=1"}, "POST", "/u", "a=Ann%20%22%26%3D%0A%2F%C3%BC&b=1", "Content-Type: application/x-www-form-urlencoded"},
		{[]string{"url", "/u", "data-urlencode", "a b={id} &"}, "POST", "/u", "a%20b=7%20%26", ""},
		{[]string{"url", "/u", "data", "a={id}", "get", "true"}, "GET", "/u?a=7", "", ""},
		{[]string{"url", "/u", "data", `{"a": "{name}"}`, "header", "Content-Type: application/vnd.api+json"}, "POST", "/u", `{"a": "Ann \"&=\n/ü"}`, "Content-Type: application/vnd.api+json"},
		{[]string{"url", "/u", "data", "<a>{name}</a>", "header", "content-type: text/xml"}, "POST", "/u", "<a>Ann &#34;&amp;=\n/ü</a>", "Content-Type: text/xml"},
		{[]string{"url", "/u", "header", "X-Id: n{id}", "header", "Accept:", "header", "X-Empty;"}, "GET", "/u", "", "X-Id: n7"},
		{[]string{"url", "/u", "header", "Authorization: Bearer {secret:TOKEN}", "secret", "TOKEN"}, "GET", "/u", "", "Authorization: Bearer s3cr3t-value"},
		{[]string{"url", "/u", "basic", "me:{secret:TOKEN}", "secret", "TOKEN=x"}, "GET", "/u", "", "Authorization: Basic bWU6czNjcjN0LXZhbHVl"},
		{[]string{"url", "/u?k={secret:TOKEN}", "secret", "TOKEN"}, "GET", "/u?k=s3cr3t-value", "", ""},
		{[]string{"url", "/u", "head", "true", "user-agent", "me", "referer", "there"}, "HEAD", "/u", "", "User-Agent: me"},
		{[]string{"url", "/u", "request", "DELETE", "idempotency-header", "Idempotency-Key"}, "DELETE", "/u", "", "Idempotency-Key: " + jobs.KeySpec{Scope: "s", Columns: []string{"id"}}.Of(record(0, "7", ""))},
		{[]string{"from-curl", "curl 'BASE/c/{id}' -H 'X-A: 1' -H 'X-B: {id}' -d '{\"n\": {id:json}}' -H 'Content-Type: application/json'", "header", "x-a: 2"}, "POST", "/c/7", `{"n": 7}`, "X-A: 2"},
		{[]string{"from-curl", "curl BASE/r -H 'Content-Type: text/xml' -H 'Expect:' -d '<a/>'", "json", `{"n": {id:json}}`}, "POST", "/r", `{"n": 7}`, "Content-Type: application/json"},
		{[]string{"from-curl", "curl BASE/r -H 'Content-Type: application/vnd.api+json'", "data", `{"n": {id:json}}`}, "POST", "/r", `{"n": 7}`, "Content-Type: application/vnd.api+json"},
		{[]string{"url", "/n/{#}#x", "data", "a={#}", "data", "b=1", "get", "true"}, "GET", "/n/1?a=1&b=1", "", ""},
		{[]string{"url", "/n/{#}?of={#}#x"}, "GET", "/n/1?of=1", "", ""},
		{[]string{"from-curl", "curl BASE/v1/charges -u sk_test_1: -d amount=2000 -d 'metadata[id]={id}'"}, "POST", "/v1/charges", "amount=2000&metadata[id]=7", "Authorization: Basic c2tfdGVzdF8xOg=="},
		{[]string{"from-curl", "curl BASE/v1 -H \"Authorization: Bearer $TOKEN\" -X PATCH", "secret", "TOKEN"}, "PATCH", "/v1", "", "Authorization: Bearer s3cr3t-value"},
	} {
		words := slices.Clone(c.flags)
		for i := range words {
			if i%2 == 1 && words[i-1] == "url" {
				words[i] = s.URL + words[i]
			}
			words[i] = strings.ReplaceAll(words[i], "BASE", s.URL)
		}
		res := begin(t, flagsOf(words...)).do(t, record(0, "7", hostile))
		got := s.last(t)
		name, value, _ := strings.Cut(c.header, ": ")
		if res.Verdict != jobs.VerdictOK || got.method != c.method || got.uri != c.uri || got.body != c.body || name != "" && got.header.Get(name) != value {
			t.Errorf("%q: %s\n got %+v\nwant %s %s %q %s", c.flags, res.Error, got, c.method, c.uri, c.body, c.header)
		}
	}
	// Of a header that was taken away nothing is sent.
	begin(t, flagsOf("url", s.URL, "header", "Accept:", "header", "user-agent:", "header", "Expect:", "header", "Host: other.example", "header", "X-Empty;")).do(t, record(0, "7", ""))
	if got := s.last(t); got.header.Get("Accept") != "" || got.header.Get("User-Agent") != "" || got.host != "other.example" || len(got.header["X-Empty"]) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestOutside(t *testing.T) {
	for text, want := range map[string]int{"a?": 1, "{a?}": -1, "{a?}?": 4, "{a?": 2, `\{a?}`: 3, "": -1} {
		if got := outside(text, '?'); got != want {
			t.Errorf("%s: %d", text, got)
		}
	}
}

// TestParts: a body of several parts, and files from beneath a directory only.
func TestParts(t *testing.T) {
	s := serve(t, ok)
	dir := t.TempDir()
	for name, text := range map[string]string{"photos/ann.png": "PNG", "logo.txt": "typed", "secret.txt": "no"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret.txt", filepath.Join(dir, "photos", "link")); err != nil {
		t.Fatal(err)
	}
	r := begin(t, flagsOf("url", s.URL, "form", "who={name}", "form", "photo=@{id};type=image/x;filename=\"{name}.png\"", "form", "logo=@"+filepath.Join(dir, "logo.txt"), "files-from", filepath.Join(dir, "photos")))
	if res := r.do(t, record(0, "ann.png", "A\"\n@x")); res.Verdict != jobs.VerdictFailed || !strings.Contains(res.Error, "control character") {
		t.Errorf("%+v", res)
	}
	if res := r.do(t, record(0, "ann.png", "@A\"x;type=b")); res.Verdict != jobs.VerdictOK {
		t.Fatalf("%+v", res)
	}
	got := s.last(t)
	_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form, err := multipart.NewReader(strings.NewReader(got.body), params["boundary"]).ReadForm(1 << 20)
	if err != nil || form.Value["who"][0] != `@A"x;type=b` || len(form.File) != 2 {
		t.Fatalf("%v: %+v", err, form)
	}
	if f := form.File["photo"][0]; f.Size != 3 || f.Header.Get("Content-Type") != "image/x" || !strings.Contains(f.Header.Get("Content-Disposition"), `filename="@A%22x;type=b.png"`) {
		t.Errorf("%+v", f)
	}
	if f := form.File["logo"][0]; f.Size != 5 || f.Filename != "logo.txt" {
		t.Errorf("%+v", f)
	}
	before := s.count()
	for _, id := range []string{"../secret.txt", "link", "none.png", "..", "", "/etc/passwd", "."} {
		if res := r.do(t, record(0, id, "x")); res.Verdict != jobs.VerdictFailed {
			t.Errorf("%q: %+v", id, res)
		}
	}
	if s.count() != before {
		t.Error("something was sent")
	}
}

// TestHosts: a host of a record is asked only if it is allowed.
func TestHosts(t *testing.T) {
	s := serve(t, ok)
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	r := begin(t, flagsOf("url", "{name}", "allow-host", "api.example.com,*.svc.example.com", "resolve", "api.example.com"+port+":127.0.0.1", "resolve", "a.svc.example.com"+port+":127.0.0.1", "resolve", "svc.example.com"+port+":127.0.0.1"))
	for address, want := range map[string]bool{
		"http://api.example.com" + port + "/x": true, "http://API.example.com" + port: true, "http://a.svc.example.com" + port + "/": true,
		"http://svc.example.com" + port: false, "http://api.example.com.evil.example" + port: false, "http://evilapi.example.com" + port: false, s.URL: false, "http://api.example.com" + port + "@evil.example/": false, "http://u:p@api.example.com" + port: false,
		"ftp://api.example.com/": false, "api.example.com": false, "": false, "http://api.example.com\\@evil.example/": false, "javascript:x": false,
	} {
		res := r.do(t, record(0, "1", address))
		if got := res.Verdict == jobs.VerdictOK; got != want || !want && (res.Verdict != jobs.VerdictFailed || res.Error == "") {
			t.Errorf("%s: %+v", address, res)
		}
	}
	r = begin(t, flagsOf("url", "http://{name}"+port+"/", "allow-host", "*.0.0.1"))
	if res := r.do(t, record(0, "1", "127.0.0.1")); res.Verdict != jobs.VerdictFailed || res.Class != "private" {
		t.Errorf("%+v", res)
	}
	if res := r.do(t, record(0, "1", "a/@127.0.0.1")); res.Verdict != jobs.VerdictFailed || res.Class != "request" {
		t.Errorf("%+v", res)
	}
}
