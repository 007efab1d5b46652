package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrLocked is wrapped by errors about a lock that somebody else holds.
var ErrLocked = errors.New("locked")

// ErrUnsafe is wrapped by errors about a lock, or a directory, that somebody
// else may have put there or could take away.
var ErrUnsafe = errors.New("not safe")

// OpenLock opens a lock file, making it if need be, and does not lock it. A
// link, anything that is not a file, and a file of another user are refused.
func OpenLock(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.EISDIR) {
		return nil, fmt.Errorf("open lock %s: %w; remove it", path, err)
	}
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%w: lock %s is a symbolic link; remove it", ErrUnsafe, path)
	}
	if err != nil {
		return nil, fmt.Errorf("open lock %s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, errors.Join(fmt.Errorf("open lock %s: %w", path, err), f.Close())
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = fmt.Errorf("%w: lock %s is not a file; remove it", ErrUnsafe, path)
	case int(st.Uid) != os.Geteuid():
		err = fmt.Errorf("%w: lock %s belongs to user %d, and you are user %d", ErrUnsafe, path, st.Uid, os.Geteuid())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// TryLock takes the lock on f without waiting. It lasts until every copy of
// the descriptor is closed, by whatever kind of death.
func TryLock(f *os.File) error {
	err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%s: %w", f.Name(), ErrLocked)
	}
	return err
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}

// InPlace reports whether f still is the file of its name. A lock on one that
// is not keeps nobody out.
func InPlace(f *os.File) bool {
	a, errA := f.Stat()
	b, errB := os.Lstat(f.Name())
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// CheckPrivate refuses a directory in which others could put or remove files.
// Group says whether its group counts as others.
func CheckPrivate(path string, group bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at directory: %w", err)
	}
	mask := os.FileMode(0o002)
	if group {
		mask = 0o022
	}
	owner, me := -1, os.Geteuid()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(st.Uid)
	}
	switch {
	case !info.IsDir():
		return fmt.Errorf("%w: %s is not a directory", ErrUnsafe, path)
	case owner != me && (owner != 0 || group):
		return fmt.Errorf("%w: directory %s belongs to user %d, and you are user %d", ErrUnsafe, path, owner, me)
	case info.Mode()&mask != 0:
		return fmt.Errorf("%w: directory %s may be written by others; chmod 700 it, or choose another with --state", ErrUnsafe, path)
	}
	return nil
}
