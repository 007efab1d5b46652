package sink

import (
	"errors"
	"fmt"
	"os"
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
	stdout bool
	buf    []byte
	size   int64 // of all that was given to Write
	err    error // the first error sticks: no byte may follow a gap
}

// WriteError is wrapped around errors of writing results.
type WriteError struct {
	Path string
	Err  error
}

func (e *WriteError) Error() string { return fmt.Sprintf("write results to %s: %v", e.Path, e.Err) }
func (e *WriteError) Unwrap() error { return e.Err }

// Open opens the results file. What it holds beyond size bytes is cut off. If
// size is 0, the header is written. Standard output cannot be cut off: what a
// session wrote after its last commit is written once more by the next one.
func Open(path string, size int64, header []byte) (*File, error) {
	o := &File{buf: make([]byte, 0, bufferSize+64<<10), size: size}
	if path == Stdout {
		o.f, o.stdout = os.Stdout, true
	} else if err := o.open(path); err != nil {
		return nil, err
	}
	if size == 0 {
		return o, o.Write(header)
	}
	return o, nil
}

const lostOutput = "put the file back, or run the dataset again under another name"

func (o *File) open(path string) error {
	how := os.O_WRONLY
	if o.size == 0 {
		how |= os.O_CREATE
	}
	f, err := os.OpenFile(path, how, 0o644)
	if errors.Is(err, os.ErrNotExist) && o.size > 0 {
		return &WriteError{path, fmt.Errorf("the file is gone, and %d bytes of results were in it; %s", o.size, lostOutput)}
	}
	if err != nil {
		return fmt.Errorf("open output: %w", err)
	}
	fail := func(err error) error {
		return errors.Join(&WriteError{path, err}, f.Close())
	}
	st, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	if st.Mode().IsRegular() {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return fail(errors.New("another run is writing to it"))
		}
		if st.Size() < o.size {
			return fail(fmt.Errorf("it has %d bytes, and %d bytes of results were in it: something has replaced or cut it; %s", st.Size(), o.size, lostOutput))
		}
		if err := f.Truncate(o.size); err != nil {
			return fail(err)
		}
		if _, err := f.Seek(o.size, 0); err != nil {
			return fail(err)
		}
	}
	o.f = f
	return nil
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
	if n, err := o.f.Write(b); err != nil {
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

// Name is the file's path, or a word for standard output.
func (o *File) Name() string {
	if o.stdout {
		return "standard output"
	}
	return o.f.Name()
}

// Size is the length of the file once all is flushed, in bytes.
func (o *File) Size() int64 { return o.size }

// Sync makes what was flushed durable. Pipes and terminals have nothing to
// sync.
func (o *File) Sync() error {
	err := unix.Fsync(int(o.f.Fd()))
	if err == nil || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EROFS) {
		return nil
	}
	return &WriteError{o.Name(), err}
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
