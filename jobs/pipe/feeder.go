package pipe

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// feeder writes requests to the program. A request that the pipe has no room for is
// written while the answer is waited for: a program may print more than a pipe holds
// before it has read its input, and if each waited for the other neither would end.
type feeder struct {
	f    *os.File
	raw  syscall.RawConn
	lost func() // called when a write has failed that nobody waits for

	// What atOnce gives to once, and gets from it: made here, not for each record.
	once func(fd uintptr) bool
	now  []byte
	n    int
	said error

	mu      sync.Mutex
	sent    int64    // bytes that went into the pipe
	writing bool     // rest is at work
	waiting [][]byte // for its turn
	err     error    // of rest
}

// unread is how many requests may wait: one more for each that was answered before
// it had been read.
const unread = 4

var errUnread = errors.New("it answers and does not read what it is asked")

func newFeeder(f *os.File, lost func()) (*feeder, error) {
	raw, err := f.SyscallConn()
	w := &feeder{f: f, raw: raw, lost: lost}
	w.once = func(fd uintptr) bool {
		for {
			if w.n, w.said = syscall.Write(int(fd), w.now); !errors.Is(w.said, syscall.EINTR) {
				return true
			}
		}
	}
	return w, err
}

// write writes b, or begins to. Kept says that b is still needed; an error of that is
// told by lost, and by the next write.
func (w *feeder) write(b []byte) (kept bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return false, w.err
	case len(w.waiting) == unread:
		return false, errUnread
	case w.writing:
		w.waiting = append(w.waiting, b)
		return true, nil
	}
	n, err := w.atOnce(b)
	w.sent += int64(n)
	if err != nil || n == len(b) {
		return false, err
	}
	w.writing = true
	go w.rest(b[n:])
	return true, nil
}

// atOnce writes as much as there is room for.
func (w *feeder) atOnce(b []byte) (int, error) {
	w.now, w.n, w.said = b, 0, nil
	err := w.raw.Write(w.once)
	w.now = nil
	switch {
	case err != nil:
		return 0, err
	case w.said != nil && !errors.Is(w.said, syscall.EAGAIN):
		return 0, w.said
	}
	return max(w.n, 0), nil
}

// rest writes what is left, and what comes meanwhile.
func (w *feeder) rest(b []byte) {
	for {
		n, err := w.f.Write(b)
		w.mu.Lock()
		w.sent += int64(n)
		if err != nil {
			w.err = err
			w.mu.Unlock()
			w.lost()
			return
		}
		if len(w.waiting) == 0 {
			w.writing = false
			w.mu.Unlock()
			return
		}
		b, w.waiting = w.waiting[0], w.waiting[1:]
		w.mu.Unlock()
	}
}

// untouched reports whether the program, which has ended, and whoever else had its input,
// has read nothing of what was written from an offset on, nor ever will.
func (w *feeder) untouched(from int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	nobody, left, ok := false, 0, false
	err := w.raw.Control(func(fd uintptr) { nobody, left, ok = unreadIn(int(fd)) })
	return err == nil && ok && nobody && w.sent-int64(left) <= from
}

// wrote notes that bytes went into the pipe by another way.
func (w *feeder) wrote(n int) {
	w.mu.Lock()
	w.sent += int64(n)
	w.mu.Unlock()
}

// failed is why lost was called.
func (w *feeder) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// close ends the program's input.
func (w *feeder) close() error { return w.f.Close() }
