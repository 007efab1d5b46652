package sink

import (
	"errors"
	"syscall"
	"testing"
)

// TestFullDevice: the error of a full disk is kept as it is, as the advice to the
// user depends on it.
func TestFullDevice(t *testing.T) {
	f := openFile(t, "/dev/full", 0, "head\n")
	err := f.Flush()
	var we *WriteError
	if !errors.As(err, &we) || !errors.Is(err, syscall.ENOSPC) || err.Error() != "write results to /dev/full: no space left on device" {
		t.Errorf("%v", err)
	}
	if err := f.Sync(); err != nil {
		t.Errorf("a device has nothing to sync: %v", err)
	}
}
