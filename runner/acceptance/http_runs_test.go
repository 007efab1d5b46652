package acceptance

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// faultyAPI is a server that counts what it is asked, by record, and fails as the record says: the
// first time, or always.
type faultyAPI struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int      // by record
	keys  map[string][]string // of idempotency, by record
	// enough is closed when so many have arrived; from then on nobody is answered until hold is closed.
	after        int
	enough, hold chan struct{}
}

func newFaultyAPI(t *testing.T) *faultyAPI {
	t.Helper()
	f := &faultyAPI{asked: make(map[string]int), keys: make(map[string][]string)}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *faultyAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.Trim(r.URL.Path, "/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was cut off, and is no request
	}
	f.mu.Lock()
	f.asked[id]++
	n := f.asked[id]
	f.keys[id] = append(f.keys[id], r.Header.Get("Idempotency-Key"))
	if f.enough != nil && len(f.asked) >= f.after {
		close(f.enough)
		f.enough, f.hold = nil, make(chan struct{})
	}
	hold := f.hold
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if fault := apiFaults[id]; fault != nil && (n == 1 || strings.HasPrefix(id, "always-")) {
		fault(w, r)
		return
	}
	_, _ = fmt.Fprintf(w, `{"id":%q,"bytes":%d}`, id, len(body))
}

// apiFaults are what can go wrong, by the name of the record.
var apiFaults = map[string]func(http.ResponseWriter, *http.Request){
	"429-seconds": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
	},
	"429-date": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	},
	"503-seconds": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	},
	"500":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	"always-404": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
	"always-403": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
	"half": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":"ha`)
	},
	"half-json": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"id":"ha`) },
	"reset": func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}
	},
	"slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"always-bomb": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 100 {
			_, _ = z.Write(make([]byte, 1<<20))
		}
		_ = z.Close()
	},
	"always-metadata": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	},
}

// requests are runs of brood in a directory.
type requests struct{ dir string }

func (q *requests) path(name string) string { return filepath.Join(q.dir, name) }

func (q *requests) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := asBrood(t, args...)
	cmd.Dir = q.dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+q.path("state"))
	cmd.Stderr = &bytes.Buffer{}
	return cmd
}

