package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// CanCount reports whether this system tells what processes use.
func CanCount() error { return nil }

// UsageOf is what one process uses; nothing if it has gone.
func UsageOf(pid int) Usage {
	p, _ := readStat(strconv.Itoa(pid), nil)
	return p.Usage
}

// peakOf is the most memory that a process has had, in bytes, or 0: VmHWM of
// proc_pid_status(5).
func peakOf(name string) int64 {
	text, err := os.ReadFile("/proc/" + name + "/status")
	_, rest, ok := bytes.Cut(text, []byte("VmHWM:"))
	if err != nil || !ok {
		return 0
	}
	n, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// Glance is how many processes and threads the machine has, and how many bytes
// of its memory are free. It costs one system call: a sudden change says that a
// Census is worth its price.
func Glance() (tasks int, free int64) {
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) != nil {
		return 0, 0
	}
	return int(s.Procs), int64(s.Freeram) * int64(s.Unit)
}

// TreeUsage is what a process and its children use together.
func TreeUsage(pid int) Usage {
	total := UsageOf(pid)
	for _, child := range childrenOf(pid) {
		total.add(UsageOf(child))
	}
	return total
}

func (u *Usage) add(v Usage) {
	u.RSS += v.RSS
	u.CPU += v.CPU
	u.Processes += v.Processes
}

// Census looks at all processes of the machine once, and adds up what those of
// each live child use: its process group, and its descendants in other ones.
func (f *Family) Census() map[int]Usage {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer func() { _ = dir.Close() }()
	names, _ := dir.Readdirnames(-1) // those that were read will do
	all := make(map[int]stat, len(names))
	var buf []byte
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		var p stat
		if p, buf = readStat(name, buf); p.pid != 0 {
			all[p.pid] = p
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[int]Usage, len(f.live))
	for _, p := range all {
		if leader := f.leaderOf(all, p); leader != 0 {
			u := out[leader]
			u.add(p.Usage)
			out[leader] = u
		}
	}
	return out
}

// leaderOf is the child to which a process belongs, or 0. The caller holds the
// lock.
func (f *Family) leaderOf(all map[int]stat, p stat) int {
	for range 64 { // deeper than that, a worker's group has taken it long before
		if f.live[p.group] != nil {
			return p.group
		}
		if f.live[p.pid] != nil {
			return p.pid
		}
		parent, ok := all[p.parent]
		if !ok {
			return 0
		}
		p = parent
	}
	return 0
}

// stat is what proc_pid_stat(5) says of a process.
type stat struct {
	Usage
	pid, parent, group int
}

var pageBytes = int64(os.Getpagesize())

// readStat reads it for the process called name, into buf if that is large
// enough. The process is 0 if it has gone.
func readStat(name string, buf []byte) (stat, []byte) {
	if buf == nil {
		buf = make([]byte, 1024)
	}
	fd, err := unix.Open("/proc/"+name+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return stat{}, buf
	}
	n, err := unix.Read(fd, buf)
	_ = unix.Close(fd)
	// The second field is a name in parentheses, which may hold anything.
	end := bytes.LastIndexByte(buf[:max(n, 0)], ')')
	if err != nil || end < 0 {
		return stat{}, buf
	}
	var field [25]int64 // as the manual counts, from 1
	rest := buf[end+1 : n]
	for i := 3; i < len(field); i++ {
		rest = bytes.TrimLeft(rest, " ")
		word, more, _ := bytes.Cut(rest, []byte{' '})
		if i > 3 { // the third is a letter
			field[i], _ = strconv.ParseInt(string(word), 10, 64)
		}
		rest = more
	}
	var p stat
	p.pid, _ = strconv.Atoi(name)
	p.parent, p.group = int(field[4]), int(field[5])
	p.RSS = field[24] * pageBytes
	p.Processes = 1
	const tick = time.Second / 100 // USER_HZ, fixed on all Linux that Go runs on
	p.CPU = time.Duration(field[14]+field[15]+field[16]+field[17]) * tick
	return p, buf
}

// CanSandbox reports whether the kernel can confine a process to some files, or,
// with ports, also to some ports: see landlock(7).
func CanSandbox(ports bool) error {
	// Version 3 is the first that can forbid to truncate a file, 4 knows ports.
	need, kernel := 3, "6.2"
	if ports {
		need, kernel = 4, "6.7"
	}
	const versionFlag = 1
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, versionFlag)
	switch {
	case errno != 0:
		return fmt.Errorf("this kernel has no Landlock, or it is turned off (%w)", errno)
	case int(abi) < need:
		return fmt.Errorf("it needs Landlock version %d, of Linux %s, and this kernel has version %d", need, kernel, abi)
	}
	return nil
}
