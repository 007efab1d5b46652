package sink

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncAll makes the file system durable that a directory is in: one call, however many
// files are new.
func syncAll(dir *os.File) error { return unix.Syncfs(int(dir.Fd())) }