func (q *requests) write(t *testing.T, ids []string) {
	t.Helper()
	if err := os.WriteFile(q.path("in.csv"), []byte("id\n"+strings.Join(ids, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// results are the rows by the value of the first column, each with its fields by name.
func (q *requests) results(t *testing.T) (order []string, rows map[string]map[string]string) {
	t.Helper()
	f, err := os.Open(q.path("out.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = make(map[string]map[string]string)
	for _, row := range all[1:] {
		fields := make(map[string]string)
		for i, name := range all[0] {
			fields[name] = row[i]
		}
		order, rows[row[0]] = append(order, row[0]), fields
	}
	return order, rows
}

// TestHTTPFaults: each way to fail comes to what it means, for requests that may be repeated and for those
// that may not, over HTTP.
func TestHTTPFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		flags []string
		// what the records come to: status and class, and how often they are asked
		want map[string]string
	}{
		{"repeatable", []string{"-X", "GET"}, map[string]string{
			"plain": "ok  1", "429-seconds": "ok  2", "429-date": "ok  2", "503-seconds": "ok  2", "500": "ok  2", "half": "ok  2", "half-json": "ok  2", "reset": "ok  2", "slow": "ok  2", "always-404": "failed http_404 1", "always-403": "failed http_403 2", "always-bomb": "failed output 1", "always-metadata": "failed private 1",
		}},
		{"once", []string{"-d", "x={id}"}, map[string]string{
			"plain": "ok  1", "429-seconds": "ok  2", "429-date": "ok  2", "503-seconds": "ok  2", "500": "unknown http_500 1", "half": "unknown cut 1", "half-json": "unknown answer 1", "reset": "unknown cut 1", "slow": "unknown slow 1", "always-404": "failed http_404 1", "always-403": "failed http_403 2", "always-bomb": "unknown output 1", "always-metadata": "unknown private 1",
		}},
		{"keyed", []string{"-d", "x={id}", "--idempotency-header", "Idempotency-Key", "--key", "id"}, map[string]string{
			"plain": "ok  1", "429-seconds": "ok  2", "503-seconds": "ok  2", "500": "ok  2", "half": "ok  2", "half-json": "ok  2", "reset": "ok  2", "slow": "ok  2", "always-404": "failed http_404 1", "always-bomb": "failed output 1",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, api := &requests{t.TempDir()}, newFaultyAPI(t)
			ids := make([]string, 0, len(c.want))
			for id := range c.want {
				ids = append(ids, id)
			}
			slices.Sort(ids)
			slices.Reverse(ids) // the plain one before 403
			q.write(t, ids)
			args := append([]string{"run", "http", "--run", "r", "-j", "1", "-L", "--backoff", "1ms..2ms", "--no-guard", "--max-time", "1s", "--max-filesize", "1MiB", "--column", "got=.id", "--url", api.URL + "/{id}", "-o", "out.csv", "in.csv"}, c.flags...)
			cmd := q.command(t, args...)
			_ = cmd.Run()
			order, rows := q.results(t)
			if !slices.Equal(order, ids) {
				t.Fatalf("rows of %q: %s", order, cmd.Stderr)
			}
			api.mu.Lock()
			defer api.mu.Unlock()
			for id, want := range c.want {
				got := fmt.Sprintf("%s %s %d", rows[id]["_status"], rows[id]["_class"], api.asked[id])
				if got != want || rows[id]["_status"] == "ok" && rows[id]["got"] != id {
					t.Errorf("%s: %s, want %s: %s", id, got, want, rows[id]["_error"])
				}
				if keys := slices.Compact(slices.Clone(api.keys[id])); c.name == "keyed" && (len(keys) != 1 || len(keys[0]) != 32) {
					t.Errorf("%s has the keys %q", id, keys)
				}
				if strings.Contains(rows[id]["_error"], "meta-data") {
					t.Errorf("%s: %s", id, rows[id]["_error"])
				}
			}
		})
	}
}

// TestHTTPAborts: wrong credentials stop the run at the first, and nothing of the list is lost by that.
func TestHTTPAborts(t *testing.T) {
	t.Parallel()
	q, refused := &requests{t.TempDir()}, true
	var mu sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if asked++; refused {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	var ids []string
	for i := range 300 {
		ids = append(ids, strconv.Itoa(i))
	}
	q.write(t, ids)
	cmd := q.command(t, "run", "http", "--run", "r", "-j", "4", "--url", server.URL+"/{id}", "-o", "out.csv", "in.csv")
	_ = cmd.Run()
	mu.Lock()
	if code := cmd.ProcessState.ExitCode(); code != 4 || asked > 4 {
		t.Errorf("exit status %d, asked %d times: %s", code, asked, cmd.Stderr)
	}
	refused = false
	mu.Unlock()
	if cmd = q.command(t, "resume", "r"); cmd.Run() != nil {
		t.Fatal(cmd.Stderr)
	}
	order, rows := q.results(t)
	for _, id := range ids {
		if rows[id]["_status"] != "ok" {
			t.Errorf("%s: %v", id, rows[id])
		}
	}
	if !slices.Equal(order, ids) {
		t.Errorf("%d rows", len(order))
	}
}

// TestHTTPEffects kills everything in the middle of POSTs, and resumes: what the server has counted is what
// brood says. With once no request arrives twice, and those that are unknown are no more than were in hand; with keyed
// nothing is unknown, and a record has one key.
func TestHTTPEffects(t *testing.T) {
	t.Parallel()
	const records, inHand, kills = 1200, 8, 3
	for _, effect := range []string{"once", "keyed"} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			q, api := &requests{t.TempDir()}, newFaultyAPI(t)
			var ids []string
			for i := range records {
				ids = append(ids, fmt.Sprintf("r%d", i))
			}
			q.write(t, ids)
			args := []string{"run", "http", "--run", "r", "--key", "id", "-j", strconv.Itoa(inHand), "--per-worker", "4", "-d", "n={id}", "--url", api.URL + "/{id}", "-o", "out.csv", "in.csv"}
			if effect == "keyed" {
				args = append(args, "--idempotency-header", "Idempotency-Key")
			}
			for kill := 1; kill <= kills; kill++ {
				enough := make(chan struct{})
				api.mu.Lock()
				api.after, api.enough = records*kill/(kills+1), enough
				api.mu.Unlock()
				cmd := q.command(t, args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				<-enough
				killBoth(cmd.Process.Pid)
				_ = cmd.Wait()
				api.mu.Lock()
				close(api.hold)
				api.hold = nil
				api.mu.Unlock()
				args = []string{"resume", "r"}
			}
			cmd := q.command(t, args...)
			_ = cmd.Run()
			order, rows := q.results(t)
			if !slices.Equal(order, ids) {
				t.Fatalf("%d rows: %s", len(order), cmd.Stderr)
			}
			api.mu.Lock()
			defer api.mu.Unlock()
			counts := make(map[string]int)
			for _, id := range ids {
				status, n := rows[id]["_status"], api.asked[id]
				counts[status]++
				switch {
				case status == "ok" && n < 1, status == "unknown" && n > 1, effect == "once" && n > 1, status != "ok" && status != "unknown":
					t.Errorf("%s: %s, and it arrived %d times: %s", id, status, n, rows[id]["_error"])
				}
				if keys := slices.Compact(slices.Clone(api.keys[id])); effect == "keyed" && len(keys) != 1 {
					t.Errorf("%s has the keys %q", id, keys)
				}
			}
			// Whoever held the last answer back was in hand.
			if effect == "keyed" && counts["unknown"] > 0 || effect == "once" && (counts["unknown"] < kills || counts["unknown"] > kills*inHand) {
				t.Errorf("%v", counts)
			}
		})
	}
}

// killBoth kills a run with its workers, at one moment.
func killBoth(parent int) {
	_ = syscall.Kill(parent, syscall.SIGSTOP)
	for _, pid := range childrenOf(parent) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = syscall.Kill(parent, syscall.SIGKILL)
}

// TestHTTPKeepsConnections: requests share a pool: however many there are, connections are about as many as
// records are in hand. A few more are made where one is wanted just before another becomes free.
func TestHTTPKeepsConnections(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	connections := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		out := bufio.NewWriter(w)
		_, _ = io.WriteString(out, strings.Repeat("x", 3000))
		_ = out.Flush()
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			mu.Lock()
			connections++
			mu.Unlock()
		}
	}
	server.Start()
	defer server.Close()
	var ids []string
	for i := range 500 {
		ids = append(ids, strconv.Itoa(i))
	}
	for _, j := range []int{1, 10} {
		q := &requests{t.TempDir()}
		q.write(t, ids)
		mu.Lock()
		connections = 0
		mu.Unlock()
		if cmd := q.command(t, "run", "http", "-j", strconv.Itoa(j), "--url", server.URL+"/{id}", "-o", "out.csv", "in.csv"); cmd.Run() != nil {
			t.Fatal(cmd.Stderr)
		}
		if mu.Lock(); connections > 3*j+2 {
			t.Errorf("%d connections for -j %d", connections, j)
		}
		mu.Unlock()
	}
}
