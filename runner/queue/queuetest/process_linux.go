package queuetest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// attributes are those of a server's process.
func attributes(account string) (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	uid, gid, err := ids(account)
	if err == nil && uid >= 0 {
		a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // they were read as such
	}
	return a, err
}

// children are the processes that a process has started: PostgreSQL has one for each connection, in a group of its own.
func children(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var out []int
	for _, word := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(word); err == nil && n > 1 {
			out = append(out, n)
		}
	}
	return out
}
