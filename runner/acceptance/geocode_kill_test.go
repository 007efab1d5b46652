package acceptance

import (
	"brood/jobs/geocode/geotest"
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestGeocodeKilled geocodes many addresses, of which a third was there before in another spelling
// and some are misspelt, against a server that is unwell now and then, while the run is killed ten
// times. What the server has seen is what was promised: never more than the rate in any second,
// each address asked for once, but for what was in hand when somebody died.
func TestGeocodeKilled(t *testing.T) {
	t.Parallel()
	rows, rate := 3000, 500
	if os.Getenv("BROOD_CHAOS") != "" {
		rows = 50_000
	}
	g := newGeocodeKill(t, rows, rate)
	for kills := 10; ; {
		cmd := g.command(t)
		stderr := &bytes.Buffer{}
		cmd.Stderr = stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		gone := false
		for ; kills > 0 && !gone; kills-- {
			gone = g.killed(t, cmd.Process.Pid, done, kills)
		}
		if gone {
			continue
		}
		if err := <-done; err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		break
	}
	g.checkArrivals(t)
	g.checkRows(t)
}

// geocodeKill is a run that is killed again and again.
type geocodeKill struct {
	dir      string
	server   *geotest.Server
	url      string
	rows     [][]string // street, city, country
	distinct int
	rate     int
	inHand   int
	deaths   int
}

func newGeocodeKill(t *testing.T, rows, rate int) *geocodeKill {
	t.Helper()
	f, err := os.Open(atRoot("testdata/cities.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cities, err := geotest.ReadCities(f)
	if err != nil {
		t.Fatal(err)
	}
	faults := make([]geotest.Fault, 0, 4)
	for _, s := range []string{"429:1@every:700", "503:date1@every:1100", "half@every:450", "reset@every:800", "cut@every:900"} {
		fault, err := geotest.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, fault)
	}
	g := &geocodeKill{dir: t.TempDir(), rate: rate, inHand: 32, server: geotest.New(geotest.Options{Finder: cities, Latency: 20 * time.Millisecond, Faults: faults})}
	web := httptest.NewServer(g.server)
	t.Cleanup(web.Close)
	g.url = web.URL + "/nominatim"
	g.write(t, rows)
	return g
}

// write makes the input: of ten rows three ask what one before asked, in capitals or shortened, and
// of twenty one has a letter too many in its town.
func (g *geocodeKill) write(t *testing.T, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(16, 1))
	towns := [][2]string{{"Shanghai", "CN"}, {"Berlin", "DE"}, {"Madrid", "ES"}, {"London", "GB"}, {"Chicago", "US"}, {"Toronto", "CA"}, {"Lima", "PE"}, {"Paris", "FR"}}
	seen := make(map[string]bool)
	for len(g.rows) < n {
		if len(g.rows) > 10 && r.IntN(10) < 3 {
			old := g.rows[r.IntN(len(g.rows))]
			g.rows = append(g.rows, []string{strings.ToUpper(shortened(old[0], old[2])), strings.ToLower(old[1]), old[2]})
			continue
		}
		town := towns[r.IntN(len(towns))]
		row := []string{fmt.Sprintf("%d Example %d Street", 1+r.IntN(300), r.IntN(5000)), town[0], town[1]}
		if r.IntN(20) == 0 {
			row[1] += "q"
		}
		if id := strings.ToLower(strings.Join(row, "|")); !seen[id] {
			seen[id] = true
			g.distinct++
			g.rows = append(g.rows, row)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"id", "street", "city", "country"})
	for i, row := range g.rows {
		_ = w.Write(append([]string{strconv.Itoa(i)}, row...))
	}
	w.Flush()
	if err := os.WriteFile(filepath.Join(g.dir, "in.csv"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shortened is a street with its word for what it is shortened, where people speak of streets.
func shortened(street, country string) string {
	if country == "GB" || country == "US" || country == "CA" {
		return strings.Replace(street, "Street", "St", 1)
	}
	return street
}

// command begins the run, or goes on with it.
func (g *geocodeKill) command(t *testing.T) *exec.Cmd {
	cmd := asBrood(t, "run", "geocode", "in.csv", "--run", "g", "--resume", "-o", "out.csv", "--provider", "nominatim", "--base-url", g.url, "--own-server",
		"--request-rate", strconv.Itoa(g.rate), "--street", "street", "--city", "city", "--country-column", "country", "--no-guard",
		"-j", strconv.Itoa(g.inHand), "--per-worker", "16", "--retries", "20", "--backoff", "5ms..50ms", "--max-crashes", "1000")
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(g.dir, "state"))
	return cmd
}

// killed kills a worker, the parent, or all, after some requests, and reports whether the run has
// to be begun again.
func (g *geocodeKill) killed(t *testing.T, parent int, done <-chan error, left int) bool {
	t.Helper()
	before := len(g.server.Arrivals())
	for len(g.server.Arrivals()) < before+g.distinct/15 {
		select {
		case <-done:
			t.Fatalf("the run has ended, and was to be killed %d times more", left)
		case <-time.After(5 * time.Millisecond):
		}
	}
	g.deaths++
	children := childrenOf(parent)
	if left%3 == 0 && len(children) > 0 {
		_ = syscall.Kill(children[0], syscall.SIGKILL)
		return false
	}
	if left%3 == 1 {
		_ = syscall.Kill(parent, syscall.SIGSTOP)
		for _, pid := range children {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = syscall.Kill(parent, syscall.SIGKILL)
	<-done
	return true
}

func (g *geocodeKill) checkArrivals(t *testing.T) {
	t.Helper()
	all := g.server.Arrivals()
	if most := geotest.Busiest(all); most > g.rate {
		t.Errorf("%d requests came within a second, and the rate is %d", most, g.rate)
	}
	answered := make(map[string]int)
	faults := 0
	for _, a := range all {
		if a.Answer == "ok" {
			answered[a.Question]++
		} else {
			faults++
		}
	}
	again := 0
	for _, n := range answered {
		again += n - 1
	}
	if most := g.deaths * g.inHand; again > most {
		t.Errorf("%d questions were answered more than once, after %d deaths with %d in hand", again, g.deaths, g.inHand)
	}
	t.Logf("%d rows, %d distinct; %d requests, %d of them failed, %d asked twice, %d deaths; at most %d in a second", len(g.rows), g.distinct, len(all), faults, again, g.deaths, geotest.Busiest(all))
}

func (g *geocodeKill) checkRows(t *testing.T) {
	t.Helper()
	rows := readCSV(t, filepath.Join(g.dir, "out.csv"))
	if len(rows) != len(g.rows) {
		t.Fatalf("%d rows, want %d", len(rows), len(g.rows))
	}
	points := make(map[string]string)
	var statuses []string
	for i, row := range rows {
		if row["id"] != strconv.Itoa(i) || row["_seq"] != strconv.Itoa(i) {
			t.Fatalf("row %d is of record %s", i, row["id"])
		}
		if row["_status"] != "ok" || row["geo_status"] == "error" {
			t.Errorf("row %d: %s, %s: %s", i, row["_status"], row["geo_status"], row["_error"])
		}
		misspelt := strings.HasSuffix(strings.ToLower(row["city"]), "q")
		if found := row["geo_status"] == "ok"; found == misspelt {
			t.Errorf("row %d: %s %s: %s", i, row["street"], row["city"], row["geo_status"])
		}
		id := strings.ToLower(strings.ReplaceAll(strings.ToLower(row["street"]), "street", "st") + "|" + row["city"] + "|" + row["country"])
		if at := row["geo_lat"] + " " + row["geo_lon"]; points[id] == "" {
			points[id] = at
		} else if points[id] != at {
			t.Errorf("row %d: one address has two points, %s and %s", i, points[id], at)
		}
		if !slices.Contains(statuses, row["geo_status"]) {
			statuses = append(statuses, row["geo_status"])
		}
	}
	if len(statuses) < 2 {
		t.Errorf("all rows are %v: nothing was put to the test", statuses)
	}
}
