package geotest

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Prefer asks the system to let this process run before others, where it may. Who says when requests came
// must see them when they come: one that is kept waiting says of many that they came together.
func Prefer() {
	const before = -15
	// Each thread has a priority of its own; those that are made later take that of their maker.
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, before)
		return
	}
	for _, t := range tasks {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.Setpriority(unix.PRIO_PROCESS, id, before)
		}
	}
}
