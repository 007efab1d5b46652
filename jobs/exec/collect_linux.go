package exec

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pipes are those of one command, standard output first. Their write ends stay open here
// until it has ended: to see the last writer go would wake this process once for each of
// them.
type pipes struct {
	r, w     [2]int
	nonblock [2]bool
	// asked is whether the runner's nap has been asked to wait for this command, and naps
	// whether it does.
	asked, naps bool
}

func (p *pipes) open() (err error) {
	p.r, p.w = [2]int{-1, -1}, [2]int{-1, -1}
	for i := range p.r {
		if p.r[i], p.w[i], err = rawPipe(); err != nil {
			return err
		}
	}
	return nil
}

func (p *pipes) close() {
	p.closeWriters()
	for i := range p.r {
		rawClose(p.r[i])
	}
}

func (p *pipes) closeWriters() {
	for i := range p.w {
		rawClose(p.w[i])
		p.w[i] = -1
	}
}

// Reading what a command prints.
const (
	readSize = 16 << 10
	// roundsAfterExit is how often a pipe is read at most when the command has
	// ended: enough for one of 1 MiB, the largest an ordinary user may have. A
	// process left behind that prints without end must not hold up the next record.
	roundsAfterExit = 1 << 20 / readSize
	// deaf is how long only the end of a command is waited for, and not what it prints:
	// most have ended by then, and wake this process once. One that prints more than a
	// pipe holds waits so long, once.
	deaf = time.Millisecond
	// patience is how long a command is waited for without telling the scheduler, while
	// this process does nothing else. Who wants the record to be stopped waits so long.
	patience = 5 * time.Millisecond
)

// collect reads both pipes until the command has ended.
func (r *runner) collect(p *pipes, pidfd, pid int) (full bool) {
	if pidfd < 0 {
		p.closeWriters() // that the last one has gone is all there will be to see
	}
	// The pidfd is first, so that what it says is older than what is said of the pipes: when
	// it says that the command has ended, all that it has printed is there to be seen.
	fds := [3]unix.PollFd{
		{Fd: int32(pidfd), Events: unix.POLLIN}, // ignored by poll if -1
		{Fd: int32(p.r[0]), Events: unix.POLLIN},
		{Fd: int32(p.r[1]), Events: unix.POLLIN},
	}
	begun := time.Now()
	for {
		err := r.await(p, &fds, time.Since(begun))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		ended := fds[0].Revents != 0 || err != nil
		rounds := 1
		if ended {
			rounds = roundsAfterExit
		}
		for i := range p.r {
			if fds[1+i].Revents != 0 && !r.take(p, i, rounds) {
				fds[1+i].Fd, p.naps = -1, false
			}
		}
		if !full && len(r.out) > r.setup.MaxOutput {
			full = true
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if ended || pidfd < 0 && fds[1].Fd < 0 && fds[2].Fd < 0 {
			return full
		}
	}
}

// await waits until a command has ended, or printed something, or some time is over. Since is
// for how long it has been running.
func (r *runner) await(p *pipes, fds *[3]unix.PollFd, since time.Duration) error {
	switch {
	case since < deaf && fds[0].Fd >= 0:
		if n, err := rawPoll(fds[:1], deaf-since); n == 0 {
			return err
		}
		_, err := rawPoll(fds[:], 0)
		return err
	case since < patience:
		_, err := rawPoll(fds[:], patience-since)
		return err
	}
	if !p.asked {
		p.asked, p.naps = true, r.system.nap.begin(fds)
	}
	if p.naps {
		return r.system.nap.wait(fds)
	}
	_, err := unix.Poll(fds[:], -1)
	return err
}

// take reads what stands in a pipe, so often at most. It returns false at its end.
func (r *runner) take(p *pipes, which, rounds int) bool {
	if !p.nonblock[which] {
		rawNonblock(p.r[which])
		p.nonblock[which] = true
	}
	if r.system.buf == nil {
		r.system.buf = make([]byte, readSize)
	}
	for range rounds {
		n, err := rawRead(p.r[which], r.system.buf)
		switch {
		case err == syscall.EAGAIN:
			return true
		case n == 0 || err != nil:
			return false
		case which == 1:
			r.heard(r.system.buf[:n])
		case len(r.out) <= r.setup.MaxOutput: // no more than shows that it is too much
			r.out = append(r.out, r.system.buf[:n]...)
		}
		if n < len(r.system.buf) {
			return true // that was all
		}
	}
	return true
}
