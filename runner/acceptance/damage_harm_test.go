package acceptance

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// damagedFile is a file, or a directory, of a run.
type damagedFile struct {
	name string
	from string // only a run whose records come this way has it; empty: each has
}

const damageRun = "state/runs/d/"

// damagedFiles are those that harm is done to. Several names that are separated by + are
// harmed together, as when somebody puts back only a part.
var damagedFiles = []damagedFile{
	{name: "ledger.db"},
	{name: "ledger.db-wal"},
	{name: "ledger.db-shm"},
	{name: "ledger.seal"},
	{name: "ledger.db+ledger.db-wal+ledger.db-shm"},
	{name: "ledger.db+ledger.db-wal+ledger.db-shm+ledger.seal"},
	{name: "ledger.db-wal+ledger.db-shm"},
	{name: "lock"},
	{name: "workers.lock"},
	{name: "control.sock"},
	{name: "pages"},
	{name: "pages/1"},
	{name: "pages/1.1"},
	{name: "pages/1.2"},
	{name: "pages/2+pages/2.1+pages/2.2"},
	{name: "heard"},
	{name: "stdin.data", from: fromStdin},
	{name: "stdin.data.part", from: fromPipe},
	{name: "../../../out.csv"},
	{name: "../../keys/camp.db", from: fromStdin},
	{name: "../../keys/camp.db-wal", from: fromStdin},
}

// What is done to a file.
const (
	harmRemoved  = "removed"
	harmEmpty    = "empty"
	harmCut      = "cut"
	harmOlder    = "older"    // as it was earlier in the last session
	harmBefore   = "before"   // as the session before has left it
	harmFlipped  = "flipped"  // one bit
	harmGarbage  = "garbage"  // as long as it was
	harmFolder   = "folder"   // a directory in its place
	harmLink     = "link"     // a symbolic link to where it has been moved
	harmDangling = "dangling" // a symbolic link to nothing
	harmNone     = "none"     // to see that the rest of the test is right
)

var harmKinds = []string{harmRemoved, harmEmpty, harmCut, harmOlder, harmBefore, harmFlipped, harmGarbage, harmFolder, harmLink, harmDangling}

type harm struct{ file, what string }

func (h harm) name() string { return filepath.Base(h.file) + "/" + h.what }

// errNoHarm is what do returns if the harm would change nothing.
var errNoHarm = errors.New("it would change nothing")

// do does harm to one path of a run.
func (l *leftRun) do(what, name string, random *rand.Rand) error {
	path := filepath.Join(l.place, damageRun, name)
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l.doToNothing(what, name)
	}
	if err != nil {
		return err
	}
	switch what {
	case harmRemoved:
		return os.RemoveAll(path)
	case harmOlder:
		return l.putBack(l.mid, name)
	case harmBefore:
		return l.putBack(l.before, name)
	case harmFolder:
		if st.IsDir() {
			return errNoHarm
		}
		return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
	case harmLink, harmDangling:
		moved := l.at("moved." + filepath.Base(name))
		if err := os.Rename(path, moved); err != nil {
			return err
		}
		if what == harmDangling {
			moved += ".gone"
		}
		return os.Symlink(moved, path)
	}
	if !st.Mode().IsRegular() {
		if what != harmEmpty || !st.IsDir() {
			return errNoHarm
		}
		return errors.Join(os.RemoveAll(path), os.Mkdir(path, 0o700))
	}
	return spoil(path, what, st.Size(), random)
}

// doToNothing puts something where nothing is.
func (l *leftRun) doToNothing(what, name string) error {
	path := filepath.Join(l.place, damageRun, name)
	_, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return errNoHarm
	}
	switch what {
	case harmOlder:
		return l.putBack(l.mid, name)
	case harmBefore:
		return l.putBack(l.before, name)
	case harmEmpty:
		return os.WriteFile(path, nil, 0o600)
	case harmFolder:
		return os.Mkdir(path, 0o700)
	case harmDangling:
		return os.Symlink(l.at("moved.gone"), path)
	}
	return errNoHarm
}

// putBack puts a path back from an older copy of the place.
func (l *leftRun) putBack(copied, name string) error {
	from, to := filepath.Join(copied, damageRun, name), filepath.Join(l.place, damageRun, name)
	if _, err := os.Lstat(from); err != nil {
		return errNoHarm
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return copyTree(from, to)
}

// spoil changes what stands in a file.
func spoil(path, what string, size int64, random *rand.Rand) error {
	if size == 0 {
		return errNoHarm
	}
	switch what {
	case harmEmpty:
		return os.Truncate(path, 0)
	case harmCut:
		return os.Truncate(path, size/2)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	switch what {
	case harmFlipped:
		b[random.Int64N(size)] ^= 1 << random.IntN(8)
	case harmGarbage:
		for i := range b {
			b[i] = byte(random.Uint32())
		}
	default:
		return fmt.Errorf("there is no harm %q", what)
	}
	return os.WriteFile(path, b, 0o600)
}

// copyTree copies a file or a directory with what is in it, as it is at that moment: what
// goes away meanwhile is left out.
func copyTree(from, to string) error {
	st, err := os.Lstat(from)
	if err == nil {
		switch {
		case st.IsDir():
			err = copyDir(from, to)
		case st.Mode()&fs.ModeSocket != 0:
			err = syscall.Mknod(to, syscall.S_IFSOCK|0o600, 0)
		case st.Mode().IsRegular():
			var b []byte
			if b, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(to, b, 0o600)
			}
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func copyDir(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		if err := copyTree(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// replace makes a directory what another one is.
func replace(t *testing.T, from, to string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(to), copyTree(from, to)); err != nil {
		t.Fatal(err)
	}
}
