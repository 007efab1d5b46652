package geotest_test

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/geotest"
	"brood/jobs/jobtest/needs"
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// addresses are asked for by other people's programs: the last one is nowhere.
var addresses = []string{"12 Main Street, Chicago", "Hauptstraße 117, 10115 Berlin", "São Paulo", "1 Nowhere Lane, Nulltown"}

// found is what the table has of an address.
func found(t *testing.T, address string) string {
	t.Helper()
	places, err := finder(t).Find(t.Context(), &geo.Query{Address: geo.Address{Line: address}})
	if err != nil {
		t.Fatal(err)
	}
	if len(places) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%.6f,%.6f", places[0].Lat, places[0].Lon)
}

// TestGeopy lets Debian's geopy ask in three manners, and fail in three.
func TestGeopy(t *testing.T) {
	const python = "/usr/bin/python3" // Debian's own, which has Debian's packages
	if exec.Command(python, "-c", "import geopy").Run() != nil {
		needs.Missing(t, "python3-geopy is not installed: make test-tools")
	}
	_, url := serve(t, geotest.Options{}, "503@about:limited@times:1", "403@about:blocked", "429:7@about:hurried", "word:OVER_QUERY_LIMIT@about:quota")
	cmd := exec.Command(python, "testdata/with_geopy.py", strings.TrimPrefix(url, "http://"))
	cmd.Stdin = strings.NewReader(strings.Join(addresses, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	for _, a := range addresses {
		for _, name := range []string{"nominatim", "photon", "google"} {
			fmt.Fprintf(&want, "%s|%s|%s\n", name, a, found(t, a))
		}
	}
	fmt.Fprintf(&want, "nominatim|parts|%s\n", found(t, addresses[0]))
	for _, name := range []string{"nominatim", "photon", "google"} {
		fmt.Fprintf(&want, "%s|reverse|True\n", name)
	}
	fmt.Fprintf(&want, "RateLimiter|again|%s\n", found(t, "limited Street 1, Chicago"))
	fmt.Fprint(&want, "nominatim|blocked Street 1, Chicago|GeocoderInsufficientPrivileges|None\n",
		"nominatim|hurried Street 1, Chicago|GeocoderRateLimited|7\n",
		"google|quota Street 1, Chicago|GeocoderQuotaExceeded|None\n")
	if string(out) != want.String() {
		t.Errorf("geopy says\n%s\nwant\n%s", out, want.String())
	}
}

// TestCsvgeocode lets npm's csvgeocode fill a table in the manners of Google and Nominatim.
func TestCsvgeocode(t *testing.T) {
	program := "../../../bin/tools/csvgeocode/node_modules/.bin/csvgeocode"
	needs.Files(t, program)
	_, url := serve(t, geotest.Options{})
	for handler, query := range map[string]string{"google": "/google/maps/api/geocode/json?key=abc&address={{address}}", "osm": "/nominatim/search?format=json&q={{address}}"} {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out.csv")
		var table bytes.Buffer
		w := csv.NewWriter(&table)
		_ = w.Write([]string{"address"})
		for _, a := range addresses {
			_ = w.Write([]string{a})
		}
		w.Flush()
		if err := os.WriteFile(in, table.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, in, out, "--url", url+query, "--handler", handler, "--delay", "0")
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil || len(rows) != len(addresses)+1 {
			t.Fatalf("%s: %v\n%s", handler, err, b)
		}
		for i, row := range rows[1:] {
			got := "nothing"
			if row[1] != "" {
				var lat, lon float64
				if _, err := fmt.Sscanf(row[1]+" "+row[2], "%g %g", &lat, &lon); err != nil {
					t.Errorf("%s: %v", handler, row)
				}
				got = fmt.Sprintf("%.6f,%.6f", lat, lon)
			}
			if want := found(t, addresses[i]); got != want {
				t.Errorf("%s %s: %s, want %s", handler, addresses[i], got, want)
			}
		}
	}
}
