package quickio

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Here system calls go through the C library, and are told to the scheduler.

// Read is read(2) of a descriptor that does not block.
func Read(fd int, p []byte) (int, error) { return syscall.Read(fd, p) }

// Write is write(2) of a descriptor that does not block.
func Write(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }

// Nap sleeps for a short time.
func Nap(d time.Duration) { time.Sleep(d) }

// ioctlPending asks a pipe how many bytes stand in it: FIONREAD of <sys/filio.h>, which package
// unix does not define for Darwin.
const ioctlPending = 0x4004667f

// Pending is how many bytes of a pipe nobody has read.
func Pending(fd int) int {
	n, err := unix.IoctlGetInt(fd, ioctlPending)
	if err != nil {
		return 0
	}
	return n
}
