package chart

import (
	"brood/jobs"
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// flags are those of the tool.
type flags map[string]any

func (f flags) String(n string) string      { s, _ := f[n].(string); return s }
func (f flags) Bool(n string) bool          { b, _ := f[n].(bool); return b }
func (flags) Int(string) int                { return 0 }
func (flags) Float64(string) float64        { return 0 }
func (flags) Duration(string) time.Duration { return 0 }
func (flags) StringSlice(string) []string   { return nil }
func (f flags) IsSet(n string) bool         { return f[n] != nil }
func (flags) Command() []string             { return nil }
func (flags) Text() bool                    { return false }
func (flags) StateDir() string              { return "" }

// finished is a run with results of three rows.
func finished(dir string) *jobs.Finished {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: strings.Split("id street geo_lat geo_lon geo_precision geo_status _seq _status", " ")}
	return &jobs.Finished{Run: "tour", Output: filepath.Join(dir, "out.csv"), Config: json.RawMessage(`{}`), Rows: func() iter.Seq2[*jobs.Record, error] {
		return func(yield func(*jobs.Record, error) bool) {
			for i, line := range []string{"a|1 Main St|52.5|13.4|rooftop|ok|0|ok", "b|2 Main St||||no_match|1|ok", "c|3 Main St|52.6|13.5|city|low_confidence|2|ok"} {
				rec := &jobs.Record{Seq: jobs.Seq(i), Shape: shape}
				for _, v := range strings.Split(line, "|") {
					rec.Values = append(rec.Values, []byte(v))
				}
				if !yield(rec, nil) {
					return
				}
			}
		}
	}}
}

func TestTool(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	run := finished(dir)
	if err := os.WriteFile(run.Output, []byte("id,street\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tool := Tool(func(json.RawMessage) (Source, error) {
		return Source{Prefix: "geo_", Query: []string{"street"}, Attributions: []string{"© Somebody"}}, nil
	})
	var out, said bytes.Buffer
	if err := tool.OfRun(flags{"output": "-"}, run, &out, &said); err != nil {
		t.Fatal(err)
	}
	read := func(page string) pageData {
		_, rest, _ := strings.Cut(page, `<script type="text/plain" id="data">`)
		text, _, _ := strings.Cut(rest, "</script>")
		return unpacked(t, text)
	}
	if d := read(out.String()); d.Counts.Rows != 3 || d.Counts.Located != 2 || strings.Join(d.Columns, " ") != "id street" || d.Query[0] != "1 Main St" || d.Attributions[0] != "© Somebody" {
		t.Errorf("%+v", d)
	}
	if !strings.Contains(out.String(), "<title>out.csv</title>") {
		t.Error("it is not called after the results")
	}
	for range 2 { // it may take the place of an older one
		if err := tool.OfRun(flags{"title": "The tour"}, run, &out, &said); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile("tour.html"); err != nil || !bytes.Contains(b, []byte("<title>The tour</title>")) || !strings.Contains(said.String(), "tour.html") {
		t.Error(err, said.String())
	}
	for name, path := range map[string]string{"the results": run.Output, "no directory": filepath.Join(dir, "none", "x.html")} {
		if err := tool.OfRun(flags{"output": path, "force": true}, run, &out, &said); err == nil {
			t.Errorf("%s are written over", name)
		}
	}
	if err := os.WriteFile("letter.html", []byte("<p>dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tool.OfRun(flags{"output": "letter.html"}, run, &out, &said); err == nil || !strings.Contains(err.Error(), "no map") {
		t.Error("something else is written over: ", err)
	}
	if err := tool.OfRun(flags{"output": "letter.html", "force": true}, run, &out, &said); err != nil {
		t.Error(err)
	}
}

// TestNothingToDraw leaves nothing where a page would be that is not whole.
func TestNothingToDraw(t *testing.T) {
	dir := t.TempDir()
	run, broken := finished(dir), errors.New("the disk is broken")
	run.Rows = func() iter.Seq2[*jobs.Record, error] {
		return func(yield func(*jobs.Record, error) bool) { yield(nil, broken) }
	}
	path := filepath.Join(dir, "map.html")
	if err := DrawFile(path, run, Source{}, time.Time{}, false); !errors.Is(err, broken) {
		t.Error(err)
	}
	run.Rows = nil
	if err := DrawFile(path, run, Source{}, time.Time{}, false); !errors.Is(err, ErrNoRows) {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}
