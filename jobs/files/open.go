package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrUnsafe is wrapped by errors about a file, or a link, that another user may have put
// where this one wants to write.
var ErrUnsafe = errors.New("not safe")

// MakeDir makes a directory for this user alone, and those above it, if need be; one that
// is there must not be another user's, where everybody could have made it.
func MakeDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	real, err := Follow(path)
	if err != nil {
		return err
	}
	st, err := os.Lstat(real)
	if err != nil {
		return err
	}
	return checkOwner(real, st)
}

// maxLinks is how many links are followed, one after the other, as by Linux.
const maxLinks = 40

// Append opens a file to be read and added to, and makes it if it is not there, by the rule
// of Open.
func Append(path string, perm fs.FileMode) (*os.File, error) {
	return Open(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, perm)
}

// Open opens a file to write to where it is. How is as for os.OpenFile, but without O_TRUNC:
// whose file it is is known when it is open, and only then may it be changed. In a
// directory that everybody may write to it must be this user's or root's, as must a link
// to it: what Linux asks for with the sysctls fs.protected_symlinks, protected_regular,
// protected_fifos and protected_hardlinks, which not every machine has on.
func Open(path string, how int, perm fs.FileMode) (*os.File, error) {
	real, err := Follow(path)
	if err != nil {
		return nil, err
	}
	if !OfProcess(real) {
		how |= unix.O_NOFOLLOW
	}
	f, err := os.OpenFile(real, how, perm)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil {
		err = checkOwner(real, st)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Renew opens a file to be written from its beginning, where it is, by the rule of Open: for
// what may be a device or a pipe as well. What was in a regular file is gone then.
func Renew(path string, perm fs.FileMode) (*os.File, error) {
	f, err := Open(path, os.O_WRONLY|os.O_CREATE, perm)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && st.Mode().IsRegular() {
		err = f.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// OfProcess reports whether a path is one of what a process has open, such as
// /dev/stdout leads to: the text of such a link need not be a path.
func OfProcess(path string) bool { return strings.HasPrefix(path, "/proc/") }

// Follow returns the path that a path leads to by links, which need not be there, or
// that of a link for which OfProcess holds. Links that another user may have made are
// refused.
func Follow(path string) (string, error) {
	for range maxLinks {
		st, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if st.Mode()&fs.ModeSymlink == 0 || OfProcess(path) {
			return path, nil
		}
		if err := checkOwner(path, st); err != nil {
			return "", err
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
}

// checkOwner refuses what another user may have put at a path.
func checkOwner(path string, st fs.FileInfo) error {
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	if dir.Mode()&0o002 == 0 {
		return nil // who may write there is trusted by whoever made it
	}
	what := "file"
	switch {
	case st.IsDir():
		what = "directory"
	case st.Mode()&fs.ModeSymlink != 0:
		what = "link"
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return nil
	case int(sys.Uid) != os.Geteuid() && sys.Uid != 0:
		return fmt.Errorf("%w: %s %s belongs to user %d, and everybody may write to its directory; name one in a directory of your own", ErrUnsafe, what, path, sys.Uid)
	case what == "link" && dir.Mode()&fs.ModeSticky == 0:
		return fmt.Errorf("%w: anybody may replace link %s; name the file that it leads to, or a directory of your own", ErrUnsafe, path)
	case st.Mode().IsRegular() && sys.Nlink > 1:
		return fmt.Errorf("%w: file %s has other names, and everybody may write to its directory; name one in a directory of your own", ErrUnsafe, path)
	}
	return nil
}

func ownersOf(st fs.FileInfo) (uid, gid int, ok bool) {
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(sys.Uid), int(sys.Gid), true
}
