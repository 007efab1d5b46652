package geocode

import (
	"brood/jobs"
	"path/filepath"
	"slices"
	"testing"
)

// The points of the user are sent, by a name that is the same whatever the state directory, and the key of a provider to no disk.
func TestWorkerFiles(t *testing.T) {
	state := t.TempDir()
	got, err := workerFiles([]byte(`{"sources":[{"name":"offline","places":["town"]},{"name":"opencage","key_file":"/k"}]}`), nil, state)
	want := []jobs.File{{Path: "state:places/town.places", At: filepath.Join(state, "places", "town.places")}, {Path: "/k", Use: jobs.FileSecret}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := workerFiles([]byte(`{"sources":[{"name":"offline","postcodes":["/p"]}]}`), nil, state); err == nil {
		t.Error("postcodes, which are in the index of one machine, are let through")
	}
}
