package runner

import (
	"brood/runner/ledger"
	"brood/runner/proc"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Dir is a run's directory, STATE/runs/NAME, and the lock on it.
type Dir struct {
	Path string
	Name string
	lock *os.File

	workersLock *os.File // shared with the workers; nil until a session begins
	session     int64    // its number
}

// The names in a run directory, besides the ledger.
const (
	lockName        = "lock"
	workersLockName = "workers.lock"
	stdinName       = "stdin.data"
	pagesName       = "pages"
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// CheckName refuses what cannot be the name of a run.
func CheckName(name string) error {
	if !namePattern.MatchString(name) || name == "." || name == ".." {
		return fmt.Errorf("%q cannot be the name of a run: use 1 to 64 letters, digits, dots, dashes and underscores", name)
	}
	return nil
}

// StateDir returns the state directory: the one given, or $BROOD_STATE, or
// $XDG_STATE_HOME/brood, or ~/.local/state/brood.
func StateDir(given string) (string, error) {
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

// LockedError says who holds a run.
type LockedError struct {
	Name   string
	Holder string
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("run %s is held by another brood%s", e.Name, e.Holder)
}

// holder is what stands in a lock file, for people.
type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// OpenDir makes the directory of a run, if need be, and takes its lock.
func OpenDir(state, name string) (*Dir, error) {
	path := RunPath(state, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, &WriteError{fmt.Errorf("make run directory: %w", err)}
	}
	if err := checkDir(path); err != nil {
		return nil, err
	}
	f, err := proc.OpenLock(filepath.Join(path, lockName))
	if err != nil {
		return nil, err
	}
	if err := proc.TryLock(f); err != nil {
		if errors.Is(err, proc.ErrLocked) {
			err = &LockedError{name, readHolder(f)}
		}
		return nil, errors.Join(err, f.Close())
	}
	d := &Dir{Path: path, Name: name, lock: f}
	return d, d.sign()
}

// checkDir refuses a directory that others may tamper with, and file systems
// on which locks and shared memory do not hold what they promise.
func checkDir(path string) error {
	st, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("run directory: %w", err)
	}
	if !st.IsDir() {
		return fmt.Errorf("run directory %s is a link or a file; remove it", path)
	}
	if st.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("run directory %s may be written by others; chmod 700 it", path)
	}
	if kind := networkFileSystem(path); kind != "" {
		return fmt.Errorf("run directory %s is on %s, where the ledger is not safe; choose a local disk with --state", path, kind)
	}
	return nil
}

func (d *Dir) sign() error {
	host, _ := os.Hostname() // for people; empty will do
	b, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Since: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	if err := d.lock.Truncate(0); err == nil {
		_, err = d.lock.WriteAt(append(b, '\n'), 0)
		return d.written(err)
	}
	return d.written(err)
}

func (d *Dir) written(err error) error {
	if err != nil {
		return &WriteError{fmt.Errorf("write run directory: %w", err)}
	}
	return nil
}

func readHolder(f *os.File) string {
	var h holder
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || json.Unmarshal(b, &h) != nil || h.PID == 0 {
		return ""
	}
	return fmt.Sprintf(": process %d on %s, since %s", h.PID, h.Host, h.Since.Local().Format(time.DateTime))
}

// Close gives the locks back.
func (d *Dir) Close() error {
	var err error
	if d.workersLock != nil {
		err = d.workersLock.Close()
		d.workersLock = nil
	}
	return errors.Join(err, d.lock.Close())
}

// Remove takes away the directory of a run that has not begun.
func (d *Dir) Remove() error { return errors.Join(os.RemoveAll(d.Path), d.Close()) }

func (d *Dir) file(name string) string { return filepath.Join(d.Path, name) }

// HasLedger reports whether the run has begun.
func (d *Dir) HasLedger() bool {
	_, err := os.Stat(d.file(ledger.FileName))
	return err == nil
}

func syncDir(dir string) error {
	if err := ledger.SyncDir(dir); err != nil {
		return &WriteError{err}
	}
	return nil
}

// RunNames lists the runs of a state directory by name.
func RunNames(state string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(state, "runs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && namePattern.MatchString(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Alive reports whether a brood works on the run now. It looks at the lock and
// does not take it, so that it cannot get in anybody's way.
func Alive(state, name string) bool {
	return lockHeld(filepath.Join(RunPath(state, name), lockName))
}
