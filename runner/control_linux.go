package runner

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// shortPath names the socket of a run directory by a path that is short enough
// for one, however deep the directory lies: 108 bytes are all there are. The
// path is good while the directory is open.
func shortPath(dir string) (*os.File, string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, "", err
	}
	return f, controlPath(fmt.Sprintf("/proc/self/fd/%d", f.Fd())), nil
}

// peerUser is the user at the other end of a connection.
func peerUser(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if credErr != nil {
		return 0, credErr
	}
	return int(cred.Uid), nil
}

// memoryOf is the resident memory of a process and of those it has started, in
// bytes.
func memoryOf(pid int) int64 {
	total, _ := usageOf(pid)
	// A child is listed with the thread that has started it.
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is right
	for _, task := range tasks {
		b, _ := os.ReadFile(task) // it may just have gone
		for _, word := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(word); err == nil {
				rss, _ := usageOf(child)
				total += rss
			}
		}
	}
	return total
}

// usageOf is the memory of a process, in bytes, and the processor time it has
// used, in seconds: see proc_pid_stat(5).
func usageOf(pid int) (rss int64, cpu float64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	// The second field is a name in parentheses, which may hold anything.
	_, rest, _ := strings.Cut(string(b), ") ")
	words := strings.Fields(rest)
	if len(words) < 22 {
		return 0, 0
	}
	number := func(field int) float64 { // as the manual counts, from 1
		n, _ := strconv.ParseFloat(words[field-3], 64)
		return n
	}
	const ticks = 100 // USER_HZ, fixed on all Linux that Go runs on
	return int64(number(24)) * int64(os.Getpagesize()), (number(14) + number(15)) / ticks
}
