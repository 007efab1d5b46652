package acceptance

import (
	"brood/jobs/geocode/geotest"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// geocodeServer is a geocoder for tests, with some rows to ask it for.
type geocodeServer struct {
	*geotest.Server
	url, dir string
}

// newGeocodeServer returns one that has these faults, see geotest.ParseFault.
func newGeocodeServer(t *testing.T, rows int, country string, faults ...string) *geocodeServer {
	t.Helper()
	f, err := os.Open(atRoot("testdata/cities.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	o := geotest.Options{}
	if o.Finder, err = geotest.ReadCities(f); err != nil {
		t.Fatal(err)
	}
	for _, s := range faults {
		fault, err := geotest.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, fault)
	}
	g := &geocodeServer{Server: geotest.New(o), dir: t.TempDir()}
	web := httptest.NewServer(g.Server)
	t.Cleanup(web.Close)
	g.url = web.URL
	town := map[string]string{"US": "Chicago", "FR": "Paris", "DE": "Berlin"}[country]
	var b strings.Builder
	b.WriteString("id,street,city,state,country\n")
	state := map[string]string{"US": "IL"}[country]
	for i := range rows {
		fmt.Fprintf(&b, "%d,%d Example %d Street,%s,%s,%s\n", i, i+1, i%7, town, state, country)
	}
	if err := os.WriteFile(filepath.Join(g.dir, "in.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return g
}

// run runs brood on the rows, and returns what it said.
func (g *geocodeServer) run(t *testing.T, status int, name, provider string, args ...string) string {
	t.Helper()
	cmd := g.command(t, append([]string{
		"run", "geocode", "in.csv", "--run", name, "-o", name + ".csv", "--provider", provider, "--street", "street", "--city", "city",
		"--state-column", "state", "--country-column", "country", "--backoff", "1ms..5ms", "--no-guard",
	}, args...)...)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != status {
		t.Fatalf("exit status %d, want %d\n%s", code, status, out)
	}
	return string(out)
}

func (g *geocodeServer) command(t *testing.T, args ...string) *exec.Cmd {
	cmd := asBrood(t, args...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(g.dir, "state"), "BROOD_GOOGLE_KEY="+geocodeKey, "BROOD_GEOCODIO_KEY="+geocodeKey, "BROOD_GOOGLE_KEY="+geocodeKey, "BROOD_GEOCODIO_KEY="+geocodeKey)
	return cmd
}

const geocodeKey = "K-not-to-be-seen-0815"

// statuses counts the rows of the results by a column.
func (g *geocodeServer) counts(t *testing.T, name, column string) map[string]int {
	t.Helper()
	out := make(map[string]int)
	for i, row := range readCSV(t, filepath.Join(g.dir, name+".csv")) {
		if row["id"] != fmt.Sprint(i) {
			t.Fatalf("row %d is that of %s", i, row["id"])
		}
		out[row[column]]++
	}
	return out
}

// TestGeocodeServices asks each service that the geocoder for tests knows, one by one and in
// batches, with all that can be wrong with these.
func TestGeocodeServices(t *testing.T) {
	const rows = 60
	batches := []string{"short@2", "double@4", "stranger@6", "half@8", "500@1", "cut@3", "html@5"}
	for _, c := range []struct {
		service, country string
		path             string
		faults           []string
		requests         int // at most, where nothing goes wrong; 0: one for each row
	}{
		{service: "nominatim", country: "DE", path: "/nominatim"},
		{service: "photon", country: "DE", path: "/photon", faults: []string{"503:date1@3", "html@9"}},
		{service: "google", country: "DE", path: "/google", faults: []string{"word:UNKNOWN_ERROR@4", "word:OVER_QUERY_LIMIT@9"}},
		{service: "geocodio", country: "US", path: "/geocodio", requests: 3},
		{service: "geocodio", country: "US", path: "/geocodio", faults: batches},
		{service: "census", country: "US", path: "/census", requests: 3},
		{service: "census", country: "US", path: "/census", faults: batches},
		{service: "ban", country: "FR", path: "/ban", requests: 3},
		{service: "ban", country: "FR", path: "/ban", faults: batches},
	} {
		t.Run(fmt.Sprintf("%s/%d faults", c.service, len(c.faults)), func(t *testing.T) {
			t.Parallel()
			g := newGeocodeServer(t, rows, c.country, c.faults...)
			said := g.run(t, 0, "one", c.service, "--base-url", g.url+c.path, "--contact", "me@example.org", "--request-rate", "500")
			if n := g.counts(t, "one", "geo_status")["ok"]; n != rows {
				t.Errorf("%d of %d rows were found\n%s\n%+v", n, rows, said, g.counts(t, "one", "geo_mismatch"))
			}
			asked := len(g.Arrivals())
			if c.requests > 0 && asked > c.requests {
				t.Errorf("%d requests for %d rows: they go together", asked, rows)
			}
			// The second time nobody is asked.
			g.run(t, 0, "two", c.service, "--base-url", g.url+c.path, "--contact", "me@example.org")
			if n := len(g.Arrivals()); n != asked {
				t.Errorf("%d requests more for what is kept", n-asked)
			}
			if n := g.counts(t, "two", "geo_cached")["true"]; n != rows {
				t.Errorf("%d of %d rows are said to be from the cache", n, rows)
			}
			g.noKey(t)
		})
	}
}

// TestGeocodeLargeBatch sends as many rows in one request as the service takes, which are all in hand of one worker.
func TestGeocodeLargeBatch(t *testing.T) {
	t.Parallel()
	const rows = 3000
	g := newGeocodeServer(t, rows, "US")
	said := g.run(t, 0, "one", "census", "--base-url", g.url+"/census", "--request-rate", "500", "--batch", "10000")
	if n := g.counts(t, "one", "geo_status")["ok"]; n != rows {
		t.Errorf("%d of %d rows were found\n%s", n, rows, said)
	}
	largest := 0
	for _, a := range g.Arrivals() {
		var n int
		if _, err := fmt.Sscanf(a.Question, "batch of %d", &n); err != nil {
			t.Errorf("%q was asked", a.Question)
		}
		largest = max(largest, n)
	}
	// How many come together in time is the machine's affair; the limit of before is passed.
	if largest <= 1024 || largest > rows {
		t.Errorf("the largest of %d requests has %d rows", len(g.Arrivals()), largest)
	}
	t.Logf("%d requests, the largest of %d rows", len(g.Arrivals()), largest)
}

// noKey looks for the key of the account in all that a run leaves behind.
func (g *geocodeServer) noKey(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(g.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if filepath.Ext(path) == ".idx" {
			return nil // the index of places, which is made of what is in brood, and large: what this process
			// takes is counted as the peak of what it starts
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), geocodeKey) {
			t.Errorf("the key of the account stands in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestGeocodeRefused ends a run at the first refusal, without the key in what is said, and goes on
// when there is another.
func TestGeocodeRefused(t *testing.T) {
	t.Parallel()
	g := newGeocodeServer(t, 20, "DE", "word:REQUEST_DENIED@times:1")
	said := g.run(t, 4, "denied", "google", "--base-url", g.url+"/google", "--request-rate", "500")
	if !strings.Contains(said, "google") || strings.Contains(said, geocodeKey) {
		t.Errorf("it says %s", said)
	}
	if n := len(g.Arrivals()); n > 40 {
		t.Errorf("%d requests after the first was denied", n)
	}
	if out, err := g.command(t, "resume", "denied").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := g.counts(t, "denied", "geo_status")["ok"]; n != 20 {
		t.Errorf("%d rows were found", n)
	}
	// Google's terms: nothing is kept for longer than 30 days.
	if g.counts(t, "denied", "geo_expires")[""] != 0 {
		t.Error("there are rows that do not say until when they may be kept")
	}
	g.noKey(t)
}

// TestGeocodeBudget stops a run when what it may spend is spent, and goes on with more.
func TestGeocodeBudget(t *testing.T) {
	t.Parallel()
	g := newGeocodeServer(t, 50, "DE")
	args := []string{"--base-url", g.url + "/nominatim", "--own-server", "--max-requests", "20"}
	said := g.run(t, 4, "tight", "nominatim", args...)
	if !strings.Contains(said, "20 of 20 requests") || len(g.Arrivals()) != 20 {
		t.Errorf("%d requests\n%s", len(g.Arrivals()), said)
	}
	args[len(args)-1] = "60"
	g.run(t, 0, "tight", "nominatim", append(args, "--resume")...)
	if n := g.counts(t, "tight", "geo_status")["ok"]; n != 50 || len(g.Arrivals()) != 50 {
		t.Errorf("%d rows found, with %d requests", n, len(g.Arrivals()))
	}
	// A price bounds it too.
	said = g.run(t, 4, "dear", "nominatim", "--base-url", g.url+"/nominatim", "--own-server", "--cache", "no", "--max-cost", "0.05", "--price", "5")
	if !strings.Contains(said, "0.05 of 0.05") || len(g.Arrivals()) != 60 {
		t.Errorf("%d requests, and 10 cost 0.05\n%s", len(g.Arrivals())-50, said)
	}
}

// TestGeocodeBatchBudget: where each row of a batch counts, the budget is used up to the last.
func TestGeocodeBatchBudget(t *testing.T) {
	t.Parallel()
	g := newGeocodeServer(t, 50, "US")
	said := g.run(t, 4, "tight", "geocodio", "--base-url", g.url+"/geocodio", "--max-requests", "20")
	if !strings.Contains(said, "20 of 20 requests") {
		t.Errorf("it says %s", said)
	}
	if out, err := g.command(t, "status", "tight").CombinedOutput(); err != nil || !strings.Contains(string(out), "pending      30") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestGeocodeAgree asks two, and says how far apart they are.
func TestGeocodeAgree(t *testing.T) {
	t.Parallel()
	g := newGeocodeServer(t, 10, "DE", "nothing@about:example 3 street")
	g.run(t, 0, "agree", "nominatim,photon", "--base-url", "nominatim="+g.url+"/nominatim", "--base-url", "photon="+g.url+"/photon", "--own-server", "--agree", "100")
	for i, row := range readCSV(t, filepath.Join(g.dir, "agree.csv")) {
		want := "ok"
		if strings.Contains(row["street"], "Example 3 ") {
			want = "low_confidence" // without the street there is the town
		}
		if row["geo_status"] != want || want == "ok" && row["geo_distance"] != "0" {
			t.Errorf("row %d: %s, %s metres apart, want %s", i, row["geo_status"], row["geo_distance"], want)
		}
	}
	// Of one that fails for a while the next is asked.
	h, well := newGeocodeServer(t, 10, "DE", "500@every:1"), newGeocodeServer(t, 10, "DE")
	h.run(t, 0, "chain", "nominatim,photon", "--base-url", "nominatim="+h.url+"/nominatim", "--base-url", "photon="+well.url+"/photon", "--own-server")
	if n := h.counts(t, "chain", "geo_provider")["photon"]; n != 10 {
		t.Errorf("%d of 10 rows come from the second", n)
	}
}
