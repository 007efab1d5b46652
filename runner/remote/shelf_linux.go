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
		dev: sys.Dev, ino: sys.Ino, size: sys.Size,
		written: [2]int64{sys.Mtim.Sec, sys.Mtim.Nsec}, moved: [2]int64{sys.Ctim.Sec, sys.Ctim.Nsec},
	}, nil
}
