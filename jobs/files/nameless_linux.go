package files

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openNameless opens a file that has no name yet, so that nothing is left of it whatever
// happens; nil where the file system has no such files.
func openNameless(dir string, perm fs.FileMode) (*os.File, error) {
	for {
		fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, uint32(perm))
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), dir), nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EISDIR), errors.Is(err, unix.EINVAL):
			return nil, nil
		}
		return nil, &fs.PathError{Op: "make a file in", Path: dir, Err: err}
	}
}

// linkNameless gives it a name that must be free: open(2), O_TMPFILE.
func linkNameless(f *os.File, name string) error {
	err := unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(int(f.Fd())), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &fs.PathError{Op: "name", Path: name, Err: err}
	}
	return nil
}
