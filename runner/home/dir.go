// Package home is where runs live, and who holds them: the state directory, the
// directory of each run with the names in it, its locks, and the lock of brood lock.
// What stands in the files is left to others.
package home

import (
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Dir is a run's directory, STATE/runs/NAME, and the lock on it.
type Dir struct {
	Path string
	Name string
	lock *os.File

	workersLock *os.File      // shared with the workers; nil until a session begins
	outputLocks []*os.File    // see LockOutput
	outputs     []os.FileInfo // what outputLocks are for, or were
	itself      *os.File      // the directory, locked
	claims      []*os.File    // see HoldClaim
}

// The names in a run directory, besides the ledger.
const (
	lockName        = "lock"
	workersLockName = "workers.lock"
	stdinName       = "stdin.data"
	groupsName      = "groups.data"
	PagesName       = "pages"
	HeardName       = "heard" // see wire.Heard
)

var namePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
})

// CheckName refuses what cannot be the name of a run.
func CheckName(name string) error {
	if rest, at := strings.CutPrefix(name, "@"); at && namePattern().MatchString(rest) {
		return fmt.Errorf("%s is what brood.toml calls it: a run has a name without the @, such as %s", name, rest)
	}
	if !namePattern().MatchString(name) {
		return fmt.Errorf("%q cannot be a name: use 1 to 64 letters, digits, dots, dashes and underscores, and begin with a letter or a digit", name)
	}
	return nil
}

// DefaultName makes a name for a run that was given none.
func DefaultName(job string, now time.Time) string {
	return job + "-" + now.Format("20060102-150405") + "-" + strconv.Itoa(os.Getpid())
}

// State returns the state directory: the one given, or $BROOD_STATE, or
// $XDG_STATE_HOME/brood, or ~/.local/state/brood.
func State(given string) (string, error) {
	dir := given
	if dir == "" {
		dir = os.Getenv("BROOD_STATE")
	}
	if x := os.Getenv("XDG_STATE_HOME"); dir == "" && x != "" {
		dir = filepath.Join(x, "brood")
	}
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a place for the state: %w; name one with --state", err)
		}
		dir = filepath.Join(home, ".local", "state", "brood")
	}
	return filepath.Abs(dir)
}

// RunPath is where the run of a name is kept.
func RunPath(state, name string) string { return filepath.Join(state, "runs", name) }

// LedgerPath is where the ledger of a run is kept.
func LedgerPath(state, name string) string {
	return filepath.Join(RunPath(state, name), ledger.FileName)
}

// At is the directory of a run to look at: it need not exist, and is not locked.
func At(state, name string) *Dir { return &Dir{Path: RunPath(state, name), Name: name} }

