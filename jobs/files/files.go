// Package files makes and opens files beside a user's own, in directories where other
// users may make files too.
//
// It promises that what it writes goes into a file that nobody else has put there: a
// new one has no name until it is whole, or one that nobody could know, and is made with
// O_EXCL, which follows no link; one that is added to is looked at once it is open.
// And that a file which is replaced is at any moment the old one or the new one, whole:
// what is new is written, synced, closed and renamed, and then its directory is synced.
//
// Files in a run directory, which nobody else may write to, are made by whoever needs them.
package files

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// New is a file that is being written, to stand beside others or in the place of one.
type New struct {
	*os.File
	dir, base string
	name      string // its path for now; empty: it has none
}

// Create makes a file for a path whose directory is there; the path itself may be taken,
// and is not touched until Put. Perm is masked as by umask(2).
func Create(path string, perm fs.FileMode) (*New, error) {
	n := &New{dir: filepath.Dir(path), base: filepath.Base(path)}
	var err error
	if n.File, err = openNameless(n.dir, perm); n.File == nil && err == nil {
		err = n.openNamed(perm) // the file system has none without a name
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (n *New) openNamed(perm fs.FileMode) (err error) {
	n.name = n.another()
	n.File, err = os.OpenFile(n.name, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, perm)
	return err
}

// another is a path that nobody could know, beside the one that the file is for.
func (n *New) another() string {
	return filepath.Join(n.dir, n.begins()+rand.Text())
}

// begins is what such a path's name begins with.
func (n *New) begins() string {
	const most = 100 // bytes of the name that it is for; a name may have 255
	return "." + n.base[:min(len(n.base), most)] + ".brood-"
}

// Like gives the file the mode of another, and as far as this user may its owner.
func (n *New) Like(st fs.FileInfo) error {
	if uid, gid, ok := ownersOf(st); ok {
		// First, as it takes away bits of the mode. Who may not leaves it the user's own.
		if err := n.Chown(uid, gid); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return n.Chmod(st.Mode().Perm())
}

// Keep makes what was written durable under a name of its own, beside the path that it is
// for, and closes the file. It returns that name. If it fails, nothing is left.
func (n *New) Keep() (string, error) {
	err := n.finish()
	if err == nil {
		err = SyncDir(n.dir)
	}
	if err != nil {
		return "", errors.Join(err, n.remove())
	}
	return n.name, nil
}

// Put makes what was written durable under a path of the same file system, in the place
// of what is there, and closes the file. If it fails, nothing is left.
func (n *New) Put(path string) error {
	err := n.finish()
	if err == nil {
		err = os.Rename(n.name, path)
	}
	if err != nil {
		return errors.Join(err, n.remove())
	}
	return SyncDir(filepath.Dir(path))
}

// finish syncs the file, sees to it that it has a name, and closes it.
func (n *New) finish() error {
	err := n.Sync()
	if err == nil && n.name == "" {
		name := n.another()
		if err = linkNameless(n.File, name); err == nil {
			n.name = name
		}
	}
	return errors.Join(err, n.Close())
}

// Discard lets go of a file that is not to be kept.
func (n *New) Discard() error { return errors.Join(n.Close(), n.remove()) }

func (n *New) remove() error {
	if n.name == "" {
		return nil
	}
	if err := os.Remove(n.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Write puts a file with these bytes in the place of what is at a path.
func Write(path string, b []byte, perm fs.FileMode) error { return Move(path, path, b, perm) }

// Move is Write where the file is first made beside another path: it appears at the
// second one.
func Move(from, to string, b []byte, perm fs.FileMode) error {
	n, err := Create(from, perm)
	if err != nil {
		return err
	}
	if _, err := n.Write(b); err != nil {
		return errors.Join(err, n.Discard())
	}
	return n.Put(to)
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}
