package home

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// NetworkFileSystem names the kind of network file system a path is on.
func NetworkFileSystem(path string) string {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil || st.Flags&unix.MNT_LOCAL != 0 {
		return ""
	}
	return "a network file system"
}

// heldLocks returns what tells whether the lock on a path is held.
func heldLocks() func(path string) bool { return lockHeld }

// lockHeld tries the lock for a moment: Darwin does not list locks.
func lockHeld(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}
