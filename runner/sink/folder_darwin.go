package sink

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncAll makes all file systems durable, as there is no call for one.
func syncAll(*os.File) error { return unix.Sync() }
