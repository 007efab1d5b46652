package home

import (
	"brood/runner/proc"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// asidePrefix is what the name of a directory begins with that was a run's and is about to
// be removed.
const asidePrefix = ".removed-"

// Hold takes the lock of a run that is there, and waits for nobody. Who holds it is not
// noted; give it back with Release.
func Hold(ctx context.Context, state, name string) (*Dir, error) {
	path := RunPath(state, name)
	st, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return nil, fmt.Errorf("%w: run directory %s is no directory; remove it", proc.ErrUnsafe, path)
	}
	if err := proc.CheckPrivate(path, true); err != nil {
		return nil, err
	}
	f, err := takeLock(ctx, filepath.Join(path, lockName), 0)
	var locked *LockedError
	if errors.As(err, &locked) {
		locked.What, locked.Name = "run", name
	}
	if err != nil {
		return nil, err
	}
	d := &Dir{Path: path, Name: name, lock: f}
	if err := d.lockItself(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return d, nil
}

// Release gives back what Hold has taken.
func (d *Dir) Release() error { return errors.Join(d.itself.Close(), d.lock.Close()) }

// PutAside gives the directory of a run, which is locked, a name that no run has. What is
// under such a name is to be removed, by whoever comes by.
func (d *Dir) PutAside() (string, error) {
	gone := filepath.Join(filepath.Dir(d.Path), fmt.Sprintf("%s%d-%d-%s", asidePrefix, os.Getpid(), time.Now().UnixNano(), d.Name))
	if err := os.Rename(d.Path, gone); err != nil {
		return "", &spec.WriteError{Err: fmt.Errorf("remove run %s: %w", d.Name, err)}
	}
	return gone, nil
}

// PutAside lists the directories that were put aside.
func PutAside(state string) ([]string, error) {
	dir := filepath.Join(state, "runs")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), asidePrefix) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}
