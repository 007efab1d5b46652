package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
)

// Spool is the copy of standard input that a run keeps, so that it can be
// resumed. The copying runs ahead of the reading, as fast as the disk takes
// it: what has been copied cannot be lost any more.
//
// While standard input is open the copy is called NAME.part; when its end has
// been seen and the copy is synced, it is renamed to NAME. So its name says
// whether it is whole, whatever happened in between.
type Spool struct {
	path string
	file *os.File

	mu      sync.Mutex
	grown   sync.Cond
	written int64
	sum     uint32 // of what is written
	adopted int64  // see Adopt
	base    int64  // where the checksum begins: see Rebase
	done    bool   // no more will come
	whole   bool   // because the end was seen
	err     error
}

// Extent is how much of a copy is on the disk, in bytes, and the CRC-32C of that.
type Extent struct {
	Bytes int64  `json:"bytes"`
	Sum   uint32 `json:"sum"`
	// Base is where the bytes begin that the checksum is of.
	Base int64 `json:"base,omitempty"`
}

func crcAdd(sum uint32, p []byte) uint32 { return crc32.Update(sum, castagnoli, p) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged is wrapped by errors about a copy of standard input that does not hold what
// was copied.
var ErrDamaged = errors.New("the copy of standard input is damaged")

// Verify compares the copy with what an earlier session had of it on the disk.
func (s *Spool) Verify(known Extent) error {
	st, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("copy of standard input: %w", err)
	}
	if st.Size() < known.Bytes {
		return fmt.Errorf("%s: %w: it has %d bytes, and had %d", s.file.Name(), ErrDamaged, st.Size(), known.Bytes)
	}
	s.base = known.Base
	sum, err := s.sumOf(0, known.Base, known.Bytes)
	if err != nil {
		return err
	}
	if known.Bytes > 0 && sum != known.Sum {
		return fmt.Errorf("%s: %w: its first %d bytes are not what was copied", s.file.Name(), ErrDamaged, known.Bytes)
	}
	if s.whole {
		s.sum, err = s.sumOf(sum, known.Bytes, st.Size())
	}
	return err
}

// sumOf goes on with a checksum over the bytes from one offset to another.
func (s *Spool) sumOf(sum uint32, from, to int64) (uint32, error) {
	buf := make([]byte, min(256<<10, max(to-from, 0)))
	for from < to {
		n, err := s.file.ReadAt(buf[:min(int64(len(buf)), to-from)], from)
		if n == 0 {
			return 0, fmt.Errorf("copy of standard input: %w", err)
		}
		sum = crc32.Update(sum, castagnoli, buf[:n])
		from += int64(n)
	}
	return sum, nil
}

// ErrCutOff is wrapped by errors about a copy of standard input that ends
// before the input did.
var ErrCutOff = errors.New("standard input was cut off")

// regular refuses what has come into the place of a copy, whole or not.
func regular(path string) error {
	for _, p := range []string{path, path + ".part"} {
		if st, err := os.Lstat(p); err == nil && !st.Mode().IsRegular() {
			return fmt.Errorf("%s: %w: it is no file any more", p, ErrDamaged)
		}
	}
	return nil
}

// NewSpool creates or opens the copy at path.
func NewSpool(path string) (*Spool, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	s := &Spool{path: path}
	s.grown.L = &s.mu
	if f, err := os.Open(path); err == nil {
		st, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		s.file, s.written, s.done, s.whole = f, st.Size(), true, true
		return s, nil
	}
	f, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create copy of standard input: %w", err)
	}
	s.file = f
	return s, nil
}

// OpenSpool opens a copy for reading only, whole or not: it ends where it ends
// now.
func OpenSpool(path string) (*Spool, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		f, err = os.Open(path + ".part")
	}
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%s: %w: it is gone", path, ErrDamaged)
	}
	if err != nil {
		return nil, fmt.Errorf("open copy of standard input: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s := &Spool{path: path, file: f, written: st.Size(), done: true}
	s.grown.L = &s.mu
	return s, nil
}

// Whole reports whether the copy holds all of standard input.
func (s *Spool) Whole() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whole
}

// Size is how many bytes it has now.
func (s *Spool) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

// Copy appends what comes from in, until its end, the end of ctx, or an error. If an
// earlier session was cut off, in must be the same input from its start: what
// is already in the copy is compared with it.
//
// It closes in when ctx ends, to end a read that is under way: see Input.
func (s *Spool) Copy(ctx context.Context, in io.ReadCloser) error {
	stop := context.AfterFunc(ctx, func() { _ = in.Close() })
	defer stop()
	if err := s.compare(in); err != nil {
		return err
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := in.Read(buf)
		if err := s.Append(buf[:n]); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
	}
}

// Adopt takes over what an earlier session has appended, and returns how much that is.
// A producer that knows what it has delivered calls it first; Copy does not need it, as
// it compares. What stands behind the last line end was cut off by the end of that session, and goes.
func (s *Spool) Adopt() (int64, error) {
	st, err := s.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("copy of standard input: %w", err)
	}
	size, err := s.lastLine(st.Size())
	if err == nil && size < st.Size() {
		err = s.file.Truncate(size)
	}
	if err != nil {
		return 0, &WriteError{fmt.Errorf("copy of standard input: %w", err)}
	}
	sum, err := s.sumOf(0, s.base, size)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.written, s.sum, s.adopted = size, sum, size
	s.mu.Unlock()
	s.grown.Broadcast()
	return size, nil
}

