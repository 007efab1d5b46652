package files

import (
	"brood/jobs/jobtest/needs"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// nobody is some user who is not this one, and not root.
const nobody = 65534

// public makes a directory that everybody may write to.
func public(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, mode|0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Where everybody may write, what another user has put there is refused, and in no case
// is anything done to what it leads to.
func TestAppendWhereEverybodyMayWrite(t *testing.T) {
	const sticky = os.ModeSticky
	for name, c := range map[string]struct {
		mode   os.FileMode
		others bool // needs root
		plant  func(t *testing.T, path, victim string) error
		safe   bool
	}{
		"nothing":              {mode: sticky, plant: func(*testing.T, string, string) error { return nil }, safe: true},
		"my file":              {mode: sticky, plant: func(_ *testing.T, path, _ string) error { return os.WriteFile(path, nil, 0o600) }, safe: true},
		"my link":              {mode: sticky, plant: func(_ *testing.T, path, victim string) error { return os.Symlink(victim, path) }, safe: true},
		"a link anyone placed": {plant: func(_ *testing.T, path, victim string) error { return os.Symlink(victim, path) }},
		"another name of mine": {mode: sticky, plant: func(_ *testing.T, path, victim string) error { return os.Link(victim, path) }},
		"another's file": {mode: sticky, others: true, plant: func(_ *testing.T, path, _ string) error {
			return errors.Join(os.WriteFile(path, nil, 0o666), os.Chown(path, nobody, nobody))
		}},
		"another's link": {mode: sticky, others: true, plant: func(_ *testing.T, path, victim string) error {
			return errors.Join(os.Symlink(victim, path), os.Lchown(path, nobody, nobody))
		}},
		"another's pipe": {mode: sticky, others: true, plant: func(_ *testing.T, path, _ string) error {
			return errors.Join(syscall.Mkfifo(path, 0o666), os.Chown(path, nobody, nobody))
		}},
		"another's link behind mine": {mode: sticky, others: true, plant: func(_ *testing.T, path, victim string) error {
			return errors.Join(os.Symlink(filepath.Base(path)+"2", path), os.Symlink(victim, path+"2"), os.Lchown(path+"2", nobody, nobody))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.others {
				needs.Root(t, "to be two users")
			}
			dir := public(t, c.mode)
			victim := filepath.Join(public(t, c.mode), "victim")
			write(t, victim, "precious\n")
			path := filepath.Join(dir, "list")
			if err := c.plant(t, path, victim); err != nil {
				t.Fatal(err)
			}
			f, err := Append(path, 0o644)
			if (err == nil) != c.safe || (err != nil && !errors.Is(err, ErrUnsafe)) {
				t.Errorf("%v", err)
			}
			if err == nil {
				_ = f.Close()
			}
			if got := read(t, victim); got != "precious\n" {
				t.Errorf("the victim is %q", got)
			}
		})
	}
}

// In a directory of one's own everything is as before.
func TestAppendInOwnDirectory(t *testing.T) {
	dir := t.TempDir()
	target, link, loop := filepath.Join(dir, "target"), filepath.Join(dir, "link"), filepath.Join(dir, "loop")
	if err := errors.Join(os.Symlink("target", link), os.Symlink("loop", loop)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		f, err := Append(link, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("x\n"); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
	if got := read(t, target); got != "x\nx\n" {
		t.Errorf("%q", got)
	}
	f, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if open := fmt.Sprintf("/proc/self/fd/%d", f.Fd()); runtime.GOOS == "linux" {
		if got, err := Follow(open); err != nil || got != open {
			t.Errorf("%s, %v", got, err)
		}
	}
	if _, err := Append(loop, 0o644); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a loop: %v", err)
	}
}

// A directory that anybody could have made is not taken for one's own.
func TestMakeDir(t *testing.T) {
	dir := public(t, os.ModeSticky)
	mine := filepath.Join(dir, "a", "b")
	for range 2 {
		if err := MakeDir(mine); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := os.Stat(filepath.Dir(mine)); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	needs.Root(t, "to be two users")
	theirs := filepath.Join(dir, "theirs")
	if err := errors.Join(os.Mkdir(theirs, 0o777), os.Chown(theirs, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	if err := MakeDir(theirs); !errors.Is(err, ErrUnsafe) {
		t.Errorf("%v", err)
	}
}
