package files

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSweep removes what was kept for a file and for no other.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.csv", "a.csv2"} {
		path := filepath.Join(dir, name)
		if err := Write(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Keep(); err != nil {
			t.Fatal(err)
		}
	}
	if err := Sweep(filepath.Join(dir, "a.csv")); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name()[:min(7, len(e.Name()))])
	}
	if !slices.Equal(names, []string{".a.csv2", "a.csv", "a.csv2"}) {
		t.Errorf("%q", names)
	}
	if err := Sweep(filepath.Join(dir, "none", "a.csv")); err != nil {
		t.Error(err)
	}
}
