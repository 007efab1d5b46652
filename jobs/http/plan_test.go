package http

import (
	"brood/jobs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlanRefuses: what cannot work is refused before anything is sent, with what to do.
func TestPlanRefuses(t *testing.T) {
	dir := t.TempDir()
	latin := filepath.Join(dir, "latin.txt")
	if err := os.WriteFile(latin, []byte("\xe4"), 0o600); err != nil {
		t.Fatal(err)
	}
	const at = "https://api.example.com/"
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{nil, "no URL"},
		{[]string{"url", at + "{nmae}"}, "did you mean {name}"},
		{[]string{"url", "{name}"}, "--allow-host"},
		{[]string{"url", "https://{name}.example.com/"}, "--allow-host"},
		{[]string{"url", "{name}", "allow-host", "*"}, "--allow-host"},
		{[]string{"url", "{name}", "allow-host", "a*.b"}, "--allow-host"},
		{[]string{"url", at, "json", `{"a": {name}`}, "no JSON"},
		{[]string{"url", at, "json", `{"a": "{nmae}"}`}, "did you mean {name}"},
		{[]string{"url", at, "json", `{}`, "data", "a=1"}, "several bodies"},
		{[]string{"url", at, "data", `{"a": 1}`}, "--json"},
		{[]string{"url", at, "data", "a={name}", "header", "Content-Type: application/graphql"}, "not known"},
		{[]string{"url", at, "header", "X"}, "Name: value"},
		{[]string{"url", at, "header", "{name}: x"}, "cannot come from a record"},
		{[]string{"url", at, "header", "A B: x"}, "no name of a header"},
		{[]string{"url", at, "header", "Content-Length: 3"}, "follows from the request"},
		{[]string{"url", at, "header", "X: {secret:K}"}, "--secret K"},
		{[]string{"url", at, "header", "Host: {name}"}, "Host"},
		{[]string{"url", at + "100%"}, "%25"},
		{[]string{"url", at + "%{id}"}, "%25"},
		{[]string{"url", at + "{id"}, "not closed"},
		{[]string{"url", at, "resolve", "*:443:127.0.0.1"}, "write the host"},
		{[]string{"from-curl", "curl https://x/ --noproxy a.example"}, "NO_PROXY"},
		{[]string{"url", at, "basic", "me"}, "password"},
		{[]string{"url", at, "basic", "a:b", "header", "Authorization: x"}, "two ways"},
		{[]string{"url", "https://u:p@x/"}, "-u"},
		{[]string{"url", at, "request", "TRACE"}, "TRACE"},
		{[]string{"url", at, "request", "GET", "data", "a=1"}, "has no body"},
		{[]string{"url", at, "form", "a=@{name}"}, "--files-from"},
		{[]string{"url", at, "form", "a=@" + dir + "/none"}, "no such file"},
		{[]string{"url", at, "form", "a"}, "name=value"},
		{[]string{"url", at, "form", "a=<x"}, "not read"},
		{[]string{"url", at, "form", "a=@x;foo=1"}, "foo"},
		{[]string{"url", at, "body-file", latin}, "UTF-8"},
		{[]string{"url", at, "form", "a=1", "header", "Content-Type: x/y"}, "follows from it"},
		{[]string{"url", at, "column", "a"}, "NAME=EXPRESSION"},
		{[]string{"url", at, "column", "a=.["}, "no expression of jq"},
		{[]string{"url", at, "column", "a=$x"}, "variable"},
		{[]string{"url", at, "column", "http_status=.a"}, "taken"},
		{[]string{"url", at, "column", "a=.a", "column", "a=.b"}, "twice"},
		{[]string{"url", at, "column", "a=header:x y"}, "no name of a header"},
		{[]string{"url", at, "save", "out.json"}, "one file"},
		{[]string{"url", at, "save", "d/{nmae}"}, "did you mean"},
		{[]string{"url", at, "on", "404"}, "STATUS=VERDICT"},
		{[]string{"url", at, "on", "abc=ok"}, "neither a status"},
		{[]string{"url", at, "on", "404=good"}, "verdict"},
		{[]string{"url", at, "expect", "x"}, "neither"},
		{[]string{"url", at, "expect", "jq: ["}, "jq"},
		{[]string{"url", at, "idempotency-header", "a b"}, "no name of a header"},
		{[]string{"url", at, "idempotency-header", "X-K", "header", "x-k: 1"}, "as well"},
		{[]string{"url", at, "cacert", dir + "/none"}, "--cacert"},
		{[]string{"url", at, "cacert", latin}, "PEM"},
		{[]string{"url", at, "cert-key", latin}, "--cert"},
		{[]string{"url", at, "proxy", "ftp://x"}, "proxy"},
		{[]string{"url", at, "resolve", "x"}, "host:port:address"},
		{[]string{"url", at, "max-filesize", "x"}, "no size"},
		{[]string{"url", at, "max-filesize", "2GiB"}, "1GiB"},
		{[]string{"url", at, "max-time", "0s"}, "more than nothing"},
		{[]string{"url", at, "oauth2-token-url", "x"}, "no URL"},
		{[]string{"url", at, "oauth2-token-url", "https://x/t"}, "--oauth2-client-id"},
		{[]string{"url", at, "oauth2-token-url", "https://x/t", "oauth2-client-id", "a", "oauth2-secret", "B"}, "--secret B"},
		{[]string{"from-curl", "curl -k https://x/"}, "--cacert"},
		{[]string{"from-curl", "curl https://x/ -H \"A: $B\""}, "--secret B"},
		{[]string{"from-curl", "curl -G https://x/ --json '{}'"}, "-G"},
		{[]string{"url", at, "data-urlencode", "a@b"}, "name=value"},
	} {
		p, err := plan(flagsOf(c.flags...), shape)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, %s", c.flags, err, p.Config)
		}
	}
}

