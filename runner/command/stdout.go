package command

import (
	"os"

	"golang.org/x/sys/unix"
)

// interruptible opens standard output anew, so that a write to it can be given up:
// a reader that has stopped reading must not keep a killed run from ending. Another
// open file description is needed, as not to block is a flag of that, and others have
// ours. Where it cannot be had (a socket, another system than Linux) all stays as it
// is; a regular file never blocks.
func (e *env) interruptible() {
	var st unix.Stat_t
	if unix.Fstat(1, &st) != nil || (st.Mode&unix.S_IFMT != unix.S_IFIFO && st.Mode&unix.S_IFMT != unix.S_IFCHR) {
		return
	}
	fd, err := unix.Open("/proc/self/fd/1", unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	e.results = os.NewFile(uintptr(fd), os.Stdout.Name())
	e.before, os.Stdout = os.Stdout, e.results
}

// closeResults puts standard output back.
func (e *env) closeResults() {
	if e.results != nil {
		os.Stdout = e.before
		_ = e.results.Close() // what could not be written was told by the write
	}
}
