//go:build linux && (amd64 || arm64)

package exec

import (
	"brood/jobs/exec/vfork"
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// starting is what a runner has for starting commands.
type starting struct {
	command   vfork.Command
	path      vector
	argv, env []*byte
	same      []*byte // of env: what is the same for all records
	limit     *vfork.Limit
	plainly   bool // the kernel has no such clone3(2), or forbids it
}

// addresses appends the addresses of the words to dst, and nil. They are good until a word is
// added.
func (v *vector) addresses(dst []*byte) []*byte {
	begin := 0
	for _, end := range v.ends {
		dst = append(dst, &v.text[begin])
		begin = end
	}
	return append(dst, nil)
}

// prepare is for all commands of a runner.
func (r *runner) prepare() {
	s := &r.system.starting
	var v vector
	for _, e := range r.env {
		v.add(e)
	}
	s.same = v.addresses(nil)[:v.len()]
	// Package syscall has raised the limit of descriptors for this process, and gives it
	// back to those that it starts, unless somebody has set another since: --limit-files.
	was := vfork.Files
	var is unix.Rlimit
	raised := unix.Rlimit{Cur: was.Max - 1, Max: was.Max}
	if was.Cur < was.Max-1 && unix.Getrlimit(unix.RLIMIT_NOFILE, &is) == nil && is == raised {
		s.limit = &was
	}
	hearNoChild()
}

// start starts r.argv, with what the three descriptors are as its standard streams, and
// returns when it is being executed. The pidfd may be -1.
func (r *runner) start(path string, in, out, errs int) (pid, pidfd int, err error) {
	s := &r.system.starting
	if s.plainly {
		return r.startPlain(path, in, out, errs)
	}
	s.path.reset()
	s.path.add(path)
	c := &s.command
	s.argv = r.argv.addresses(s.argv[:0])
	s.env = r.own.addresses(append(s.env[:0], s.same...))
	c.Path, c.Argv, c.Env = &s.path.text[0], &s.argv[0], &s.env[0]
	c.In, c.Out, c.Errs, c.Limit = int64(in), int64(out), int64(errs), s.limit
	if in == 0 {
		c.In = -1 // it has that anyway
	}
	// As in package syscall: nobody else may have a descriptor now that is still to be made
	// close-on-exec.
	syscall.ForkLock.Lock()
	pid, pidfd, notCloned, notExecuted := c.Start()
	syscall.ForkLock.Unlock()
	if notCloned != 0 {
		switch err := syscall.Errno(notCloned); err {
		case syscall.ENOSYS, syscall.EINVAL, syscall.EPERM: // an old kernel, or a filter of system calls
			s.plainly = true
			return r.startPlain(path, in, out, errs)
		default:
			return 0, -1, err
		}
	}
	if notExecuted == 0 {
		return pid, pidfd, nil
	}
	rawClose(pidfd)
	_, err = reap(pid)
	return 0, -1, errors.Join(syscall.Errno(notExecuted), err)
}
