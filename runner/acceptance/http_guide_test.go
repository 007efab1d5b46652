package acceptance

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// guideAPI is what docs/http.md talks to.
type guideAPI struct {
	mu     sync.Mutex
	asked  map[string]int
	bodies []string
	keys   map[string]bool
}

func (g *guideAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	g.mu.Lock()
	g.asked[r.Method+" "+kind]++
	g.bodies = append(g.bodies, string(body))
	if k := r.Header.Get("Idempotency-Key"); k != "" {
		g.keys[k] = true
	}
	g.mu.Unlock()
	user, password, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case kind == "people":
		w.Header().Set("ETag", `"v`+id+`"`)
		_, _ = fmt.Fprintf(w, `{"mail":"p%s@example.com","at":[16.37,48.2],"languages":["de","en"]}`, id)
	case kind == "me" && r.Header.Get("Authorization") != "Bearer tok_12345678",
		kind == "basic" && (user != "me" || password != "tok_12345678"),
		kind == "token" && (user != "me" || password != "tok_12345678"),
		kind == "oauth" && r.Header.Get("Authorization") != "Bearer given":
		w.WriteHeader(http.StatusUnauthorized)
	case kind == "token":
		_, _ = io.WriteString(w, `{"access_token":"given","token_type":"bearer","expires_in":3600}`)
	case kind == "maybe" && id == "2":
		w.WriteHeader(http.StatusNotFound)
	case kind == "number":
		_, _ = fmt.Fprintf(w, `{"n":%s}`, id)
	default:
		_, _ = fmt.Fprintf(w, `{"ok":%t}`, id != "3")
	}
}

// TestHTTPGuide does what docs/http.md says, from top to bottom, with a server of its own.
func TestHTTPGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(atRoot("docs/http.md"))
	if err != nil {
		t.Fatal(err)
	}
	api := &guideAPI{asked: make(map[string]int), keys: make(map[string]bool)}
	server := httptest.NewServer(api)
	defer server.Close()
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	const ours = "API=https://api.example.com\n"
	if !strings.Contains(script, "make build\n") || !strings.Contains(script, ours) {
		t.Fatal("the page does not begin as this test thinks")
	}
	script = strings.Replace(script, "make build\n", "", 1)
	script = strings.Replace(script, ours, "API="+server.URL+"\n", 1)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(asBrood(t).Path, filepath.Join(dir, "bin", "brood")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"people/2?city=New%20York", `--data-raw '{"to": "Grace \"Amazing\" Hopper"}'`, "id,name,city,credit,http_status,mail,lat,langs,tag,took", "p3@example.com,48.2,de+en,\"\"\"v3\"\"\"", "3.json", "skipped", "does not hold"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	rows := func(name string) int {
		f, err := os.Open(filepath.Join(dir, "requests", name))
		if err != nil {
			t.Error(err)
			return 0
		}
		defer func() { _ = f.Close() }()
		all, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Error(err)
		}
		return len(all) - 1
	}
	for name, want := range map[string]int{"first.csv": 3, "notes.csv": 3, "me.csv": 3, "basic.csv": 3, "oauth.csv": 3, "maybe.csv": 3, "paid.csv": 3, "numbers.csv": 500} {
		if got := rows(name); got != want {
			t.Errorf("%s has %d rows, want %d", name, got, want)
		}
	}
	api.mu.Lock()
	defer api.mu.Unlock()
	if api.asked["POST notes"] != 3 || api.asked["POST token"] != 1 || api.asked["GET number"] != 500 || len(api.keys) != 3 {
		t.Errorf("asked: %v, %d keys", api.asked, len(api.keys))
	}
	for _, want := range []string{`{"to": "Grace \"Amazing\" Hopper", "text": "Hello Grace \"Amazing\" Hopper of New York", "credit": 7}`, "name=Zo%C3%AB%20M%C3%BCller&city=K%C3%B6ln"} {
		if !strings.Contains(strings.Join(api.bodies, "\n"), want) {
			t.Errorf("%s did not arrive", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
	for _, secret := range []string{"tok_12345678"} {
		_ = filepath.WalkDir(filepath.Join(dir, "state"), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if b, _ := os.ReadFile(path); strings.Contains(string(b), secret) {
					t.Errorf("%s has a secret", path)
				}
			}
			return nil
		})
	}
}
