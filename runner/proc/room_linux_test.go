package proc

import (
	"brood/jobs/jobtest/needs"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestStatusNumber(t *testing.T) {
	status := []byte("Name:\tThreads:\t99\nUmask:\t0022\nUid:\t1000\t1001\t0\t0\nThreads:\t7\n")
	for name, want := range map[string]int{"Uid:": 1000, "Threads:": 7, "Umask:": 22, "Name:": -1, "Gid:": -1} {
		if got := statusNumber(status, name); got != want {
			t.Errorf("%s %d, want %d", name, got, want)
		}
	}
	if statusNumber([]byte("x\nUid:"), "Uid:") != -1 || statusNumber([]byte("x\nUid:\tmany"), "Uid:") != -1 {
		t.Error("there is no number")
	}
}

// This process counts among those of its user.
func TestThreadsOfUser(t *testing.T) {
	own, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if n := threadsOfUser(os.Getuid()); n < len(own) {
		t.Errorf("%d threads of the user, %d of this process alone", n, len(own))
	}
	if n := threadsOfUser(1<<31 - 3); n != 0 {
		t.Errorf("%d threads of nobody at all", n)
	}
}

// limited calls f with a soft limit.
func limited(t *testing.T, what int, cur uint64, f func()) {
	t.Helper()
	var had unix.Rlimit
	if err := unix.Getrlimit(what, &had); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(what, &unix.Rlimit{Cur: cur, Max: had.Max}); err != nil {
		t.Fatal(err)
	}
	f()
	if err := unix.Setrlimit(what, &had); err != nil {
		t.Fatal(err)
	}
}

// A limit of the address space just above what there is leaves no room.
func TestMakeRoomInMemory(t *testing.T) {
	if _, _, is := addressRoom(); is {
		needs.Missing(t, "the address space is limited here already")
	}
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	size := uint64(statusNumber(b, "VmSize:")) << 10
	var roomErr error
	limited(t, unix.RLIMIT_AS, size+memoryOfParent/2, func() { _, roomErr = MakeRoom() })
	if !errors.Is(roomErr, syscall.ENOMEM) || !strings.Contains(roomErr.Error(), "MiB more") {
		t.Errorf("%v", roomErr)
	}
	limited(t, unix.RLIMIT_AS, size+4*memoryOfParent, func() { _, roomErr = MakeRoom() })
	if roomErr != nil {
		t.Errorf("there is room: %v", roomErr)
	}
}

// Workers leave some descriptors to the rest of the run.
func TestKeepFree(t *testing.T) {
	fd, err := unix.Dup(1)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(fd)
	var tight, wide error
	limited(t, unix.RLIMIT_NOFILE, uint64(fd)+3, func() { tight, wide = KeepFree(8), KeepFree(2) })
	if !errors.Is(tight, syscall.EMFILE) || wide != nil {
		t.Errorf("%v, %v", tight, wide)
	}
	if err := KeepFree(8); err != nil {
		t.Errorf("it keeps them: %v", err)
	}
}
