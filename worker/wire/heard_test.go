package wire

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func openHeardFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "heard"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestHeard: what was seen is read back, of slots that came later as well, whether it is mapped or not.
func TestHeard(t *testing.T) {
	for _, mapped := range []bool{false, true} {
		f := openHeardFile(t)
		h, err := NewHeard(f, 7, 2)
		if err == nil && mapped {
			err = h.Map()
		}
		if err != nil {
			t.Fatal(err)
		}
		(*Heard)(nil).Saw(1, 1) // there is none
		h.Saw(1, 3)
		h.Saw(2, 5)
		h.Saw(1, 4)
		h.Saw(heardStep+1, 9)
		seen, err := ReadHeard(f, 7, heardStep+1)
		want := make([]uint64, heardStep+1)
		want[0], want[1], want[heardStep] = 4, 5, 9
		if err != nil || !slices.Equal(seen, want) {
			t.Errorf("mapped %v: %v, %v", mapped, seen, err)
		}
	}
}

// TestHeardDamaged: what was not written like that is believed by nobody.
func TestHeardDamaged(t *testing.T) {
	for name, harm := range map[string]func(f *os.File) error{
		"empty":   func(f *os.File) error { return f.Truncate(0) },
		"cut":     func(f *os.File) error { return f.Truncate(20) },
		"zeros":   func(f *os.File) error { return errors.Join(f.Truncate(0), f.Truncate(PageSize)) },
		"flipped": func(f *os.File) error { _, err := f.WriteAt([]byte{0x55}, 18); return err },
		"session": func(f *os.File) error { _, err := NewHeard(f, 6, 2); return err },
	} {
		f := openHeardFile(t)
		h, err := NewHeard(f, 7, 2)
		if err != nil {
			t.Fatal(err)
		}
		h.Saw(2, 3)
		if err := harm(f); err != nil {
			t.Fatal(err)
		}
		if seen, err := ReadHeard(f, 7, 2); !errors.Is(err, ErrPage) {
			t.Errorf("%s: %v, %v", name, seen, err)
		}
	}
}
