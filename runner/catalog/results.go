package catalog

import (
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Whose results a file holds is kept in the state directory, in outputs: a symbolic link to
// the directory of the run, under the name of the file's device and inode, so that it is
// found wherever the file is moved to, and under a hash of its path, so that it is found when
// a copy was put in its place. A link is only a hint where to look: the file belongs to the
// run if the run is there and its results stand in the file. So a run that was removed, and a
// file that something else has been written to, count no more.

// OwnedError says that a file holds the results of a run.
type OwnedError struct {
	Path string // of the file
	Run  string
}

func (e *OwnedError) Error() string {
	return fmt.Sprintf("%s holds the results of run %s", e.Path, e.Run)
}

// linkEnd tells a link from the locks that are there as well.
const linkEnd = ".run"

// links are the names under which the run is found that a file belongs to.
func links(state, path string, st os.FileInfo) []string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	s := stampOf(st)
	hash := sha256.Sum256([]byte(path))
	dir := filepath.Join(state, "outputs")
	return []string{
		filepath.Join(dir, fmt.Sprintf("%x-%x", s.Dev, s.Ino)+linkEnd),
		filepath.Join(dir, fmt.Sprintf("path-%x", hash[:16])+linkEnd),
	}
}

// runOf reads a link.
func runOf(link string) string {
	to, err := os.Readlink(link)
	name := filepath.Base(to)
	if err != nil || home.CheckName(name) != nil {
		return ""
	}
	return name
}

// Claim notes that the results of a run go to a file, if it is a regular one. The lock on it
// is held, see home.Dir.LockOutput. What it holds belongs to nobody else, see CheckOwner.
func Claim(dir *home.Dir, path string, st os.FileInfo) error {
	for _, link := range links(dir.State(), path, st) {
		if runOf(link) == dir.Name {
			continue
		}
		tmp := fmt.Sprintf("%s.%d", link, os.Getpid())
		_ = os.Remove(tmp)
		err := os.Symlink(filepath.Join("..", "runs", dir.Name), tmp)
		if err == nil {
			err = os.Rename(tmp, link)
		}
		if err != nil {
			return fmt.Errorf("note whose results %s holds: %w", path, err)
		}
	}
	return nil
}

// claimAgain notes that the results stand in another file now, as one was made anew.
func (e *Entry) claimAgain(dir *home.Dir) {
	if e.Results.File == (stamp{}) {
		return
	}
	if st, err := os.Stat(e.Results.Path); err == nil {
		_ = Claim(dir, e.Results.Path, st) // that of the path leads there as well
	}
}

// release takes the links of a run away.
func (e *Entry) release(state string) {
	st, err := os.Stat(e.Results.Path)
	if e.Results.Path == sink.Stdout || err != nil {
		return
	}
	for _, link := range links(state, e.Results.Path, st) {
		if runOf(link) == e.Name {
			_ = os.Remove(link)
		}
	}
}

// CheckOwner refuses a file that holds the results of another run than the one of a name: the
// error is an OwnedError. Of one that is running, the lock on its results says so.
func CheckOwner(ctx context.Context, state, name, path string) error {
	st, err := os.Stat(path)
	if path == sink.Stdout || err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return nil //nolint:nilerr // who opens it says it better
	}
	for _, link := range links(state, path, st) {
		owner := runOf(link)
		if owner == "" || owner == name {
			continue
		}
		mine, err := owns(ctx, state, owner, path, st)
		if err != nil {
			return err
		}
		if mine {
			return &OwnedError{Path: path, Run: owner}
		}
	}
	return nil
}

// owns reports whether a file holds the results of a run.
func owns(ctx context.Context, state, name, path string, st os.FileInfo) (bool, error) {
	e := Read(state, name)
	if e == nil {
		var err error
		if e, err = Examine(ctx, state, name); errors.Is(err, ledger.ErrNone) || errors.Is(err, ledger.ErrNotBegun) {
			return false, nil
		} else if errors.Is(err, ledger.ErrDamaged) || errors.Is(err, ledger.ErrVersion) {
			return true, nil // its results may be all that is left of it
		} else if err != nil {
			return false, err
		}
	}
	if e.State == ledger.StateRunning || e.Results.Bytes == 0 {
		return false, nil
	}
	if e.Results.File == stampOf(st) {
		return true, nil
	}
	return e.Results.hold(path, st)
}

// Condition is what has become of the results of a run.
type Condition string

// What may have become of them.
const (
	ResultsThere   Condition = "ok"      // nobody has touched them
	ResultsGone    Condition = "gone"    // there is no such file any more
	ResultsChanged Condition = "changed" // the file is there, and its content is another
	ResultsTouched Condition = "touched" // it was written to since, or is another file; what it holds was not compared
)

// quickSum is how many bytes are compared in passing; of more, brood verify tells.
const quickSum = 64 << 20

// Condition looks what has become of the results of a run that nobody works on, and says it
// in words. It is empty where they are no file.
func (e *Entry) Condition(ctx context.Context, state string) (Condition, string) {
	r := &e.Results
	if e.State == ledger.StateRunning || r.Path == sink.Stdout {
		return "", ""
	}
	st, err := os.Stat(r.Path)
	if errors.Is(err, fs.ErrNotExist) {
		if r.Bytes == 0 {
			return "", ""
		}
		return ResultsGone, "its results are gone: there is no " + r.Path
	}
	if err != nil {
		return ResultsGone, "its results cannot be looked at: " + err.Error()
	}
	if !st.Mode().IsRegular() || r.File == stampOf(st) {
		return ResultsThere, ""
	}
	by := e.overwritten(ctx, state, st)
	changed := fmt.Sprintf("its results have been overwritten%s: %s, last written at %s, does not hold them any more", by, r.Path, st.ModTime().Local().Format(time.DateTime))
	if st.Size() < r.Bytes || (r.Bytes == 0 && by != "") {
		return ResultsChanged, changed
	}
	if r.Bytes > quickSum {
		return ResultsTouched, fmt.Sprintf("its results may have been changed: %s was written to since, at %s; brood verify %s compares them", r.Path, st.ModTime().Local().Format(time.DateTime), e.Name)
	}
	if same, err := r.hold(r.Path, st); err != nil || !same {
		return ResultsChanged, changed
	}
	return ResultsThere, ""
}

// overwritten names the run that has written to the results since.
func (e *Entry) overwritten(ctx context.Context, state string, st os.FileInfo) string {
	var owned *OwnedError
	if errors.As(CheckOwner(ctx, state, e.Name, e.Results.Path), &owned) {
		return " by run " + owned.Run
	}
	for _, link := range links(state, e.Results.Path, st) {
		if by := runOf(link); by != "" && by != e.Name && home.Alive(state, by) {
			return " by run " + by + ", which is running"
		}
	}
	return ""
}
