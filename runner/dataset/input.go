package dataset

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Input reads a descriptor that others may share, such as standard input, and
// can be closed in the middle of a read. Go's own way to that, non-blocking
// mode, would change the descriptor for everyone who has it, the shell
// included; so Input waits with poll(2) instead.
type Input struct {
	file       *os.File
	stop, wake *os.File // the two ends of a pipe: closing wake ends the wait
	once       sync.Once
}

// NewInput returns an Input over f, which stays the caller's.
func NewInput(f *os.File) (*Input, error) {
	stop, wake, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return &Input{file: f, stop: stop, wake: wake}, nil
}

func (in *Input) Read(p []byte) (int, error) {
	fds := []unix.PollFd{
		{Fd: int32(in.file.Fd()), Events: unix.POLLIN},
		{Fd: int32(in.stop.Fd()), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("poll: %w", err)
		}
		if fds[1].Revents != 0 {
			return 0, os.ErrClosed
		}
		return in.file.Read(p)
	}
}

// Release gives back what it is made of. No Read is under way, and none comes.
func (in *Input) Release() error { return errors.Join(in.Close(), in.stop.Close()) }

// Close ends a Read that is under way, and all later ones. It may be called
// from any goroutine and more than once.
func (in *Input) Close() error {
	var err error
	in.once.Do(func() { err = in.wake.Close() })
	return err
}
