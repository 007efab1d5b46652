package http

import (
	"brood/jobs"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// statusServer answers with the status that the path says.
func statusServer(t *testing.T) *server {
	t.Helper()
	return serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		status, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		switch {
		case r.URL.Query().Has("after"):
			w.Header().Set("Retry-After", r.URL.Query().Get("after"))
		case status >= 300 && status < 400:
			w.Header().Set("Location", "/200")
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error": "no %d"}`, status)
	})
}

// TestVerdicts: what a status means, for what may be repeated and for what may not, and as the user says.
func TestVerdicts(t *testing.T) {
	s := statusServer(t)
	for _, c := range []struct {
		path  string
		flags []string
		want  jobs.Verdict
		text  string
	}{
		{"200", nil, jobs.VerdictOK, ""},
		{"204", nil, jobs.VerdictOK, ""},
		{"404", nil, jobs.VerdictFailed, `HTTP 404 Not Found: {"error": "no 404"}`},
		{"422", nil, jobs.VerdictFailed, ""},
		{"500", nil, jobs.VerdictRetry, ""},
		{"503", nil, jobs.VerdictRetry, ""},
		{"429", nil, jobs.VerdictThrottle, ""},
		{"503?after=3", nil, jobs.VerdictThrottle, "again after 3s"},
		{"302", nil, jobs.VerdictFailed, "-L follows"},
		{"302", []string{"location", "true"}, jobs.VerdictOK, ""},
		{"402", nil, jobs.VerdictAbort, ""},
		{"401", nil, jobs.VerdictAbort, "--on 401=failed"},
		{"500", []string{"data", "x=1"}, jobs.VerdictUnknown, "not known"},
		{"503", []string{"data", "x=1"}, jobs.VerdictRetry, ""},
		{"404", []string{"data", "x=1"}, jobs.VerdictFailed, ""},
		{"429", []string{"data", "x=1"}, jobs.VerdictThrottle, ""},
		{"500", []string{"data", "x=1", "idempotency-header", "K"}, jobs.VerdictRetry, ""},
		{"500", []string{"data", "x=1", "request", "PUT"}, jobs.VerdictRetry, ""},
		{"500", []string{"effect", "once"}, jobs.VerdictUnknown, ""},
		{"500", []string{"data", "x=1", "effect", "none"}, jobs.VerdictRetry, ""},
		{"404", []string{"on", "404=ok,409=skip"}, jobs.VerdictOK, ""},
		{"409", []string{"on", "404=ok,409=skip"}, jobs.VerdictSkipped, ""},
		{"500", []string{"data", "x=1", "on", "5xx=retry"}, jobs.VerdictRetry, ""},
		{"503?after=9", []string{"on", "500-599=failed"}, jobs.VerdictFailed, ""},
		{"403", []string{"on", "4xx=ok", "on", "403=failed"}, jobs.VerdictFailed, ""},
		{"201", []string{"on", "201=abort"}, jobs.VerdictAbort, "HTTP 201 Created"},
		{"404", []string{"expect", "status=200,404"}, jobs.VerdictOK, ""},
		{"201", []string{"expect", "status=200"}, jobs.VerdictFailed, "not what is expected"},
		{"200", []string{"expect", `jq: .error == "no 200"`}, jobs.VerdictOK, ""},
		{"200", []string{"expect", "jq: .ok"}, jobs.VerdictFailed, "does not hold"},
		{"200", []string{"expect", "jq: .a.b.c"}, jobs.VerdictFailed, ""},
		{"200", []string{"expect", "jq: .error.b"}, jobs.VerdictFailed, "expected an object"},
		{"200", []string{"expect", "jq: $status == 200 and ($headers.date | length > 0)"}, jobs.VerdictOK, ""},
	} {
		r := begin(t, flagsOf(append([]string{"url", s.URL + "/" + c.path}, c.flags...)...))
		res := r.do(t, record(0, "1", "x"))
		if res.Verdict != c.want || !strings.Contains(res.Error, c.text) || (res.Verdict == jobs.VerdictOK) != (res.Error == "") || (res.Verdict != jobs.VerdictOK) != (res.Class != "") {
			t.Errorf("%s %q: %+v", c.path, c.flags, res)
		}
		if res.Verdict == jobs.VerdictThrottle && res.Delays != jobs.DelaysAll {
			t.Errorf("%s: %v wait", c.path, res.Delays)
		}
		if want, _, _ := strings.Cut(c.path, "?"); len(res.Values) == 0 || string(res.Values[0]) != want && c.path != "302" {
			t.Errorf("%s: %q", c.path, res.Values)
		}
	}
}

