package quickconn

import (
	"errors"
	"syscall"
)

// Here system calls go through a library, and are made as others are.

func read(fd uintptr, p []byte) (int, syscall.Errno) {
	n, err := syscall.Read(int(fd), p)
	return n, number(err)
}

func write(fd uintptr, p []byte) (int, syscall.Errno) {
	n, err := syscall.Write(int(fd), p)
	return n, number(err)
}

// number is an error of a system call as what it is.
func number(err error) syscall.Errno {
	var errno syscall.Errno
	_ = errors.As(err, &errno)
	return errno
}
