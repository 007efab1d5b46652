package doctor

import (
	"brood/runner/proc"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// kernel looks for what brood uses of Linux, by asking for it and not by the version: a container, a sandbox or a distribution may
// have taken it away, or given it to an older one.
func (x *examination) kernel(context.Context) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		x.tell(PartKernel, "version", Warn, "cannot be told: "+err.Error(), "")
	} else {
		x.tell(PartKernel, "version", OK, "Linux "+text(u.Release[:])+", "+runtime.GOARCH, "")
	}
	x.processes()
	x.cgroups()
	x.landlock()
	x.seccomp()
}

func text(b []byte) string { return unix.ByteSliceToString(b) }

// processes: pidfd_open(2) and clone3(2). Without them brood does the same by older calls, in more steps.
func (x *examination) processes() {
	const do = "Nothing has to be done: brood does without. A newer kernel (5.3), or a container that allows the call, makes starting a worker quicker."
	if fd, err := unix.PidfdOpen(os.Getpid(), 0); err == nil {
		_ = unix.Close(fd)
		x.tell(PartKernel, "pidfd", OK, "there is", "")
	} else {
		x.tell(PartKernel, "pidfd", Warn, "there is none: "+err.Error(), do)
	}
	// With a size of nothing it is EINVAL where there is such a call; it starts nothing.
	switch _, _, errno := unix.Syscall(unix.SYS_CLONE3, 0, 0, 0); errno {
	case unix.EINVAL, unix.EFAULT:
		x.tell(PartKernel, "clone3", OK, "there is", "")
	default:
		x.tell(PartKernel, "clone3", Warn, "there is none: "+errno.Error(), do)
	}
	if _, err := os.Stat("/proc/self/task"); err != nil {
		x.tell(PartKernel, "/proc", Fail, "it is not mounted", "Mount it: mount -t proc proc /proc. Without it no worker can be started, and no limit be watched.")
	} else {
		x.tell(PartKernel, "/proc", OK, "is mounted", "")
	}
}

// cgroups: whether the kernel would keep --limit-mem and --limit-procs, or brood has to watch them.
func (x *examination) cgroups() {
	family, err := proc.NewFamily()
	if err != nil {
		x.tell(PartKernel, "children", Fail, "brood cannot look after processes here: "+err.Error(), "Look whether a container forbids prctl(2).")
		return
	}
	left, why := family.Confine(proc.Confinement{Mem: 1 << 30, Processes: 64})
	if err := family.Close(); err != nil && why == nil {
		why = err
	}
	says := "limits of workers are kept by the kernel"
	if why == nil && left == (proc.Confinement{}) {
		x.tell(PartKernel, "cgroups", OK, says, "")
		return
	}
	do := "For limits that are kept by the kernel start brood as a service with Delegate=yes, or by: systemd-run --user --scope -p Delegate=yes brood …"
	says = "limits of workers are watched by brood, and not kept by the kernel"
	if left.Processes == 0 {
		says = "the limit of processes is kept by the kernel, that of memory watched by brood"
	}
	x.tell(PartKernel, "cgroups", Warn, fmt.Sprintf("%s: %v", says, why), do)
}

// landlock: the version of its interface, see landlock(7): 4 has TCP ports.
func (x *examination) landlock() {
	const versionOnly = 1 // LANDLOCK_CREATE_RULESET_VERSION
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, versionOnly)
	do := "Use --sandbox on a kernel that has it (5.13; for --allow-connect 6.7), with landlock in the boot parameter lsm=."
	switch {
	case errno != 0:
		x.tell(PartKernel, "Landlock", Warn, "there is none, so no --sandbox: "+errno.Error(), do)
	case proc.CanSandbox(false) != nil:
		x.tell(PartKernel, "Landlock", Warn, "no --sandbox: "+proc.CanSandbox(false).Error(), do)
	case proc.CanSandbox(true) != nil:
		x.tell(PartKernel, "Landlock", Warn, fmt.Sprintf("interface %d: --sandbox for files, but not for ports", abi), do)
	default:
		x.tell(PartKernel, "Landlock", OK, fmt.Sprintf("interface %d: --sandbox for files and ports", abi), "")
	}
}

// seccomp: whether somebody filters the calls of this process, as a container does.
func (x *examination) seccomp() {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		x.tell(PartKernel, "seccomp", Note, "cannot be told", "")
		return
	}
	says := "the kernel has none"
	for line := range strings.Lines(string(status)) {
		if value, is := strings.CutPrefix(line, "Seccomp:"); is {
			switch strings.TrimSpace(value) {
			case "0":
				says = "no calls are filtered"
			case "2":
				says = "calls are filtered, as in a container: what is refused above may be allowed outside"
			default:
				says = "mode " + strings.TrimSpace(value)
			}
		}
	}
	x.tell(PartKernel, "seccomp", Note, says, "")
}

// clock: whether the wall clock is kept right, see adjtimex(2).
func (x *examination) clock() {
	x.wallClock()
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	const timeError, unsynchronized = 5, 0x40 // TIME_ERROR, STA_UNSYNC
	switch {
	case err != nil:
		x.tell(PartClock, "synchronized", Note, "cannot be told: "+err.Error(), "")
	case state == timeError || t.Status&unsynchronized != 0:
		x.tell(PartClock, "synchronized", Warn, "nobody keeps it right, as far as the kernel knows", "Start systemd-timesyncd, chrony or ntpd. Rates and timeouts do not go by this clock, but --window, --quota, --once-per with a lifetime, and times in the ledger do.")
	default:
		x.tell(PartClock, "synchronized", OK, fmt.Sprintf("by NTP, within %d ms", t.Maxerror/1000), "")
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err == nil {
		x.tell(PartClock, "running", Note, fmt.Sprintf("the machine is up for %s", days(ts.Sec)), "")
	}
}

func days(seconds int64) string {
	if d := seconds / 86400; d > 1 {
		return fmt.Sprintf("%d days", d)
	}
	return fmt.Sprintf("%d hours", seconds/3600)
}

// localFileSystem is the name of a file system, by statfs(2).
func localFileSystem(path string) (string, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return "", err
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4", nil
	case unix.XFS_SUPER_MAGIC:
		return "xfs", nil
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs", nil
	case unix.TMPFS_MAGIC:
		return inMemory, nil
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs", nil
	case unix.F2FS_SUPER_MAGIC:
		return "f2fs", nil
	case 0x2fc12fc1: // of OpenZFS, which is not in the kernel
		return "zfs", nil
	case unix.FUSE_SUPER_MAGIC:
		return ofProgram, nil
	}
	return fmt.Sprintf("type %#x", uint32(st.Type)), nil
}

// memory is how much the machine has, and how much of it is free; 0: not known.
func memory() (total, free int64) {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0, 0
	}
	_, free = proc.Glance()
	return int64(info.Totalram) * int64(info.Unit), free
}