// Open makes the directory of a run, if need be, and takes its lock.
func Open(ctx context.Context, state, name string, wait Wait) (*Dir, error) {
	path := RunPath(state, name)
	if st, err := os.Lstat(path); err == nil && st.Mode()&os.ModeSymlink != 0 {
		return nil, fmt.Errorf("%w: run directory %s is a symbolic link; remove it", proc.ErrUnsafe, path)
	}
	begun := time.Now()
	for {
		if err := makePrivate(state, filepath.Dir(path), path); err != nil {
			return nil, err
		}
		if kind := NetworkFileSystem(path); kind != "" {
			return nil, fmt.Errorf("run directory %s is on %s, where the ledger is not safe; choose a local disk with --state", path, kind)
		}
		f, err := takeLock(ctx, filepath.Join(path, lockName), wait)
		var locked *LockedError
		switch {
		case errors.As(err, &locked):
			locked.What, locked.Name = "run", name
			return nil, err
		case errors.Is(err, os.ErrNotExist) && time.Since(begun) < 10*time.Second:
			continue // another brood has just removed the directory
		case err != nil:
			return nil, err
		}
		d := &Dir{Path: path, Name: name, lock: f}
		if err := d.lockItself(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return d, sign(f, "")
	}
}

// lockItself locks the directory as well: the lock file may be removed while it is held.
func (d *Dir) lockItself() error {
	f, err := os.Open(d.Path)
	if err != nil {
		return &spec.WriteError{Err: fmt.Errorf("open run directory: %w", err)}
	}
	if err := proc.TryLock(f); err != nil {
		_ = f.Close()
		if errors.Is(err, proc.ErrLocked) {
			return &LockedError{What: "run", Name: d.Name}
		}
		return err
	}
	d.itself = f
	return nil
}

// Place is which directory of this machine it is, by its file system and its number there; empty: nobody can tell. A copy of it
// has another.
func (d *Dir) Place() string {
	st, err := d.itself.Stat()
	if err != nil {
		return ""
	}
	own, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", own.Dev, own.Ino)
}

// WaitForWorkers takes the lock that workers share, and waits for those of an
// earlier session that still finish what they had in hand.
func (d *Dir) WaitForWorkers(ctx context.Context, told func()) error {
	f, err := proc.OpenLock(d.File(workersLockName))
	if err != nil {
		return err
	}
	if err := AwaitLock(ctx, f, told); err != nil {
		return errors.Join(err, f.Close())
	}
	d.workersLock = f
	now := time.Now()
	_ = os.Chtimes(d.File(workersLockName), now, now) // for ByAge; no run should end for want of it
	return nil
}

// AwaitLock takes the lock on a file, which workers that finish what they had in hand may
// still have. If it has to wait, told is called once.
func AwaitLock(ctx context.Context, f *os.File, told func()) error {
	for first := true; ; first = false {
		err := proc.TryLock(f)
		if !errors.Is(err, proc.ErrLocked) {
			return err
		}
		if first {
			told()
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// Rest gives back what a session has locked, as another one of this process follows.
func (d *Dir) Rest() error {
	err := d.UnlockOutput()
	d.outputs = nil
	if d.workersLock != nil {
		err = errors.Join(err, d.workersLock.Close())
		d.workersLock = nil
	}
	return err
}

// Close gives the locks back.
func (d *Dir) Close() error {
	err := d.Rest()
	for _, f := range d.claims {
		_ = f.Truncate(0) // the same
		err = errors.Join(err, f.Close())
	}
	d.claims = nil
	_ = d.lock.Truncate(0) // who held it is of no interest any more
	return errors.Join(err, d.itself.Close(), d.lock.Close())
}

// Remove takes away the directory of a run that has not begun. It gets another
// name first, so that who makes it anew meanwhile gets one of its own.
func (d *Dir) Remove() error {
	gone, err := d.PutAside()
	if err == nil {
		err = os.RemoveAll(gone)
	}
	return errors.Join(err, d.Close())
}

// File is the path of a name in the directory.
func (d *Dir) File(name string) string { return filepath.Join(d.Path, name) }

// Begun reports whether the run has begun, going by the names in its directory. If its
// ledger is gone and other things are left, it has; that is a ledger.ErrDamaged.
func (d *Dir) Begun() (bool, error) {
	_, err := os.Stat(d.File(ledger.FileName))
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return false, &spec.WriteError{Err: err}
	}
	if left := d.left(); left != "" {
		return true, fmt.Errorf("the ledger of run %s: %w: it is gone, and %s of the run is still there", d.Name, ledger.ErrDamaged, left)
	}
	return false, nil
}

// left is the name of something in the directory that only a run that has begun can have
// left; empty: there is nothing.
func (d *Dir) left() string {
	for _, name := range []string{ledger.SealName, PagesName, workersLockName} {
		if _, err := os.Lstat(d.File(name)); err == nil {
			return name
		}
	}
	return ""
}

// NeverBegun checks that a run whose ledger says that it has not begun has left nothing:
// otherwise all that was in the ledger is gone, and that is a ledger.ErrDamaged.
func (d *Dir) NeverBegun() error {
	if left := d.left(); left != "" {
		return fmt.Errorf("the ledger of run %s: %w: all that was in it is gone, and %s of the run is still there", d.Name, ledger.ErrDamaged, left)
	}
	return nil
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	if err := ledger.SyncDir(dir); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// Names lists the runs of a state directory by name.
func Names(state string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(state, "runs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && namePattern().MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Alive reports whether a brood works on the run now. It looks at the lock and
// does not take it, so that it cannot get in anybody's way.
func Alive(state, name string) bool {
	dir := RunPath(state, name)
	held := heldLocks()
	return held(filepath.Join(dir, lockName)) || held(dir)
}

// Discard removes what a run left that was cut off before it began.
func (d *Dir) Discard() error {
	for _, name := range []string{
		ledger.FileName, ledger.FileName + ".part", ledger.FileName + "-wal", ledger.FileName + "-shm", ledger.FileName + "-journal", stdinName, stdinName + ".part", groupsName, groupsName + ".part",
	} {
		if err := os.Remove(d.File(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return &spec.WriteError{Err: err}
		}
	}
	return nil
}

// State is the state directory that the run is in.
func (d *Dir) State() string { return filepath.Dir(filepath.Dir(d.Path)) }

// StdinPath is where a run keeps its copy of standard input.
func (d *Dir) StdinPath() string { return filepath.Join(d.Path, stdinName) }

// GroupsPath is where a run keeps the rows of its dataset with those of a group together.
func (d *Dir) GroupsPath() string { return filepath.Join(d.Path, groupsName) }

// ResultsPath is where a run keeps results of its own, where the user's are made of them.
func (d *Dir) ResultsPath(ext string) string { return d.File("results." + ext) }

// NotesPath names the page of a slot, 0, and its notes, 1 and 2.
func (d *Dir) NotesPath(slot, i int) string {
	name := filepath.Join(d.File(PagesName), strconv.Itoa(slot))
	if i > 0 {
		name += "." + strconv.Itoa(i)
	}
	return name
}

// WorkersLock is the file that workers share, see WaitForWorkers.
func (d *Dir) WorkersLock() *os.File { return d.workersLock }
