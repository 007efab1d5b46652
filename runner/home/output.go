package home

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// LockOutput makes sure that no other run writes to a results file, or joblog, until Close. The lock
// is a file of the state directory and not one on the results, as whoever may read those
// could hold it: so runs of other state directories are not kept out. If another run
// writes to them, the error is a LockedError.
func (d *Dir) LockOutput(path string, f os.FileInfo) error {
	sys, ok := f.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	dir := filepath.Join(d.State(), "outputs")
	if err := makePrivate(d.State(), dir); err != nil {
		return err
	}
	name := fmt.Sprintf("%x-%x", sys.Dev, sys.Ino)
	lock, err := takeLock(context.Background(), filepath.Join(dir, name), 0)
	var locked *LockedError
	if errors.As(err, &locked) {
		locked.What, locked.Name = "output", path
	}
	if err != nil {
		return err
	}
	d.outputLocks, d.outputs = append(d.outputLocks, lock), append(d.outputs, f)
	return sign(lock, d.Name)
}

// Writes reports whether a file is one that LockOutput was called with.
func (d *Dir) Writes(f os.FileInfo) bool {
	return slices.ContainsFunc(d.outputs, func(o os.FileInfo) bool { return os.SameFile(o, f) })
}

// UnlockOutput gives the locks back that were taken; Close does as well. Their files go while
// they are held, see takeLock.
func (d *Dir) UnlockOutput() error {
	var err error
	for _, lock := range d.outputLocks {
		err = errors.Join(err, os.Remove(lock.Name()), lock.Close())
	}
	d.outputLocks = nil
	return err
}
