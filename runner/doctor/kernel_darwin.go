package doctor

import (
	"context"

	"golang.org/x/sys/unix"
)

func (x *examination) kernel(context.Context) {
	version, err := unix.Sysctl("kern.osproductversion")
	if err != nil {
		version = "of a version that cannot be told"
	}
	x.tell(PartKernel, "version", OK, "macOS "+version, "")
	x.tell(PartKernel, "limits", Warn, "brood has no --limit-mem, --limit-procs and --sandbox here", "Use Linux where workers have to be held to limits.")
}

func (x *examination) clock() { x.wallClock() }

func localFileSystem(path string) (string, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return "", err
	}
	return unix.ByteSliceToString(st.Fstypename[:]), nil
}

func memory() (total, free int64) {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0, 0
	}
	return int64(n), 0
}
