package spec

import (
	"errors"
	"strings"
	"syscall"
)

// shortages are what the system says when it has no more of something, and what can be
// done about it. It may be there again later.
var shortages = []struct {
	err    syscall.Errno
	advice string
}{
	{syscall.EMFILE, "Allow more open files (ulimit -n), or work with fewer workers (-j)."},
	{syscall.ENFILE, "The machine has too many files open: end something, or raise fs.file-max."},
	{syscall.EAGAIN, "Allow more processes (ulimit -u, or the limit of the container), or work with fewer workers (-j)."},
	{syscall.ENOMEM, "Allow more memory (ulimit -v, or the limit of the container), or work with fewer workers (-j)."},
}

// said are the words in which Go's runtime says so as it gives up, as a worker does then.
var said = []struct {
	words string
	err   syscall.Errno
}{
	{"failed to create new OS thread", syscall.EAGAIN},
	{"newosproc", syscall.EAGAIN},
	{"out of memory", syscall.ENOMEM},
	{"cannot allocate memory", syscall.ENOMEM},
	{"failed to reserve", syscall.ENOMEM},
	{"too many open files", syscall.EMFILE},
}

// Shortage reports whether an error is that the system has no more descriptors, processes
// or memory for this process, and what can be done about it.
func Shortage(err error) (advice string, is bool) {
	for _, s := range shortages {
		if errors.Is(err, s.err) {
			return s.advice, true
		}
	}
	return "", false
}

// ShortageSaid returns an error for which Shortage holds if a process has ended as it says
// that there was one; or nil.
func ShortageSaid(text string) error {
	for _, s := range said {
		if strings.Contains(text, s.words) {
			return s.err
		}
	}
	return nil
}
