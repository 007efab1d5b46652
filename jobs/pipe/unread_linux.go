package pipe

import "golang.org/x/sys/unix"

// unreadIn reports whether nobody can read from a pipe any more, and how many bytes were
// left in it unread, by the end that is written to: pipe(7), ioctl_pipe(2).
func unreadIn(fd int) (nobody bool, left int, ok bool) {
	p := []unix.PollFd{{Fd: int32(fd)}}
	if _, err := unix.Poll(p, 0); err != nil {
		return false, 0, false
	}
	// When the last reader has gone nothing is taken out any more, so this is looked at
	// first.
	nobody = p[0].Revents&unix.POLLERR != 0
	left, err := unix.IoctlGetInt(fd, unix.TIOCINQ) // FIONREAD
	return nobody, left, err == nil
}
