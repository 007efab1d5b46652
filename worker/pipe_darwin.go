package worker

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// There system calls go through the C library, and are told to the scheduler.
func readNow(fd int, p []byte) (int, error)  { return syscall.Read(fd, p) }
func writeNow(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }

// ioctlPending asks a pipe how many bytes stand in it: FIONREAD of <sys/filio.h>, which package
// unix does not define for Darwin.
const ioctlPending = 0x4004667f

// pending is how many bytes of a pipe nobody has read.
func pending(fd int) int {
	n, err := unix.IoctlGetInt(fd, ioctlPending)
	if err != nil {
		return 0
	}
	return n
}
