package sink

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// measure takes down what the file is, to see later whether it still is that.
func (o *File) measure() error {
	st, err := o.f.Stat()
	if err != nil {
		return &WriteError{o.Name(), err}
	}
	o.regular, o.linked = st.Mode().IsRegular(), links(st) > 0
	if !o.stdout || !o.regular {
		return nil
	}
	// Somebody else may have written before us: (date; brood …) > file.
	at, err := o.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return &WriteError{o.Name(), err}
	}
	o.before = at - o.size
	return nil
}

func links(st os.FileInfo) uint64 {
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return uint64(sys.Nlink) //nolint:unconvert // another type elsewhere
}

// Check reports an error if the first size bytes, which were flushed, cannot be found any
// more where they were to go: the file was removed, replaced or cut off by somebody else.
// It may be called from another goroutine than the rest.
func (o *File) Check(size int64) error {
	if !o.regular {
		return nil // a pipe or a device: what is written is written
	}
	st, err := o.f.Stat()
	if err == nil {
		err = o.stillThere(st, size)
	}
	if err != nil {
		return &WriteError{o.Name(), err}
	}
	return nil
}

func (o *File) stillThere(st os.FileInfo, size int64) error {
	if o.linked && links(st) == 0 {
		return errors.New("it has been removed while results were being written to it; run the dataset again under another name")
	}
	if st.Size() < o.before+size {
		return fmt.Errorf("it has %d bytes, and %d bytes of results were in it: something has cut it off; %s", st.Size(), size, LostOutput)
	}
	if o.stdout {
		return nil
	}
	now, err := os.Stat(o.path)
	if err == nil && os.SameFile(st, now) {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	what := "it has been moved away"
	if err == nil {
		what = "another file has taken its place"
	}
	if to := nameOf(o.f); to != "" {
		what += ", and the results are in " + to
	}
	return fmt.Errorf("%s; put it back, then run: brood resume", what)
}
