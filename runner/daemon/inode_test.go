package daemon

import (
	"os"
	"strconv"
	"syscall"
	"testing"
)

// at is where a file is.
func at(t *testing.T, f *os.File) (dev, ino string) {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	return strconv.FormatUint(uint64(st.Dev), 10), strconv.FormatUint(st.Ino, 10) //nolint:unconvert,gosec // a signed 32 bits elsewhere
}
