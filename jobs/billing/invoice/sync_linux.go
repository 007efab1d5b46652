package invoice

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// wholeSyncs reports whether syncfs(2) does what it says for a directory: on file systems that are known to, as with others, FUSE among them,
// it may do nothing; and since Linux 5.8, which tells of errors in what was written since the directory was opened.
func wholeSyncs(dir int) bool {
	var st unix.Statfs_t
	if err := unix.Fstatfs(dir, &st); err != nil {
		return false
	}
	switch int64(st.Type) { //nolint:unconvert // its size is the machine's
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC:
	default:
		return false
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return false
	}
	return since58(unix.ByteSliceToString(name.Release[:]))
}

// since58 reads the release of a kernel, such as 6.1.0-13-amd64.
func since58(release string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n != 2 {
		return false
	}
	return major > 5 || major == 5 && minor >= 8
}

func syncWhole(dir *os.File) error {
	for {
		err := unix.Syncfs(int(dir.Fd())) //nolint:gosec // a descriptor is small
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "sync the file system of", Path: dir.Name(), Err: err}
		}
		return nil
	}
}

// begin has a file's pages written without waiting for it: by the time it is waited for they all are on their way.
func begin(f *os.File) error {
	err := unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE) //nolint:gosec // a descriptor is small
	if err == unix.ENOSYS || err == unix.EINVAL || err == unix.ESPIPE || err == unix.EOPNOTSUPP {
		return nil
	}
	if err != nil {
		return &os.PathError{Op: "sync", Path: f.Name(), Err: err}
	}
	return nil
}

// finish waits until a file is on the disk.
func finish(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd())) //nolint:gosec // a descriptor is small
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "sync", Path: f.Name(), Err: err}
		}
		return nil
	}
}

func renameFree(dir int, from, to string) error {
	return unix.Renameat2(dir, from, dir, to, unix.RENAME_NOREPLACE)
}
