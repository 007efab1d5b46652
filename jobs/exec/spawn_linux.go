package exec

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// run runs r.argv and fills r.out and r.errs. It does so on one thread: a
// poll(2) over both pipes and the command's pidfd, without the goroutines that
// os/exec needs, as starting commands is all this job does. Full says that the
// command printed more than it may.
//
// When the command has ended, what stands in the pipes is taken and that is
// all: a process it left behind may hold them open for ever. (Such a process
// is killed with the worker's group, at the latest when the run ends.)
// Input, unless nil, is the command's standard input.
func (r *runner) run(path string, env []string, input []byte) (ws syscall.WaitStatus, full bool, err error) {
	r.out, r.errs, r.allErrs = shrink(r.out), shrink(r.errs), shrink(r.allErrs)
	var out, errs [2]int
	if err := syscall.Pipe2(out[:], syscall.O_CLOEXEC); err != nil {
		return 0, false, err
	}
	defer func() { _ = syscall.Close(out[0]) }()
	if err := syscall.Pipe2(errs[:], syscall.O_CLOEXEC); err != nil {
		_ = syscall.Close(out[1])
		return 0, false, err
	}
	defer func() { _ = syscall.Close(errs[0]) }()
	in := 0 // a worker's standard input is /dev/null
	if input != nil {
		if in, err = memoryFile(input); err != nil {
			_ = syscall.Close(out[1])
			_ = syscall.Close(errs[1])
			return 0, false, err
		}
		defer func() { _ = syscall.Close(in) }()
	}
	pidfd := -1
	pid, err := syscall.ForkExec(path, r.argv, &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{uintptr(in), uintptr(out[1]), uintptr(errs[1])},
		Sys:   &syscall.SysProcAttr{PidFD: &pidfd},
	})
	_ = syscall.Close(out[1])
	_ = syscall.Close(errs[1])
	if err != nil {
		return 0, false, err
	}
	full = r.collect(out[0], errs[0], pidfd, pid)
	if pidfd >= 0 {
		_ = syscall.Close(pidfd)
	}
	for {
		if _, err = syscall.Wait4(pid, &ws, 0, nil); !errors.Is(err, syscall.EINTR) {
			return ws, full, err
		}
	}
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

// roundsAfterExit is how often the pipes are read at most when the command has
// ended: enough for a pipe of 1 MiB, the largest an ordinary user may have. A
// process left behind that prints without end must not hold up the next record.
const roundsAfterExit = 1 << 20 / (16 << 10)

// collect reads both pipes until the command has ended.
func (r *runner) collect(out, errs, pidfd, pid int) (full bool) {
	fds := []unix.PollFd{
		{Fd: int32(out), Events: unix.POLLIN},
		{Fd: int32(errs), Events: unix.POLLIN},
		{Fd: int32(pidfd), Events: unix.POLLIN}, // ignored by poll if -1
	}
	var buf [16 << 10]byte
	timeout := -1
	rounds := 0 // since the command ended
	for rounds < roundsAfterExit {
		if timeout == 0 {
			rounds++
		}
		n, err := unix.Poll(fds, timeout)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return full // 0: the command has ended and the pipes are empty
		}
		open := false
		for i := range fds[:2] {
			if fds[i].Fd < 0 {
				continue
			}
			if fds[i].Revents != 0 {
				m, err := readSome(int(fds[i].Fd), buf[:])
				if m == 0 || err != nil {
					fds[i].Fd = -1
					continue
				}
				if i == 1 {
					r.heard(buf[:m])
				} else if !full {
					r.out = append(r.out, buf[:m]...)
					if full = len(r.out) > r.setup.MaxOutput; full {
						_ = syscall.Kill(pid, syscall.SIGKILL)
					}
				}
			}
			open = true
		}
		if fds[2].Revents != 0 {
			timeout = 0 // it has ended: take what is there
			fds[2].Fd = -1
		}
		if !open && fds[2].Fd < 0 {
			return full
		}
	}
	return full
}

func readSome(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
