package sink

import (
	"brood/jobs"
	"slices"
	"testing"
)

// geo are the columns of a job that has seen some of its input before.
var geo = []jobs.Column{
	{Name: "geo_lat", JSON: true, Replaces: true}, {Name: "geo_lon", JSON: true, Replaces: true}, {Name: "note"},
}

// TestReplaces: a column that replaces one of the input stands where that stood, and a record for
// which the job says nothing keeps what it had.
func TestReplaces(t *testing.T) {
	shape := fields("geo_lon", "street", "geo_lat")
	rec := &jobs.Record{Seq: 3, Shape: shape, Values: asBytes("16.4", "Ring 1", "48.2")}
	found := &Outcome{Status: jobs.StatusOK, Attempts: 1, Values: asBytes("1.5", "2.5", "new")}
	cleared := &Outcome{Status: jobs.StatusFailed, Attempts: 1, Values: asBytes("", "")}
	kept := &Outcome{Status: jobs.StatusSkipped, Attempts: 1}
	e := encoder(t, FormatCSV, shape, geo...)
	if got, want := string(e.Header()), "geo_lon,street,geo_lat,note,_seq,_status,_class,_error,_attempts,_ms\n"; got != want {
		t.Errorf("%q", got)
	}
	for o, want := range map[*Outcome]string{
		found:   "2.5,Ring 1,1.5,new,3,ok,,,1,0\n",
		cleared: ",Ring 1,,,3,failed,,,1,0\n",
		kept:    "16.4,Ring 1,48.2,,3,skipped,,,1,0\n",
	} {
		if got := string(e.AppendRow(nil, rec, o)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	e = encoder(t, FormatJSONL, shape, geo...)
	for o, want := range map[*Outcome]string{
		found:   `{"geo_lon":2.5,"street":"Ring 1","geo_lat":1.5,"note":"new",`,
		cleared: `{"geo_lon":null,"street":"Ring 1","geo_lat":null,"note":"",`,
		kept:    `{"geo_lon":16.4,"street":"Ring 1","geo_lat":48.2,"note":"",`,
	} {
		if got := string(e.AppendRow(nil, rec, o)); got[:len(want)] != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestReplacesMembers: of objects each may have the member or not.
func TestReplacesMembers(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Objects, Columns: []string{"street"}, End: "\n"}
	e := encoder(t, FormatJSONL, shape, geo...)
	found := &Outcome{Status: jobs.StatusOK, Attempts: 1, Values: asBytes("1.5", "2.5", "new")}
	kept := &Outcome{Status: jobs.StatusSkipped, Attempts: 1}
	for _, c := range []struct {
		raw  string
		o    *Outcome
		want string
	}{
		{`{"geo_lat":"old","street":"Ring"}`, found, `{"geo_lat":1.5,"street":"Ring","geo_lon":2.5,"note":"new","_seq"`},
		{`{"geo_lat":"old","street":"Ring"}`, kept, `{"geo_lat":"old","street":"Ring","geo_lon":null,"note":"","_seq"`},
		{`{"street":"Ring"}`, found, `{"street":"Ring","geo_lat":1.5,"geo_lon":2.5,"note":"new","_seq"`},
		{`[1]`, kept, `{"geo_lat":null,"geo_lon":null,"note":"","_seq"`},
	} {
		got := string(e.AppendRow(nil, &jobs.Record{Shape: shape, Raw: []byte(c.raw)}, c.o))
		if got[:min(len(c.want), len(got))] != c.want {
			t.Errorf("%s: %s, want %s", c.raw, got, c.want)
		}
	}
	// In a table the column stands where the first object has it.
	shape.Columns = []string{"geo_lat", "street"}
	e = encoder(t, FormatCSV, shape, geo...)
	rec := &jobs.Record{Shape: shape, Raw: []byte(`{"street":"Ring","geo_lat":7}`)}
	if got, want := string(e.AppendRow(nil, rec, found)), "1.5,Ring,2.5,new,0,ok,,,1,0\n"; got != want {
		t.Errorf("%q", got)
	}
	if got, want := string(e.AppendRow(nil, rec, kept)), "7,Ring,,,0,skipped,,,1,0\n"; got != want {
		t.Errorf("%q", got)
	}
}

// TestReplacesOnlyTheInput: a column of the engine is replaced by nobody, and without being told so no
// column is.
func TestReplacesOnlyTheInput(t *testing.T) {
	if _, err := NewEncoder(FormatCSV, fields("a"), []jobs.Column{{Name: "_seq", Replaces: true}}); err == nil {
		t.Error("_seq was replaced")
	}
	if _, err := NewEncoder(FormatCSV, fields("a"), []jobs.Column{{Name: "a"}}); err == nil {
		t.Error("a was replaced")
	}
	e := encoder(t, FormatCSV, fields("a"), jobs.Column{Name: "b", Replaces: true})
	if !slices.Equal(e.placed, []bool{false}) {
		t.Error("there is nothing to replace")
	}
}
