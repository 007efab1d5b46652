package chart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// CheckPath refuses a path for a map where something else stands: a page takes the place of an
// older one only. It is asked before a run is begun, and again before the page is written.
func CheckPath(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("draw a map: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("draw a map: %w", err)
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 2048)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("draw a map: %w", err)
	}
	if n > 0 && !bytes.Contains(head[:n], []byte(`<meta name="generator" content="brood">`)) {
		return fmt.Errorf("%s is there already and is no map of brood's; give another name", path)
	}
	return nil
}
