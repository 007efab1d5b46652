package proc

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// addressRoom is how much address space this process may still have, of how much.
func addressRoom() (left, limit uint64, limited bool) {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &l) != nil || l.Cur == unix.RLIM_INFINITY {
		return 0, 0, false
	}
	b, err := os.ReadFile("/proc/self/statm") // pages: size resident …
	if err != nil {
		return 0, 0, false
	}
	pages, _, _ := bytes.Cut(b, []byte(" "))
	n, err := strconv.ParseUint(string(pages), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	return l.Cur - min(n*uint64(os.Getpagesize()), l.Cur), l.Cur, true
}

// ThreadRoom is how many more processes and threads this process may have: by RLIMIT_NPROC,
// which counts those of the user, and by the pids controllers of the cgroups that it is in.
// What other containers count against the user is not seen from here.
func ThreadRoom() (left int, limited bool) {
	left = math.MaxInt
	var l unix.Rlimit
	// Root is not counted, see fork(2).
	if os.Getuid() != 0 && unix.Getrlimit(unix.RLIMIT_NPROC, &l) == nil && l.Cur < math.MaxInt32 {
		left, limited = max(int(l.Cur)-threadsOfUser(os.Getuid()), 0), true
	}
	for _, kind := range [][2]string{{"", "cgroup2"}, {"pids", "cgroup"}} {
		dir, err := ownCgroup(kind[0], kind[1])
		if err != nil {
			continue
		}
		for ; len(dir) > 1; dir = filepath.Dir(dir) {
			most, err := numberIn(dir, "pids.max")
			if err != nil {
				continue // "max", or not in this one
			}
			if now, err := numberIn(dir, "pids.current"); err == nil {
				left, limited = min(left, max(most-now, 0)), true
			}
		}
	}
	return left, limited
}

func numberIn(dir, name string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// threadsOfUser counts the threads of all processes of a user that can be seen.
func threadsOfUser(uid int) int {
	n := 0
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if name := e.Name(); name[0] < '1' || name[0] > '9' {
			continue
		}
		var st syscall.Stat_t
		if syscall.Stat("/proc/"+e.Name(), &st) != nil || (int(st.Uid) != uid && st.Uid != 0) {
			continue // that of a process that may not be looked into is root
		}
		status, err := os.ReadFile("/proc/" + e.Name() + "/status")
		if err == nil && statusNumber(status, "Uid:") == uid {
			n += statusNumber(status, "Threads:")
		}
	}
	return n
}

// statusNumber is the first number of a line of proc_pid_status(5), or -1.
func statusNumber(status []byte, name string) int {
	_, rest, found := bytes.Cut(status, []byte("\n"+name))
	words := bytes.Fields(rest[:min(len(rest), 64)])
	if !found || len(words) == 0 {
		return -1
	}
	n, err := strconv.Atoi(string(words[0]))
	if err != nil {
		return -1
	}
	return n
}
