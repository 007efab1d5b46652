package sink

import (
	"brood/jobs/files"
	"brood/runner/term"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stdout is the path that means standard output.
const Stdout = "-"

// bufferSize is how much is written at a time.
const bufferSize = 256 << 10

// File is where the results go. One goroutine writes it; Sync may be called
// from another.
type File struct {
	f      *os.File
	path   string
	stdout bool
	screen *term.Writer // standard output, if it is a terminal; nil: it is none
	buf    []byte
	size   int64  // of all that was given to Write
	sum    uint32 // CRC-32C of what was handed to the kernel
	err    error  // the first error sticks: no byte may follow a gap

	written atomic.Int64 // that the kernel has been given, or is about to be
	before  int64        // bytes that a regular file holds before the first of ours
	regular bool
	linked  bool // it had a name when it was opened
	unnamed bool // its name may not be on the disk yet; of Sync
}

// WriteError is wrapped around errors of writing results.
type WriteError struct {
	Path string
	Err  error
}

func (e *WriteError) Error() string { return fmt.Sprintf("write results to %s: %v", e.Path, e.Err) }
func (e *WriteError) Unwrap() error { return e.Err }

// Start is where a results file is to go on, and how.
type Start struct {
	// Size is how many bytes of the file are true. What it holds beyond them is cut off.
	// Standard output cannot be cut off: what a session wrote after its last commit is
	// written once more by the next one.
	Size int64
	// Sum is the CRC-32C of so many bytes; nil: it is not known, and is taken from the file.
	Sum *uint32
	// Header is written if Size is 0.
	Header []byte
	// Lock is called with the file, if it is a regular one, before it is changed; nil: nobody
	// else can be writing to it.
	Lock func(os.FileInfo) error
	// Terminal is where progress is shown, perhaps on the same screen; nil: nowhere.
	Terminal *term.Term
}

// Open opens the results file.
func Open(path string, at Start) (*File, error) {
	o := &File{path: path, buf: make([]byte, 0, bufferSize+64<<10), size: at.Size}
	if at.Sum != nil {
		o.sum = *at.Sum
	}
	if path == Stdout {
		o.f, o.stdout = os.Stdout, true
		if w := term.NewWriter(os.Stdout); w.IsTerminal() {
			o.screen = w.Beside(at.Terminal)
		}
	} else if err := o.open(at); err != nil {
		return nil, err
	}
	if err := o.measure(); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	if at.Size == 0 {
		return o, o.Write(at.Header)
	}
	return o, nil
}

// lostOutput is what to do about results that are not there any more.
const lostOutput = "put the file back, have brood repair NAME go on without it, or run the dataset again under another name"

func (o *File) open(at Start) error {
	// Appending, so that a file which somebody cuts off meanwhile stays too short, and is
	// not one with a hole.
	how := os.O_RDWR | os.O_APPEND
	if o.size == 0 {
		how |= os.O_CREATE
	}
	f, err := files.Open(o.path, how, 0o644)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENXIO) { // a file, or a device, to write to only
		f, err = files.Open(o.path, how&^os.O_RDWR|os.O_WRONLY, 0o644)
	}
	if errors.Is(err, os.ErrNotExist) && o.size > 0 {
		return &WriteError{o.path, fmt.Errorf("the file is gone, and %d bytes of results were in it; %s", o.size, lostOutput)}
	}
	if errors.Is(err, syscall.EISDIR) && o.size > 0 {
		return &WriteError{o.path, fmt.Errorf("it is a directory, and %d bytes of results were in a file there; %s", o.size, lostOutput)}
	}
	if errors.Is(err, files.ErrUnsafe) && o.size > 0 {
		return &WriteError{o.path, fmt.Errorf("%w; %d bytes of results were in it: %s", err, o.size, lostOutput)}
	}
	if err != nil {
		return fmt.Errorf("open output: %w", err)
	}
	o.f, o.unnamed = f, o.size == 0
	if err := o.goOn(at); err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

// goOn cuts a regular file off where it is to go on.
func (o *File) goOn(at Start) error {
	st, err := o.f.Stat()
	if err != nil {
		return &WriteError{o.path, err}
	}
	if !st.Mode().IsRegular() {
		return nil
	}
	if at.Lock != nil {
		if err := at.Lock(st); err != nil {
			return err
		}
	}
	if st.Size() < o.size {
		return &WriteError{o.path, fmt.Errorf("it has %d bytes, and %d bytes of results were in it: something has replaced or cut it; %s", st.Size(), o.size, lostOutput)}
	}
	if err := o.verify(at.Sum); err != nil {
		return &WriteError{o.path, err}
	}
	if err := o.f.Truncate(o.size); err != nil {
		return &WriteError{o.path, err}
	}
	o.written.Store(o.size)
	return nil
}

// verify compares what is true of the file with its checksum.
func (o *File) verify(sum *uint32) (err error) {
	if o.size == 0 {
		o.sum = 0
		return nil
	}
	if o.sum, err = SumOf(o.f, o.size); err != nil {
		return err
	}
	if sum != nil && o.sum != *sum {
		return fmt.Errorf("its first %d bytes are not the results that were written: something has changed or replaced it; %s", o.size, lostOutput)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SumOf is the CRC-32C of the first size bytes of a file.
func SumOf(f io.ReaderAt, size int64) (uint32, error) {
	h := crc32.New(castagnoli)
	n, err := io.Copy(h, io.NewSectionReader(f, 0, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	return h.Sum32(), err
}

// Write appends b.
func (o *File) Write(b []byte) error {
	if o.err != nil {
		return o.err
	}
	o.size += int64(len(b))
	if o.stdout { // all that is not delivered stays in the buffer, see Undelivered
		o.buf = append(o.buf, b...)
		if len(o.buf) >= bufferSize {
			return o.Flush()
		}
		return nil
	}
	if len(o.buf)+len(b) <= cap(o.buf) {
		o.buf = append(o.buf, b...)
	} else {
		if err := o.Flush(); err != nil {
			return err
		}
		if len(b) >= bufferSize {
			return o.write(b)
		}
		o.buf = append(o.buf, b...)
	}
	if len(o.buf) >= bufferSize {
		return o.Flush()
	}
	return nil
}

// Flush hands what is buffered to the kernel.
func (o *File) Flush() error {
	if o.err != nil || len(o.buf) == 0 {
		return o.err
	}
	err := o.write(o.buf)
	if err == nil {
		o.buf = o.buf[:0]
		if cap(o.buf) > 4*bufferSize {
			o.buf = make([]byte, 0, bufferSize+64<<10)
		}
	}
	return err
}

// Undelivered returns what could not be written to standard output: the end of
// all that was given to Write. It takes it off the size.
func (o *File) Undelivered() []byte {
	b := o.buf
	o.buf = nil
	o.size -= int64(len(b))
	return b
}

// Buffered is how many bytes have not been handed to the kernel.
func (o *File) Buffered() int { return len(o.buf) }

// IsStdout reports whether this is standard output.
func (o *File) IsStdout() bool { return o.stdout }

func (o *File) write(b []byte) error {
	o.written.Add(int64(len(b))) // before, for Check
	n, err := o.put(b)
	o.sum = crc32.Update(o.sum, castagnoli, b[:n])
	if err != nil {
		if o.stdout {
			o.buf = append(o.buf[:0], b[n:]...)
		}
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		o.err = &WriteError{o.Name(), err}
	}
	return o.err
}

// put writes to the file, or what may be shown of it to a terminal.
func (o *File) put(b []byte) (int, error) {
	if o.screen == nil {
		return o.f.Write(b)
	}
	if _, err := o.screen.Write(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Name is the file's path, or a word for standard output.
func (o *File) Name() string {
	if o.stdout {
		return "standard output"
	}
	return o.f.Name()
}

// Sum is the CRC-32C of what was handed to the kernel: of Size bytes after a Flush.
func (o *File) Sum() uint32 { return o.sum }

// Size is the length of the file once all is flushed, in bytes.
func (o *File) Size() int64 { return o.size }

// Sync makes what was flushed durable, and the first time the name of the file as well. Pipes
// and terminals have nothing to sync.
func (o *File) Sync() error {
	name := make(chan error, 1)
	if o.unnamed {
		go func() { name <- o.syncName() }()
	} else {
		name <- nil
	}
	err := errors.Join(fsync(o.f), <-name)
	if err != nil {
		return &WriteError{o.Name(), err}
	}
	o.unnamed = false
	return nil
}

func (o *File) syncName() error {
	d, err := os.Open(filepath.Dir(o.path))
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return errors.Join(fsync(d), d.Close())
}

// fsync is what the system call does, where there is something to sync.
func fsync(f *os.File) error {
	err := unix.Fsync(int(f.Fd()))
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EROFS) {
		return nil
	}
	return err
}

// Close closes the file, but not standard output.
func (o *File) Close() error {
	if o.stdout {
		return nil
	}
	if err := o.f.Close(); err != nil {
		return &WriteError{o.f.Name(), err}
	}
	return nil
}
