package form

import (
	"brood/jobs"
	"brood/runner/sink"
	"brood/runner/spec"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// made is a run that is done, with results of its own.
type made struct {
	t    *testing.T
	cfg  *spec.Config
	said []string
}

// newMade has rows of an input with street and lat, to which a job has added geo.
func newMade(t *testing.T, format sink.Format, f spec.Form, rows ...[]string) *made {
	t.Helper()
	dir := t.TempDir()
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"street", "lat"}, End: "\n"}
	columns := []jobs.Column{{Name: "geo", JSON: true}}
	enc, err := sink.NewEncoder(format, shape, columns)
	if err != nil {
		t.Fatal(err)
	}
	b := slices.Clone(enc.Header())
	for i, row := range rows {
		rec := &jobs.Record{Seq: jobs.Seq(i), Shape: shape, Values: [][]byte{[]byte(row[0]), []byte(row[1])}}
		b = enc.AppendRow(b, rec, &sink.Outcome{Status: jobs.StatusOK, Attempts: 1, Values: [][]byte{[]byte(row[2])}})
	}
	m := &made{t: t, cfg: &spec.Config{Output: filepath.Join(dir, "results."+format.String()), OutputFormat: format, Plan: jobs.Plan{Columns: columns}, Form: &f}}
	f.Path = filepath.Join(dir, "out."+string(f.Kind))
	if err := os.WriteFile(m.cfg.Output, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *made) make() string {
	m.t.Helper()
	if err := Make(m.cfg, func(format string, args ...any) { m.said = append(m.said, fmt.Sprintf(format, args...)) }); err != nil {
		m.t.Fatal(err)
	}
	b, err := os.ReadFile(m.cfg.Form.Path)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(b)
}

var point = jobs.Point{Lat: "lat", Lon: "geo"}

// TestGeoJSON: a Feature for each row, and no geometry where there are no degrees.
func TestGeoJSON(t *testing.T) {
	m := newMade(t, sink.FormatJSONL, spec.Form{Kind: spec.FormGeoJSON, Point: point, Plain: true},
		[]string{"Ring \"1\"", "48.20", "16.5"}, []string{"", "", ""}, []string{"x", "91", "2"}, []string{"x", "NaN", "2"}, []string{"x", " 1 ", `"-179.5"`}, []string{"x", "1e1", "1"})
	want := `{"type":"FeatureCollection","features":[
{"type":"Feature","id":0,"geometry":{"type":"Point","coordinates":[16.5,48.2]},"properties":{"street":"Ring \"1\"","lat":"48.20","geo":16.5}},
{"type":"Feature","id":1,"geometry":null,"properties":{"street":"","lat":"","geo":null}},
{"type":"Feature","id":2,"geometry":null,"properties":{"street":"x","lat":"91","geo":2}},
{"type":"Feature","id":3,"geometry":null,"properties":{"street":"x","lat":"NaN","geo":2}},
{"type":"Feature","id":4,"geometry":{"type":"Point","coordinates":[-179.5,1]},"properties":{"street":"x","lat":" 1 ","geo":"-179.5"}},
{"type":"Feature","id":5,"geometry":{"type":"Point","coordinates":[1,10]},"properties":{"street":"x","lat":"1e1","geo":1}}
]}
`
	if got := m.make(); got != want {
		t.Errorf("%s", got)
	}
	m.cfg.Form.Plain = false
	if got := m.make(); !json.Valid([]byte(got)) || !strings.Contains(got, `"geo":16.5,"_seq":0,"_status":"ok",`) {
		t.Errorf("%s", got)
	}
	if got := newMade(t, sink.FormatJSONL, spec.Form{Kind: spec.FormGeoJSON, Point: point}).make(); !json.Valid([]byte(got)) {
		t.Errorf("without a row: %s", got)
	}
}

// TestPointOf: coordinates are found by the names of their columns, both or neither.
func TestPointOf(t *testing.T) {
	for columns, want := range map[string]string{
		"id,lat,lon": "lat lon", "Latitude,Longitude,x": "Latitude Longitude", "LNG,Lat": "Lat LNG", "geo_lat,geo_lon": "geo_lat geo_lon",
		"lat,latitude,longitude": "latitude longitude", "lat,x": "", "lon": "", "": "",
	} {
		p, ok := PointOf(strings.Split(columns, ","))
		if got := strings.TrimSpace(p.Lat + " " + p.Lon); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", columns, got, ok)
		}
	}
}

// TestPlainTables: without the engine's own columns nothing else changes.
func TestPlainTables(t *testing.T) {
	row := []string{"a,\"b\"\r\nc\t", "", `"d"`}
	for kind, want := range map[spec.FormKind]string{
		spec.FormCSV:   "street,lat,geo\n\"a,\"\"b\"\"\r\nc\t\",,d\n",
		spec.FormTSV:   "street\tlat\tgeo\n\"a,\"\"b\"\"\r\nc\t\"\t\td\n",
		spec.FormJSONL: `{"street":"a,\"b\"\r\nc\t","lat":"","geo":"d"}` + "\n",
	} {
		format, err := sink.ParseFormat(string(kind))
		if err != nil {
			t.Fatal(err)
		}
		if got := newMade(t, format, spec.Form{Kind: kind, Plain: true}, row).make(); got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

// TestMakeAgain: what is made depends on the results alone, keeps the mode of what it replaces, and what cannot
// be made leaves that as it was.
func TestMakeAgain(t *testing.T) {
	for _, kind := range []spec.FormKind{spec.FormXLSX, spec.FormGeoJSON, spec.FormCSV} {
		format := sink.FormatCSV
		if kind == spec.FormGeoJSON {
			format = sink.FormatJSONL
		}
		m := newMade(t, format, spec.Form{Kind: kind, Point: point}, []string{"a", "1", "2"})
		first := m.make()
		if err := os.Chmod(m.cfg.Form.Path, 0o640); err != nil {
			t.Fatal(err)
		}
		if m.make() != first {
			t.Errorf("%s: another file was made of the same results", kind)
		}
		if st, err := os.Stat(m.cfg.Form.Path); err != nil || st.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %v, %v", kind, st.Mode(), err)
		}
		if err := os.WriteFile(m.cfg.Output, []byte("a,b\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Make(m.cfg, nil); err == nil {
			t.Errorf("%s was made of broken results", kind)
		}
		if b, err := os.ReadFile(m.cfg.Form.Path); err != nil || string(b) != first {
			t.Errorf("%s: what was there is gone: %v", kind, err)
		}
		entries, err := os.ReadDir(filepath.Dir(m.cfg.Form.Path))
		if err != nil || len(entries) != 2 {
			t.Errorf("%s: %v, %v", kind, entries, err)
		}
	}
}

// TestNoForm: most runs have none.
func TestNoForm(t *testing.T) {
	if err := Make(&spec.Config{Output: "/no/such/file"}, nil); err != nil {
		t.Error(err)
	}
	m := newMade(t, sink.FormatCSV, spec.Form{Kind: "parquet"})
	if err := Make(m.cfg, nil); err == nil || !strings.Contains(err.Error(), `no "parquet"`) {
		t.Error(err)
	}
}

// TestCheck: where nothing can be made is refused before the run begins.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		file: "", filepath.Join(dir, "new.xlsx"): "", dir: "is no file", "/dev/null": "is no file",
		filepath.Join(dir, "none", "x.xlsx"): "no file can be made", filepath.Join(file, "x.xlsx"): "",
	} {
		err := Check(path)
		if fails := path != file && path != filepath.Join(dir, "new.xlsx"); fails != (err != nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
