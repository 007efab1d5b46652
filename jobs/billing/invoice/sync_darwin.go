package invoice

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// wholeSyncs is false: macOS has no such call.
func wholeSyncs(int) bool { return false }

func syncWhole(*os.File) error { return errors.ErrUnsupported }

// begin does nothing: macOS cannot be told to begin.
func begin(*os.File) error { return nil }

// finish waits until a file is on the disk, and not only in the drive's memory (F_FULLFSYNC).
func finish(f *os.File) error { return f.Sync() }

func renameFree(dir int, from, to string) error {
	return unix.RenameatxNp(dir, from, dir, to, unix.RENAME_EXCL)
}
