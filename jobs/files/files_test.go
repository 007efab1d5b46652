package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// names are what stands in a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file is replaced as a whole, and a link by a file.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	other, path := filepath.Join(dir, "other"), filepath.Join(dir, "a")
	write(t, other, "precious")
	if err := os.Symlink(other, path); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		if err := Write(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		st, err := os.Lstat(path)
		if err != nil || !st.Mode().IsRegular() || st.Mode().Perm()&^0o640 != 0 || read(t, path) != text || read(t, other) != "precious" {
			t.Errorf("%v, %v: %q, %q", st.Mode(), err, read(t, path), read(t, other))
		}
	}
	if got := names(t, dir); got != "a other" {
		t.Errorf("left behind: %s", got)
	}
}

// named makes a file as it is made where the file system has none without a name.
func named(t *testing.T, path string) *New {
	t.Helper()
	n := &New{dir: filepath.Dir(path), base: filepath.Base(path)}
	if err := n.openNamed(0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

// Nobody knows the name that a file has until it is whole; with one or without, it ends the
// same way.
func TestNameless(t *testing.T) {
	for _, nameless := range []bool{true, false} {
		dir := t.TempDir()
		path := filepath.Join(dir, strings.Repeat("long", 60))
		n, err := Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if !nameless {
			if err := n.Discard(); err != nil {
				t.Fatal(err)
			}
			n = named(t, path)
		}
		first := n.another()
		if second := n.another(); first == second || len(filepath.Base(first)) < 26 {
			t.Errorf("that can be guessed: %s, %s", first, second)
		}
		if _, err := n.WriteString("x"); err != nil {
			t.Fatal(err)
		}
		kept, err := n.Keep()
		if err != nil || filepath.Dir(kept) != dir || read(t, kept) != "x" {
			t.Errorf("%s, %v", kept, err)
		}
		if got := names(t, dir); got != filepath.Base(kept) {
			t.Errorf("there is %s", got)
		}
	}
}

// What fails leaves nothing, and what was there as it was.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("x"), 0o600); err == nil {
		t.Error("a directory was replaced")
	}
	n := named(t, path)
	if err := n.Put(path); err == nil {
		t.Error("a directory was replaced")
	}
	if err := named(t, path).Discard(); err != nil {
		t.Error(err)
	}
	n = named(t, path)
	if err := n.Close(); err != nil { // so that it cannot be synced
		t.Fatal(err)
	}
	if _, err := n.Keep(); err == nil {
		t.Error("it was not synced")
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("left behind: %s", got)
	}
	if _, err := Create(filepath.Join(dir, "none", "a"), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// A file that takes the place of another has its mode, whatever the umask.
func TestLike(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	write(t, path, "old")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(n.Like(st), n.Put(path)); err != nil {
		t.Fatal(err)
	}
	if st, err = os.Stat(path); err != nil || st.Mode() != 0o666 || st.Size() != 0 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}
