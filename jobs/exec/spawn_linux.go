package exec

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// system is what a runner has for starting commands and for waiting for them.
type system struct {
	starting starting
	nap      nap
	buf      []byte
}

func (s *system) close() error { return s.nap.close() }

// run runs r.argv and fills r.out and r.errs. It does so on one thread: a
// poll(2) over the command's pidfd and both pipes, without the goroutines that
// os/exec needs, as starting commands is all this job does. Full says that the
// command printed more than it may.
//
// When the command has ended, what stands in the pipes is taken and that is
// all: a process it left behind may hold them open for ever. (Such a process
// is killed with the worker's group, at the latest when the run ends.) So the
// pipes are new for each command: what such a process prints must not be taken for the
// next command's.
// Input, unless nil, is the command's standard input.
func (r *runner) run(path string, input []byte) (ws syscall.WaitStatus, full bool, err error) {
	r.out, r.errs, r.allErrs = shrink(r.out), shrink(r.errs), shrink(r.allErrs)
	var p pipes
	defer p.close()
	if err := p.open(); err != nil {
		return 0, false, err
	}
	in := 0 // a worker's standard input is /dev/null
	if input != nil {
		if in, err = memoryFile(input); err != nil {
			return 0, false, err
		}
		defer rawClose(in)
	}
	pid, pidfd, err := r.start(path, in, p.w[0], p.w[1])
	if err != nil {
		return 0, false, err
	}
	full = r.collect(&p, pidfd, pid)
	rawClose(pidfd)
	ws, err = reap(pid)
	runtime.Gosched() // others had no turn while this waited
	return ws, full, err
}

// startPlain starts r.argv where that cannot be done by package vfork.
func (r *runner) startPlain(path string, in, out, errs int) (pid, pidfd int, err error) {
	pidfd = -1
	pid, err = syscall.ForkExec(path, r.argv.strings(), &syscall.ProcAttr{
		Env:   slices.Concat(r.env, r.own.strings()),
		Files: []uintptr{uintptr(in), uintptr(out), uintptr(errs)},
		Sys:   &syscall.SysProcAttr{PidFD: &pidfd},
	})
	return pid, pidfd, err
}

// memoryFile is a file with a content and no name. Unlike a pipe it needs nobody who goes on
// writing while the command reads, or does not.
func memoryFile(content []byte) (fd int, err error) {
	if fd, err = unix.MemfdCreate("record", unix.MFD_CLOEXEC); err != nil {
		return -1, fmt.Errorf("make its standard input: %w", err)
	}
	for at := 0; at < len(content); {
		n, err := unix.Pwrite(fd, content[at:], int64(at))
		if err != nil && !errors.Is(err, unix.EINTR) {
			_ = syscall.Close(fd)
			return -1, fmt.Errorf("write its standard input: %w", err)
		}
		at += max(n, 0)
	}
	return fd, nil
}
