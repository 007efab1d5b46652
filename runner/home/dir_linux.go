package home

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// NetworkFileSystem names the kind of network file system a path is on.
func NetworkFileSystem(path string) string {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return ""
	}
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return "an SMB share"
	case unix.AFS_SUPER_MAGIC, unix.CODA_SUPER_MAGIC, unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC:
		return "a network file system"
	}
	return ""
}

// heldLocks reads /proc/locks, and returns what tells whether the lock on a path was held
// then.
func heldLocks() func(path string) bool {
	held := make(map[string]bool)
	if f, err := os.Open("/proc/locks"); err == nil {
		defer func() { _ = f.Close() }()
		// "12: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF", see proc_locks(5)
		sc := bufio.NewScanner(f)
		for sc.Scan() {
			if w := strings.Fields(sc.Text()); len(w) >= 6 && w[1] == "FLOCK" {
				held[w[5]] = true
			}
		}
	}
	return func(path string) bool {
		var st unix.Stat_t
		return len(held) > 0 && unix.Stat(path, &st) == nil &&
			held[fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)]
	}
}
