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
	o.regular, o.linked = st.Mode().IsRegular(), hasName(st)
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

// hasName reports whether a file still has a name.
func hasName(st os.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return !ok || sys.Nlink > 0
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
	if o.linked && !hasName(st) {
		return errors.New("it has been removed while results were being written to it; run the dataset again under another name")
	}
	if st.Size() < o.before+size {
		return fmt.Errorf("it has %d bytes, and %d bytes of results were in it: something has cut it off; %s", st.Size(), size, lostOutput)
	}
	if o.stdout {
		return nil
	}
	if most := o.written.Load(); st.Size() > most {
		return fmt.Errorf("it has %d bytes, and at most %d bytes of results were written to it: something else writes to it as well", st.Size(), most)
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
