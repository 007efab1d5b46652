package invoice

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// folder is a directory that was opened once: what is done in it by a name without a slash is done in that one and follows no
// link, whoever renames directories above it.
type folder struct {
	file *os.File
	// whole says that the file system is synced as a whole, and tells of what failed.
	whole bool
}

func openFolder(dir string) (*folder, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	d := &folder{file: f}
	d.whole = wholeSyncs(d.fd())
	return d, nil
}

func (d *folder) fd() int { return int(d.file.Fd()) } //nolint:gosec // a descriptor is small

func (d *folder) at(name string, flags int) (*os.File, error) {
	const perm = 0o644 // an invoice is made to be handed on; the umask decides
	for {
		fd, err := unix.Openat(d.fd(), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
		runtime.KeepAlive(d)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: name, Err: err}
		}
		return os.NewFile(uintptr(fd), name), nil
	}
}

// create makes a file that was not there.
func (d *folder) create(name string) (*os.File, error) {
	return d.at(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
}

// open opens one to be read and synced; a pipe that stands there does not hold it up.
func (d *folder) open(name string) (*os.File, error) {
	return d.at(name, unix.O_RDONLY|unix.O_NONBLOCK)
}

func (d *folder) remove(name string) error { return unix.Unlinkat(d.fd(), name, 0) }

// rename gives a file its name, which must be free.
func (d *folder) rename(from, to string) error {
	err := renameFree(d.fd(), from, to)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) { // a file system that has no such rename
		if err = unix.Linkat(d.fd(), from, d.fd(), to, 0); err == nil {
			err = unix.Unlinkat(d.fd(), from, 0)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

const (
	// atOnce is how many files are synced at the same time: a file system's journal takes those that wait together in one
	// commit.
	atOnce = 16
	// fewest is how many files make it worth while to sync the file system.
	fewest = 8
)

// syncAll makes the contents of files durable. To sync the file system once takes half of the processor's time that a sync of each
// file takes, and is the quicker the larger the group; where that cannot be relied on the files are synced by themselves,
// several at a time.
func (d *folder) syncAll(held []*heldFile) error {
	if d.whole && len(held) >= fewest {
		return syncWhole(d.file)
	}
	for _, h := range held {
		if err := begin(h.file); err != nil {
			return err
		}
	}
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, h := range held {
		g.Go(func() error { return finish(h.file) })
	}
	return g.Wait()
}
