package spec

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestShortage(t *testing.T) {
	for _, c := range []struct {
		err    error
		advice string
	}{
		{&os.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, "ulimit -n"},
		{fmt.Errorf("start: %w", os.NewSyscallError("fork", syscall.EAGAIN)), "ulimit -u"},
		{errors.Join(errors.New("first"), syscall.ENOMEM), "ulimit -v"},
		{&WriteError{Err: syscall.ENFILE}, "fs.file-max"},
		{syscall.EIO, ""},
		{errors.New("out of memory"), ""}, // only what a process has said as it died
		{nil, ""},
	} {
		if advice, is := Shortage(c.err); is != (c.advice != "") || !strings.Contains(advice, c.advice) {
			t.Errorf("%v: %q, %v", c.err, advice, is)
		}
	}
}

// What Go's runtime says as it ends is known again.
func TestShortageSaid(t *testing.T) {
	for text, want := range map[string]error{
		"runtime: failed to create new OS thread (have 7 already; errno=11)": syscall.EAGAIN,
		"fatal error: newosproc":                                  syscall.EAGAIN,
		"fatal error: runtime: out of memory":                     syscall.ENOMEM,
		"runtime: mmap(0x7f, 64) returned cannot allocate memory": syscall.ENOMEM,
		"worker: handshake: too many open files":                  syscall.EMFILE,
		"panic: index out of range":                               nil,
		"":                                                        nil,
	} {
		if got := ShortageSaid(text); !errors.Is(got, want) {
			t.Errorf("%q: %v", text, got)
		}
	}
}