// TestColumns: every source of a column, and what becomes of an answer that lacks it.
func TestColumns(t *testing.T) {
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header().Set("ETag", `"v1"`)
		switch r.URL.Path {
		case "/json":
			_, _ = io.WriteString(w, `{"features":[{"geometry":{"coordinates":[16.370000,-48.2e0]},"id":12345678901234567890}],"s":"a\"b","t":true,"z":null,"l":["x",1]}`)
		case "/half":
			_, _ = io.WriteString(w, `{"features":[`)
		case "/two":
			_, _ = io.WriteString(w, `{} {}`)
		case "/bytes":
			_, _ = w.Write([]byte{0xff, 'a'})
		case "/go":
			nethttp.Redirect(w, r, "/json", nethttp.StatusFound)
		case "/none":
			w.WriteHeader(nethttp.StatusNoContent)
		case "/deep":
			_, _ = io.WriteString(w, strings.Repeat("[", 2000)+strings.Repeat("]", 2000))
		}
	})
	given := []string{
		"column", "lon=.features[0].geometry.coordinates[0]", "column", "lat=jq: .features[0].geometry.coordinates[1]", "column", "fid=.features[0].id", "column", "none=.features[7].x.y", "column", "s=.s", "column", "t=.t", "column", "z=.z", "column", "l=.l",
		"column", "sum=[.l[]|tostring]|join(\"+\")", "column", "first=.l[]", "column", "tag=header:etag", "column", "status=$status", "column", "h=$headers.etag", "column", "n=bytes", "column", "url=url", "column", "r=redirects", "column", "p=proto", "column", "empty=empty",
	}
	r := begin(t, flagsOf(append([]string{"url", s.URL + "/{name}", "location", "true"}, given...)...))
	want := []string{"200", "16.370000", "-48.2e0", "12345678901234567890", "", `a"b`, "true", "", `["x",1]`, "x+1", "x", `"v1"`, "200", `"v1"`, "126", s.URL + "/json", "0", "HTTP/1.1", ""}
	for _, path := range []string{"json", "go"} {
		res := r.do(t, record(0, "1", path))
		var got []string
		for _, v := range res.Values {
			got = append(got, string(v))
		}
		if path == "go" {
			want[16] = "1"
		}
		want[14] = strconv.Itoa(len(`{"features":[{"geometry":{"coordinates":[16.370000,-48.2e0]},"id":12345678901234567890}],"s":"a\"b","t":true,"z":null,"l":["x",1]}`))
		if res.Verdict != jobs.VerdictOK || !slices.Equal(got, want) {
			t.Errorf("%s: %+v\n got %q\nwant %q", path, res, got, want)
		}
	}
	for path, verdict := range map[string]jobs.Verdict{"half": jobs.VerdictRetry, "two": jobs.VerdictRetry, "bytes": jobs.VerdictRetry, "deep": jobs.VerdictRetry, "none": jobs.VerdictOK} {
		if res := r.do(t, record(0, "1", path)); res.Verdict != verdict || verdict == jobs.VerdictRetry && res.Class != "answer" {
			t.Errorf("%s: %+v", path, res)
		}
	}
	// What was done is not done again for the sake of its answer.
	once := begin(t, flagsOf("url", s.URL+"/{name}", "data", "x=1", "column", "a=.s.t"))
	if res := once.do(t, record(0, "1", "half")); res.Verdict != jobs.VerdictUnknown {
		t.Errorf("%+v", res)
	}
	if res := once.do(t, record(0, "1", "json")); res.Verdict != jobs.VerdictOK {
		t.Errorf("%+v", res)
	}
	if res := begin(t, flagsOf("url", s.URL+"/json", "column", "a=.s.t")).do(t, record(0, "1", "")); res.Verdict != jobs.VerdictFailed || res.Class != ClassColumn {
		t.Errorf("%+v", res)
	}
	// Without columns the body is one, and as plain text the output.
	if res := begin(t, flagsOf("url", s.URL+"/bytes")).do(t, record(0, "1", "")); string(res.Values[1]) != "\ufffda" {
		t.Errorf("%+v", res)
	}
	text := flagsOf("url", s.URL+"/bytes")
	text.text = true
	if res := begin(t, text).do(t, record(0, "1", "")); string(res.Text) != "\xffa\n" {
		t.Errorf("%+v", res)
	}
	text = flagsOf("url", s.URL+"/json", "column", "s=.s")
	text.text = true
	if res := begin(t, text).do(t, record(0, "1", "")); string(res.Text) != `{"http_status":"200","s":"a\"b"}`+"\n" {
		t.Errorf("%s", res.Text)
	}
}

