package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Shared is the seal of a database that several processes write to. Whoever opens the
// database, makes a transaction in it, or closes it, does so between Lock and Unlock.
type Shared struct {
	mu   sync.Mutex
	lock *os.File
	path string
}

// lockTime is how long Lock waits, and lockLook how often it tries. Others hold the lock for
// as long as a transaction takes.
const (
	lockTime = 60 * time.Second
	lockLook = time.Millisecond
)

// NewShared makes what is needed to lock the seal at a path. The lock is a file of its own,
// which stays, in a directory that no other user may enter.
func NewShared(path string) (*Shared, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	return &Shared{lock: f, path: path}, nil
}

// Lock waits until no one else has the lock, in this process or another.
func (s *Shared) Lock() error {
	s.mu.Lock()
	for begun := time.Now(); ; {
		err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if (!errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR)) || time.Since(begun) > lockTime {
			s.mu.Unlock()
			return fmt.Errorf("lock %s: %w", s.lock.Name(), err)
		}
		time.Sleep(lockLook)
	}
}

// Unlock lets others have it.
func (s *Shared) Unlock() {
	_ = unix.Flock(int(s.lock.Fd()), unix.LOCK_UN) // what could fail is that it is not ours
	s.mu.Unlock()
}

// Close closes the lock.
func (s *Shared) Close() error { return s.lock.Close() }

// Advance seals the transaction that was made last, whoever has sealed the one before.
func (s *Shared) Advance(log string, number uint64, boot string) error {
	f, err := os.OpenFile(s.path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("open seal: %w", err)
	}
	x := &Seal{f: f, path: s.path}
	if err = x.loadState(); err == nil {
		x.wal, err = positionOf(log, x.at)
	}
	if err == nil {
		err = x.Advance(log, number, 0, boot)
	}
	return errors.Join(err, x.Close())
}

// Sync makes the seal durable as it is.
func (s *Shared) Sync() error {
	f, err := os.OpenFile(s.path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("open seal: %w", err)
	}
	x := &Seal{f: f, path: s.path}
	if err = x.loadState(); err == nil && x.at.Number > 0 {
		err = x.Sync()
	}
	return errors.Join(err, f.Close())
}

// loadState reads the state alone, without the sums.
func (s *Seal) loadState() error {
	b := make([]byte, oldSumsAt)
	n, err := s.f.ReadAt(b, 0)
	if n < len(b) && !isEnd(err) {
		return fmt.Errorf("read seal: %w", err)
	}
	if s.id, s.at, err = parse(b[:n]); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	s.from = begins(b)
	return nil
}

// positionOf is where a state stands in a log: the checksum so far is in the header of its
// last frame. If the log was begun anew since, that is its beginning.
func positionOf(path string, at State) (position, error) {
	r, err := openLog(path)
	if err != nil || r == nil {
		return position{}, err
	}
	defer r.close()
	if r.at.salt != at.salt || at.frame == 0 {
		return position{}, nil
	}
	var h [frameHead]byte
	if _, err := r.f.ReadAt(h[:], logHead+int64(at.frame-1)*int64(len(r.buf))); err != nil {
		return position{}, fmt.Errorf("%s: %w: it is cut off", path, ErrDamaged)
	}
	return position{
		salt: at.salt, frame: at.frame, pages: uint64(binary.BigEndian.Uint32(h[4:])),
		s0: binary.BigEndian.Uint32(h[16:]), s1: binary.BigEndian.Uint32(h[20:]),
	}, nil
}
