package daemon

import (
	"os"
	"syscall"
)

// isAt reports whether a file has a device and an inode.
func isAt(f *os.File, dev, ino uint64) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && uint64(st.Dev) == dev && st.Ino == ino //nolint:unconvert,gosec // a signed 32 bits elsewhere
}
