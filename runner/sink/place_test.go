package sink

import (
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheck: results that were removed, moved, replaced or cut off are missed.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(path string) error
		want string // in the error; empty: there is none
	}{
		"nothing":                  {func(string) error { return nil }, ""},
		"appended":                 {func(path string) error { return appendTo(path, "more") }, "something else writes to it as well"},
		"written after it was cut": {func(path string) error { return os.Truncate(path, 0) }, "it has 3 bytes, and 11 bytes"},
		"removed":                  {os.Remove, "has been removed"},
		"folder":                   {func(path string) error { return os.RemoveAll(filepath.Dir(path)) }, "has been removed"},
		"moved":                    {func(path string) error { return os.Rename(path, path+".old") }, "out.csv.old"},
		"cut":                      {func(path string) error { return os.Truncate(path, 3) }, "it has 3 bytes, and 8 bytes"},
		"emptied":                  {func(path string) error { return os.WriteFile(path, nil, 0o600) }, "it has 0 bytes, and 8 bytes"},
		"replaced": {func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, []byte("another file"), 0o600))
		}, "another file has taken its place"},
		"linked": {func(path string) error { return errors.Join(os.Rename(path, path+".1"), os.Symlink(path+".1", path)) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d", "out.csv")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			f := openFile(t, path, 0, "head\n")
			put(t, f, "one")
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := c.harm(path); err != nil {
				t.Fatal(err)
			}
			if name == "written after it was cut" {
				put(t, f, "two")
				if err := f.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			err := f.Check(f.Size())
			var we *WriteError
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &we) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestCheckPipe: what was written to a device is written, whatever its name is now.
func TestCheckPipe(t *testing.T) {
	f := openFile(t, os.DevNull, 0, "head\n")
	if err := errors.Join(f.Flush(), f.Check(f.Size())); err != nil {
		t.Error(err)
	}
}

// TestSum: the checksum is that of what the file holds, also when it goes on.
func TestSum(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f := openFile(t, path, 0, "head\n")
	put(t, f, "one\n")
	if err := errors.Join(f.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if want := crc32.Checksum([]byte("head\none\n"), castagnoli); f.Sum() != want {
		t.Errorf("%x, want %x", f.Sum(), want)
	}
	for name, sum := range map[string]*uint32{"known": new(uint32), "not known": nil} {
		if sum != nil {
			*sum = f.Sum()
		}
		g, err := Open(path, Start{Size: 9, Sum: sum})
		if err != nil {
			t.Fatal(name, err)
		}
		put(t, g, "two\n")
		if err := errors.Join(g.Flush(), g.Close()); err != nil {
			t.Fatal(err)
		}
		if want := crc32.Checksum([]byte("head\none\ntwo\n"), castagnoli); g.Sum() != want {
			t.Errorf("%s: %x, want %x", name, g.Sum(), want)
		}
	}
}

func appendTo(path, s string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(s)
	return errors.Join(err, f.Close())
}
