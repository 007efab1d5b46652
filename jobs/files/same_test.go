package files

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestSame(t *testing.T) {
	dir := t.TempDir()
	a, b, link := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(a, nil, 0o600), os.WriteFile(b, nil, 0o600), os.Symlink("a", link)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x, y string
		want bool
	}{{a, a, true}, {a, link, true}, {a, filepath.Join(dir, ".", "x", "..", "a"), true}, {a, b, false}, {a, filepath.Join(dir, "none"), false}, {"", "", false}, {filepath.Join(dir, "none"), filepath.Join(dir, "none"), false}} {
		if got := Same(c.x, c.y); got != c.want {
			t.Errorf("%s and %s: %v", c.x, c.y, got)
		}
	}
}