// TestSave: bodies come into files beneath the directory, as a whole, and nowhere else.
func TestSave(t *testing.T) {
	s := serve(t, ok)
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	r := begin(t, flagsOf("url", s.URL, "save", filepath.Join(dir, "answers")+"/{name}/n{id}.json"))
	if res := r.do(t, record(0, "1", "a b")); res.Verdict != jobs.VerdictOK {
		t.Fatalf("%+v", res)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "answers/a b/n1.json")); err != nil || string(b) != `{"ok":true}` {
		t.Errorf("%s, %v", b, err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "answers", "link")); err != nil {
		t.Fatal(err)
	}
	slashed := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"Lat/Lon"}}
	p, err := plan(flagsOf("url", s.URL, "save", dir+"/at/{Lat/Lon}.json"), slashed)
	if err != nil {
		t.Fatal(err)
	}
	at, err := open(t.Context(), jobs.Setup{Config: p.Config, Shape: slashed, MaxOutput: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if res := at.(*runner).do(t, &jobs.Record{Shape: slashed, Values: [][]byte{[]byte("1,2")}}); res.Verdict != jobs.VerdictOK {
		t.Errorf("%+v", res)
	}
	if _, err := os.Stat(filepath.Join(dir, "at", "1,2.json")); err != nil {
		t.Error(err)
	}
	if err := at.Close(); err != nil {
		t.Error(err)
	}
	before := s.count()
	for _, name := range []string{"..", ".", "", "a/b", "../x", "/etc", "a\x00", strings.Repeat("x", 300)} {
		rec := record(0, "1", name)
		if len(name) > 255 {
			rec = record(0, name, "a")
		}
		if res := r.do(t, rec); res.Verdict != jobs.VerdictFailed || s.count() != before {
			t.Errorf("%q: %+v, and it was asked", name, res)
		}
	}
	if res := r.do(t, record(0, "1", "link")); res.Verdict != jobs.VerdictAbort || res.Class != ClassSave {
		t.Errorf("%+v", res)
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	if left, err := filepath.Glob(dir + "/answers/*/.brood-*"); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	once := begin(t, flagsOf("url", s.URL, "data", "x=1", "save", filepath.Join(dir, "answers")+"/{name}/{id}"))
	if res := once.do(t, record(0, "1", "link")); res.Verdict != jobs.VerdictUnknown {
		t.Errorf("%+v", res)
	}
}

// TestToken: one is got for all records, and another when the server does not take it any more.
func TestToken(t *testing.T) {
	var mu sync.Mutex // for what follows
	var tokens, revoked int
	refuse := ""
	given := func() int {
		mu.Lock()
		defer mu.Unlock()
		return tokens
	}
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path == "/token" && refuse != "":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(nethttp.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"error":%q,"error_description":"s3cr3t-value is wrong"}`, refuse)
		case r.URL.Path == "/token":
			if user, password, _ := r.BasicAuth(); user != "me" || password != "s3cr3t-value" {
				w.WriteHeader(nethttp.StatusUnauthorized)
				return
			}
			tokens++
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"access_token":"t%d","token_type":"bearer","expires_in":3600}`, tokens)
		case r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", tokens) || tokens <= revoked:
			w.WriteHeader(nethttp.StatusUnauthorized)
		default:
			ok(w, r)
		}
	})
	t.Setenv("TOKEN", "s3cr3t-value")
	words := []string{"url", s.URL + "/api", "oauth2-token-url", s.URL + "/token", "oauth2-client-id", "me", "oauth2-secret", "TOKEN", "secret", "TOKEN", "oauth2-scope", "a b"}
	r := begin(t, flagsOf(words...))
	for i := range 5 {
		if res := r.do(t, record(i, "1", "")); res.Verdict != jobs.VerdictOK || given() != 1 {
			t.Fatalf("%+v, %d tokens", res, given())
		}
	}
	mu.Lock()
	revoked = 1
	mu.Unlock()
	if res := r.do(t, record(6, "1", "")); res.Verdict != jobs.VerdictOK || given() != 2 {
		t.Errorf("%+v, %d tokens", res, given())
	}
	mu.Lock()
	refuse = "invalid_client"
	mu.Unlock()
	if res := begin(t, flagsOf(words...)).do(t, record(7, "1", "")); res.Verdict != jobs.VerdictAbort || res.Class != ClassToken || strings.Contains(res.Error, "s3cr3t") || !strings.Contains(res.Error, "invalid_client") {
		t.Errorf("%+v", res)
	}
}

