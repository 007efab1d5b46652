package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Sweep removes new versions of the file at a path that were kept, and came to nothing as somebody was cut off. Nobody else
// is making one.
func Sweep(path string) error {
	dir := filepath.Dir(path)
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	n := New{base: filepath.Base(path)}
	for _, e := range list {
		if strings.HasPrefix(e.Name(), n.begins()) && e.Type().IsRegular() {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return err
}
