package remote

import (
	"errors"
	"io/fs"
	"syscall"
)

func systemState(st fs.FileInfo) (fileState, error) {
	sys, is := st.Sys().(*syscall.Stat_t)
	if !is {
		return fileState{}, errors.New("the system says nothing about it")
	}
	return fileState{
		dev: uint64(sys.Dev), ino: sys.Ino, size: sys.Size, //nolint:gosec // a number of a device
		written: [2]int64{sys.Mtimespec.Sec, sys.Mtimespec.Nsec}, moved: [2]int64{sys.Ctimespec.Sec, sys.Ctimespec.Nsec},
	}, nil
}
