package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeocodeGuide does what docs/geocoding.md says, from top to bottom, with a geocoder for tests in
// the place of the reader's.
func TestGeocodeGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(atRoot("docs/geocoding.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	g := newGeocodeServer(t, 1, "US")
	for from, to := range map[string]string{
		"make build\n":                                 "",
		"SERVER=https://nominatim.example.com\n":       "SERVER=" + g.url + "/nominatim\n",
		"DATA=\"$PWD/testdata/geocode\"\n":             "DATA=" + atRoot("testdata/geocode") + "\n",
		"brood run geocode --provider nominatim --bas": "brood run geocode --provider nominatim --bas",
	} {
		if !strings.Contains(script, from) {
			t.Fatalf("the page has no %q", from)
		}
		script = strings.ReplaceAll(script, from, to)
	}
	dir := g.dir
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
	asked := len(g.Arrivals())
	if asked == 0 {
		t.Error("nobody was asked")
	}
	results := func(name string) string { return filepath.Join(dir, "places", name) }
	for i, row := range readCSV(t, results("judged.csv")) {
		if row["geo_cached"] == "false" {
			t.Errorf("row %d of the run that is to ask nobody: %v", i, row)
		}
	}
	precise := 0
	for _, row := range readCSV(t, results("towns.csv")) {
		if row["geo_status"] == "ok" && row["geo_precision"] == "postcode" {
			precise++
		}
	}
	if precise < 4 {
		t.Errorf("%d rows are at their postal code with --min-precision postcode", precise)
	}
	if row := readCSV(t, results("house-out.csv"))[0]; row["geo_status"] != "ok" || row["geo_precision"] != "rooftop" {
		t.Errorf("the house among one's own places: %v", row)
	}
	for _, name := range []string{"customers.xlsx", "customers.geojson", "drawn.html", "back.html"} {
		if info, err := os.Stat(results(name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}
