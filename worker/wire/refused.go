package wire

import (
	"os"
	"strconv"
	"strings"
)

// Refused reports whether the kernel has refused a process to a cgroup as that
// had as many tasks as it may: events is its file pids.events. A limit further up
// the tree counts there as well, so it is looked how many it has had at most,
// where the kernel tells.
func Refused(events string, most int) bool {
	b, err := os.ReadFile(events)
	n, ok := strings.CutPrefix(string(b), "max ")
	if err != nil || !ok {
		return false
	}
	if count, _, _ := strings.Cut(n, "\n"); count == "0" {
		return false
	}
	b, err = os.ReadFile(events[:strings.LastIndexByte(events, '/')+1] + "pids.peak")
	if err != nil {
		return true // an older kernel
	}
	peak, err := strconv.Atoi(strings.TrimSpace(string(b)))
	return err != nil || peak >= most
}
