package permits

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// maxAtOnce bounds how many files of places there can be.
const maxAtOnce = 256

// slots are the places of those requests that are under way: a file each, whose lock is held by
// who has it. The kernel frees it when a process dies. Within the process a lock does not keep
// the other goroutines out, so who has what is known here too.
type slots struct {
	path  string
	mu    sync.Mutex
	files []*os.File
	busy  []bool
	from  int           // where to look first, so that not all look at the same
	freed chan struct{} // closed when one of this process becomes free
}

func newSlots(path string, n int) *slots {
	return &slots{path: path, files: make([]*os.File, n), busy: make([]bool, n), from: os.Getpid() % n, freed: make(chan struct{})}
}

// changed is closed when a place of this process becomes free after the call.
func (s *slots) changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.freed
}

// take takes a place, or returns -1 if there is none.
func (s *slots) take() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.busy {
		slot := (s.from + i) % len(s.busy)
		if s.busy[slot] {
			continue
		}
		ok, err := s.lock(slot)
		if err != nil {
			return -1, err
		}
		if ok {
			s.busy[slot] = true
			return slot, nil
		}
	}
	return -1, nil
}

func (s *slots) lock(slot int) (bool, error) {
	f := s.files[slot]
	if f == nil {
		var err error
		f, err = os.OpenFile(fmt.Sprintf("%s.slot%d", s.path, slot), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return false, fmt.Errorf("open the place of a request: %w", err)
		}
		s.files[slot] = f
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, fmt.Errorf("lock the place of a request %s: %w", f.Name(), err)
		}
	}
}

func (s *slots) release(slot int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[slot] = false
	if err := unix.Flock(int(s.files[slot].Fd()), unix.LOCK_UN); err != nil {
		// To close it gives back the lock as well.
		_ = s.files[slot].Close()
		s.files[slot] = nil
	}
	close(s.freed)
	s.freed = make(chan struct{})
}

func (s *slots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.files {
		if f != nil {
			_ = f.Close()
			s.files[i] = nil
		}
	}
}
