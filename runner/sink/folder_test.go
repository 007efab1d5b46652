package sink

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestFolder: what was printed stands under the record's number, as a whole, the last time
// it was put; and nowhere else, whatever stood there.
func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".7.part"), 0o700); err != nil { // of a session that was killed
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "mine")
	if err := errors.Join(os.Mkdir(outside, 0o700), os.Symlink(outside, filepath.Join(dir, "7"))); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Printed{
		{Seq: 7, Record: []byte("../../x"), Stdout: []byte("first\n"), Stderr: []byte("oh"), Exit: "3"},
		{Seq: 7, Record: []byte("../../x"), Stdout: []byte("second\n"), Exit: "0"},
	} {
		if err := f.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"stdout": "second\n", "stderr": "", "exit": "0\n", "record": "../../x"} {
		if got := content(t, filepath.Join(dir, "7", name)); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("%v", left)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("%v", all)
	}
}