// lastLine is where the last line of the first size bytes ends.
func (s *Spool) lastLine(size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for size > 0 {
		n := min(int64(len(buf)), size)
		if _, err := s.file.ReadAt(buf[:n], size-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return size - n + int64(i) + 1, nil
		}
		size -= n
	}
	return 0, nil
}

// Adopted is how many bytes were taken over from earlier sessions. It is known when there is something to read.
func (s *Spool) Adopted() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.adopted
}

// Append adds bytes at the end; who reads the spool may have them from then on. One
// goroutine appends.
func (s *Spool) Append(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	// One that something has cut would have a hole in it.
	st, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("copy of standard input: %w", err)
	}
	if st.Size() != s.written {
		return cutSpool(s.written, st.Size())
	}
	if _, err := s.file.WriteAt(p, s.written); err != nil {
		return &WriteError{fmt.Errorf("copy standard input: %w", err)}
	}
	s.advance(p)
	return nil
}

// ErrRest is what a producer ends with when there is no more for now, and a later session goes on.
var ErrRest = errors.New("there is no more for now")

// Finish says that no more will come: because the end was reached, if err is nil and ctx
// has not ended, and then the copy is whole; because there is no more for now, if err is ErrRest; because of err,
// which those who read are told; or because ctx has ended, which is no error here.
func (s *Spool) Finish(ctx context.Context, err error) error {
	if errors.Is(err, ErrRest) {
		s.mu.Lock()
		s.done = true
		s.mu.Unlock()
		s.grown.Broadcast()
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = s.seal()
	}
	s.mu.Lock()
	s.done, s.err, s.whole = true, err, err == nil
	s.mu.Unlock()
	s.grown.Broadcast()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // to be stopped is no error
	}
	return err
}

// compare reads as much of in as the copy already has.
func (s *Spool) compare(in io.Reader) error {
	st, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("copy of standard input: %w", err)
	}
	have := make([]byte, 64<<10)
	got := make([]byte, 64<<10)
	for at := int64(0); at < st.Size(); {
		n := int(min(int64(len(have)), st.Size()-at))
		if _, err := s.file.ReadAt(have[:n], at); err != nil {
			return fmt.Errorf("copy of standard input: %w", err)
		}
		m, err := io.ReadFull(in, got[:n])
		if !bytes.Equal(have[:m], got[:m]) {
			return fmt.Errorf("%w: standard input differs from the first session's between bytes %d and %d", ErrChanged, at, at+int64(m))
		}
		if err != nil {
			return fmt.Errorf("%w after %d bytes; give the whole input again: … | brood resume NAME, or < FILE", ErrCutOff, st.Size())
		}
		at += int64(n)
		s.advance(have[:n])
	}
	return nil
}

func (s *Spool) advance(p []byte) {
	s.mu.Lock()
	s.written += int64(len(p))
	s.sum = crc32.Update(s.sum, castagnoli, p)
	s.mu.Unlock()
	s.grown.Broadcast()
}

func (s *Spool) seal() error {
	if err := s.file.Sync(); err != nil {
		return &WriteError{fmt.Errorf("copy standard input: %w", err)}
	}
	if err := os.Rename(s.path+".part", s.path); err != nil {
		return &WriteError{fmt.Errorf("copy standard input: %w", err)}
	}
	return nil
}

// WriteError is an error of the disk that holds a copy, not of the input.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }
func (e *WriteError) Unwrap() error { return e.Err }

// Sync makes what has been copied so far durable, and returns how much that is.
func (s *Spool) Sync() (Extent, error) {
	s.mu.Lock()
	now, whole := Extent{Bytes: s.written, Sum: s.sum, Base: s.base}, s.whole
	s.mu.Unlock()
	if whole {
		return now, nil // synced before it was called so
	}
	if err := s.file.Sync(); err != nil {
		return Extent{}, fmt.Errorf("copy of standard input: %w", err)
	}
	return now, nil
}

// Close closes the copy. Fill must have returned.
func (s *Spool) Close() error { return s.file.Close() }

// readAt reads what is there at off, and waits if nothing is.
func (s *Spool) readAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	for s.written <= off && !s.done {
		s.grown.Wait()
	}
	have, err := s.written, s.err
	s.mu.Unlock()
	if have <= off {
		if err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), have-off))
	if n, err = s.file.ReadAt(p[:n], off); errors.Is(err, io.EOF) {
		// Not the end of the input: that has been asked for above.
		return n, cutSpool(have, off+int64(n))
	}
	return n, err
}

func cutSpool(had, has int64) error {
	return fmt.Errorf("%w: the copy of standard input had %d bytes and has %d: something has cut it", ErrChanged, had, has)
}

func (s *Spool) ready(off int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written > off || s.done
}

func (s *Spool) size() (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written, s.done
}