// TestEffects: what repeating costs follows from the method, unless the user knows better.
func TestEffects(t *testing.T) {
	for want, cases := range map[string][][]string{
		"none":  {nil, {"head", "true"}, {"request", "PUT", "json", "{}"}, {"request", "delete"}, {"request", "OPTIONS"}, {"data", "a=1", "get", "true"}, {"json", "{}", "effect", "none"}, {"request", "PUT", "idempotency-header", "K"}},
		"once":  {{"json", "{}"}, {"request", "POST"}, {"request", "PATCH", "json", "{}"}, {"form", "a=1"}, {"request", "PURGE"}, {"effect", "once"}},
		"keyed": {{"json", "{}", "idempotency-header", "Idempotency-Key"}, {"request", "PATCH", "idempotency-header", "K"}},
	} {
		for _, words := range cases {
			p, err := plan(flagsOf(append([]string{"url", "https://x.example/"}, words...)...), shape)
			if err != nil || p.Defaults["effect"] != want {
				t.Errorf("%q: %s, %v; want %s", words, p.Defaults["effect"], err, want)
			}
		}
	}
}

// TestPreview: a dry run shows the request as a command of curl, and no secret.
func TestPreview(t *testing.T) {
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"url", "https://x.example/{name}", "query", "a={id}"}, `curl 'https://x.example/O%27Neil?a=7' -H 'Accept: */*'`},
		{[]string{"url", "https://x.example/", "json", `{"n": {name}}`, "header", "X-Api-Key: abc123456", "basic", "me:pw"}, `curl https://x.example/ -H 'Accept: application/json' -H 'Authorization: ***' -H 'Content-Type: application/json' -H 'X-Api-Key: ***' --data-raw '{"n": "O'\''Neil"}'`},
		{[]string{"url", "https://x.example/?k={secret:K}", "secret", "K", "request", "DELETE"}, `curl -X DELETE 'https://x.example/?k=***' -H 'Accept: */*'`},
		{[]string{"url", "https://x.example/", "form", "a={name}", "header", "Authorization: Bearer {secret:K}", "secret", "K"}, `curl https://x.example/ -H 'Accept: */*' -H 'Authorization: Bearer ***' -F 'a=O'\''Neil'`},
	} {
		p, err := plan(flagsOf(c.flags...), shape)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Preview(record(0, "7", "O'Neil")); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.flags, got, c.want)
		}
	}
	p, err := plan(flagsOf("url", "https://x.example/{name}"), shape)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Preview(record(0, "", "..")); !strings.HasPrefix(got, "# ") {
		t.Error(got)
	}
}

// TestBounded: an answer that may be larger than a record is told to be no larger.
func TestBounded(t *testing.T) {
	for _, c := range []struct {
		size, record string
		want         int
	}{{"64MiB", "16MiB", 1}, {"64MiB", "64MiB", 0}, {"", "1MiB", 0}, {"1MiB", "16MiB", 0}} {
		o := flagsOf("url", "https://x.example/")
		o.given["max-record"] = c.record
		if c.size != "" {
			o.given["max-filesize"] = c.size
		}
		if p, err := plan(o, shape); err != nil || len(p.Warnings) != c.want {
			t.Errorf("%+v: %q, %v", c, p.Warnings, err)
		}
	}
}

// TestWarnings: a key in the command line is told, and is in no error.
func TestWarnings(t *testing.T) {
	p, err := plan(flagsOf("url", "http://x.example/", "header", "Authorization: Bearer abcdefgh12"), shape)
	if err != nil || len(p.Warnings) != 2 || !strings.Contains(p.Warnings[0], "--secret") || !strings.Contains(p.Warnings[1], "unencrypted") {
		t.Errorf("%q, %v", p.Warnings, err)
	}
	r, err := open(t.Context(), jobs.Setup{Config: p.Config, Shape: shape, MaxOutput: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if got := r.(*runner).client.Mask().Text("it says abcdefgh12"); strings.Contains(got, "abcdefgh12") {
		t.Error(got)
	}
}

// TestKeyInURL: a key that stands in the URL or in --query is told and masked; what only sounds like one is not.
func TestKeyInURL(t *testing.T) {
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"url", "https://x.example/?q={id}&api_key=abcdefgh12"}, "api_key"},
		{[]string{"url", "https://x.example/", "query", "accessToken=abcdefgh12", "query", "id={id}"}, "accessToken"},
		{[]string{"url", "https://x.example/?q=1#key=abcdefgh12"}, ""},
		{[]string{"url", "https://x.example/?keyword=abcdefgh12&author=abcdefgh12", "query", "sort_key=name"}, ""},
		{[]string{"url", "https://x.example/?key={id}"}, ""},
	} {
		p, err := plan(flagsOf(c.flags...), shape)
		if err != nil {
			t.Fatal(err)
		}
		told := len(p.Warnings) == 1 && strings.Contains(p.Warnings[0], "the value of "+c.want+" stands") && strings.Contains(p.Warnings[0], "--secret")
		if c.want == "" && len(p.Warnings) > 0 || c.want != "" && !told {
			t.Errorf("%q: %q", c.flags, p.Warnings)
		}
		r, err := open(t.Context(), jobs.Setup{Config: p.Config, Shape: shape, MaxOutput: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.(*runner).client.Mask().Text("it says abcdefgh12"); strings.Contains(got, "abcdefgh12") == (c.want != "") {
			t.Errorf("%q: %s", c.flags, got)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
