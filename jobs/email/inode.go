package email

import (
	"io/fs"
	"syscall"
)

// inodeOf tells a file from another that has taken its name.
func inodeOf(st fs.FileInfo) (uint64, bool) {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return s.Ino, true
	}
	return 0, false
}
