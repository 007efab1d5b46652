package chart

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckPath(t *testing.T) {
	dir := t.TempDir()
	page, _ := written(t, some(3), options)
	for name, c := range map[string]struct {
		content string
		ok      bool
	}{
		"map.html": {page, true}, "empty.html": {"", true}, "letter.html": {"<p>Dear", false}, "out.csv": {"id,street\n1,Main St\n", false},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := CheckPath(path); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := CheckPath(filepath.Join(dir, "new.html")); err != nil {
		t.Error(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "none", "new.html")} {
		if CheckPath(path) == nil {
			t.Errorf("%s can be no map", path)
		}
	}
}