// TestDoubts: nobody is hammered who says no to the first; later a refusal may be about the record
// alone, and many are not.
func TestDoubts(t *testing.T) {
	var no sync.Map // records that are refused, or all
	s := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_, one := no.Load(r.URL.Query().Get("id"))
		if _, all := no.Load("all"); one || all {
			w.WriteHeader(nethttp.StatusForbidden)
		}
	})
	start := func() *runner { return begin(t, flagsOf("url", s.URL, "query", "id={id}")) }
	ask := func(r *runner, seq, attempt int) jobs.Verdict {
		rec := record(seq, strconv.Itoa(seq), "")
		rec.Attempt = attempt
		return r.do(t, rec).Verdict
	}
	no.Store("1", true)
	if v := ask(start(), 1, 1); v != jobs.VerdictAbort {
		t.Errorf("the first is %s", v)
	}
	r := start()
	for i, want := range []struct {
		seq, attempt int
		verdict      jobs.Verdict
	}{{0, 1, jobs.VerdictOK}, {1, 1, jobs.VerdictRetry}, {2, 1, jobs.VerdictOK}, {1, 2, jobs.VerdictFailed}} {
		if v := ask(r, want.seq, want.attempt); v != want.verdict {
			t.Errorf("%d: %s", i, v)
		}
	}
	// The last of a run has no other to be compared with.
	r = start()
	for i, want := range []struct {
		seq, attempt int
		verdict      jobs.Verdict
	}{{0, 1, jobs.VerdictOK}, {1, 1, jobs.VerdictRetry}, {1, 2, jobs.VerdictFailed}} {
		if v := ask(r, want.seq, want.attempt); v != want.verdict {
			t.Errorf("the last, %d: %s", i, v)
		}
	}
	r = start()
	_ = ask(r, 0, 1)
	no.Store("all", true) // a token that has expired
	for i, want := range []jobs.Verdict{jobs.VerdictRetry, jobs.VerdictRetry, jobs.VerdictAbort} {
		if v := ask(r, 10+i, 1); v != want {
			t.Errorf("refusal %d: %s", i, v)
		}
	}
}

// TestDoubtsInHand: of many that are in hand at a time the one that is refused first does not stop the
// run, if others are taken; and does, if they are refused as well, or there is none.
func TestDoubtsInHand(t *testing.T) {
	for name, c := range map[string]struct {
		others func(d *doubts)
		want   jobs.Verdict
	}{
		"taken":   {func(d *doubts) { d.took(); d.end() }, jobs.VerdictRetry},
		"refused": {func(d *doubts) { _, _ = d.weigh(t.Context(), 2, 1); d.end() }, jobs.VerdictAbort},
		"lost":    {func(d *doubts) { d.end() }, jobs.VerdictAbort},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &doubts{}
			d.begin()
			d.begin()
			got := make(chan jobs.Verdict, 1)
			go func() {
				v, _ := d.weigh(t.Context(), 1, 1)
				d.end()
				got <- v
			}()
			synctest.Wait()
			if len(got) > 0 {
				t.Errorf("%s: it does not wait for the other", name)
			}
			c.others(d)
			if v := <-got; v != c.want {
				t.Errorf("%s: %s", name, v)
			}
		})
	}
}
