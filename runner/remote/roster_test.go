package remote

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRoster keeps who has worked for a run from one session to the next.
func TestRoster(t *testing.T) {
	path := filepath.Join(t.TempDir(), RosterName)
	r, err := OpenRoster(path)
	if err != nil || len(r.Members) != 0 {
		t.Fatalf("one that is not there has %v, %v", r, err)
	}
	for range 2 {
		if err := r.Join("m1", "host1", 4); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Join("m2", "host2", 8); err != nil {
		t.Fatal(err)
	}
	if err := r.Worked([]View{{Name: "m2", Answered: 5}}); err != nil {
		t.Fatal(err)
	}
	again, err := OpenRoster(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Worked([]View{{Name: "m2", Answered: 2}, {Name: "m1", Answered: 1}}); err != nil {
		t.Fatal(err)
	}
	want := []Member{{Name: "m1", Host: "host1", Slots: 4, Joined: 2, Answered: 1}, {Name: "m2", Host: "host2", Slots: 8, Joined: 1, Answered: 7}}
	if again, err = OpenRoster(path); err != nil || !slices.Equal(again.Members, want) {
		t.Errorf("it has %+v, %v", again, err)
	}
	if err := os.WriteFile(path, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRoster(path); err == nil {
		t.Error("one that makes no sense is taken for one")
	}
}
