package proc

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func openLock(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := OpenLock(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestLock: a lock keeps others out until every copy of its descriptor is closed.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	a, b := openLock(t, path), openLock(t, path)
	if st, err := a.Stat(); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := TryLock(a); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(a); err != nil {
		t.Errorf("once more by the same: %v", err)
	}
	if err := TryLock(b); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("the second: %v", err)
	}
	// As a child has it that was given the descriptor.
	n, err := syscall.Dup(int(a.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	child := os.NewFile(uintptr(n), "copy")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(b); !errors.Is(err, ErrLocked) {
		t.Errorf("while a copy is open: %v", err)
	}
	if err := child.Close(); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(b); err != nil {
		t.Errorf("after the last copy: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(b); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("a closed file: %v", err)
	}
}

// TestUnsafeLock: what somebody else may have put in the place of a lock is not
// taken for one, and opening it neither waits nor changes anything.
func TestUnsafeLock(t *testing.T) {
	dir := t.TempDir()
	make := func(name string, do func(path string) error) string {
		path := filepath.Join(dir, name)
		if err := do(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	target := filepath.Join(dir, "target")
	unsafe := []string{
		make("link", func(path string) error { return os.Symlink(target, path) }),
		make("pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }),
	}
	if os.Geteuid() == 0 { // nobody else can give a file away
		unsafe = append(unsafe, make("other", func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o666), os.Chown(path, 1, 1))
		}))
	}
	for _, path := range unsafe {
		if f, err := OpenLock(path); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v", path, err)
			if err == nil {
				_ = f.Close()
			}
		}
	}
	if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file was made through the link")
	}
	for path, want := range map[string]error{dir: syscall.EISDIR, filepath.Join(dir, "none", "lock"): os.ErrNotExist} {
		if _, err := OpenLock(path); !errors.Is(err, want) || errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestInPlace: a lock on a file that was removed, or replaced, keeps nobody out.
func TestInPlace(t *testing.T) {
	dir := t.TempDir()
	path, aside := filepath.Join(dir, "lock"), filepath.Join(dir, "aside")
	f := openLock(t, path)
	step := func(what string, want bool, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if got := InPlace(f); got != want {
			t.Errorf("%s: in place %v", what, got)
		}
	}
	step("as it is", true, nil)
	step("renamed", false, os.Rename(path, aside))
	step("another in its place", false, os.WriteFile(path, nil, 0o600))
	step("put back", true, os.Rename(aside, path))
	step("a link to it", false, errors.Join(os.Rename(path, aside), os.Symlink(aside, path)))
	step("removed", false, os.Remove(path))
	step("closed", false, f.Close())
}

// TestCheckPrivate: a directory must be the user's, and nobody else may write to
// it; whether the group may is for the caller to say.
func TestCheckPrivate(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode][2]bool{ // allowed for group false, true
		0o700: {true, true}, 0o755: {true, true}, 0o770: {true, false}, 0o775: {true, false}, 0o707: {false, false}, 0o777 | os.ModeSticky: {false, false},
	} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		for i, group := range []bool{false, true} {
			err := CheckPrivate(dir, group)
			if (err == nil) != want[i] || err != nil && !errors.Is(err, ErrUnsafe) {
				t.Errorf("%v, group %v: %v", mode, group, err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CheckPrivate(file, false); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a file: %v", err)
	}
	if err := CheckPrivate(filepath.Join(dir, "none"), false); !errors.Is(err, os.ErrNotExist) || errors.Is(err, ErrUnsafe) {
		t.Errorf("none: %v", err)
	}
}
