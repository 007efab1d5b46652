package acceptance

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/geotest"
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lazyFinder puts all houses of one street on one point, and says that it knows each.
type lazyFinder struct{ geo.Finder }

func (f lazyFinder) Find(ctx context.Context, q *geo.Query) ([]geo.Place, error) {
	found, err := f.Finder.Find(ctx, q)
	for i := range found {
		if strings.Contains(found[i].Road, "Lazy") {
			found[i].Point = geo.Point{Lat: 52.5, Lon: 13.25}
		}
	}
	return found, err
}

const (
	crowdedRows   = 90
	crowdedHouses = 12 // on one point
)

func isLazy(i int) bool { return i%7 == 0 && i/7 < crowdedHouses }

type crowdedServer struct {
	*geocodeServer
	seen *geotest.Server
}

func newCrowdedServer(t *testing.T) *crowdedServer {
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
	g := &crowdedServer{&geocodeServer{dir: t.TempDir()}, geotest.New(geotest.Options{Finder: lazyFinder{cities}, Latency: 2 * time.Millisecond})}
	web := httptest.NewServer(g.seen)
	t.Cleanup(web.Close)
	g.url = web.URL
	var in bytes.Buffer
	in.WriteString("id,street,city,country\n")
	for i := range crowdedRows {
		street := strconv.Itoa(i) + " Example Street"
		switch {
		case isLazy(i):
			street = strconv.Itoa(i) + " Lazy Street"
		case i%7 == 1:
			street = "5 Other Street" // many rows, and one address
		}
		in.WriteString(strconv.Itoa(i) + "," + street + ",Berlin,DE\n")
	}
	if err := os.WriteFile(filepath.Join(g.dir, "in.csv"), in.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return g
}

// start begins a run, or goes on with it, to its end; or kills it after some requests, if it is not half done.
func (g *crowdedServer) start(t *testing.T, name, out string, kill bool) error {
	t.Helper()
	cmd := g.command(t, "run", "geocode", "in.csv", "--run", name, "--resume", "-o", out, "--provider", "nominatim", "--base-url", g.url+"/nominatim",
		"--own-server", "--street", "street", "--city", "city", "--country-column", "country", "--no-guard", "-j", "2")
	before := len(g.seen.Arrivals())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	if kill && before < crowdedRows/2 {
		for len(g.seen.Arrivals()) < before+crowdedRows/4 {
			select {
			case err := <-done:
				t.Fatalf("it has ended, and was to be killed: %v", err)
			case <-time.After(time.Millisecond):
			}
		}
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
	}
	return <-done
}

// TestGeocodeCrowded: of addresses that are many on one point all rows are marked, those before the tenth too, whoever is
// killed; and rows that ask the same are no crowd.
func TestGeocodeCrowded(t *testing.T) {
	t.Parallel()
	g := newCrowdedServer(t)
	for tries := 0; g.start(t, "killed", "killed.csv", true) != nil; tries++ {
		if tries == 10 {
			t.Fatal("it does not come to an end")
		}
	}
	all := readCSV(t, filepath.Join(g.dir, "killed.csv"))
	if len(all) != crowdedRows {
		t.Fatalf("%d rows, want %d", len(all), crowdedRows)
	}
	for i, row := range all {
		if want := map[bool]string{true: "crowded"}[isLazy(i)]; row["geo_marks"] != want || row["geo_status"] != "ok" || row["id"] != strconv.Itoa(i) {
			t.Errorf("row %d, %s: %s, marks %q, want %q", i, row["street"], row["geo_status"], row["geo_marks"], want)
		}
	}
	// A run that is done is left alone, and what follows from its results is made of the marked ones.
	before, err := os.Stat(filepath.Join(g.dir, "killed.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.start(t, "killed", "killed.csv", false); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(filepath.Join(g.dir, "killed.csv")); err != nil || !os.SameFile(before, after) {
		t.Errorf("%v: results that were marked are written again", err)
	}
	if err := g.start(t, "lines", "lines.geojson", false); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(g.dir, "lines.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		Features []struct {
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(b, &made); err != nil || len(made.Features) != crowdedRows {
		t.Fatalf("%v, %d features", err, len(made.Features))
	}
	marked := 0
	for _, f := range made.Features {
		if f.Properties["geo_marks"] == "crowded" {
			marked++
		}
	}
	if marked != crowdedHouses {
		t.Errorf("%d features are marked, want %d", marked, crowdedHouses)
	}
}
