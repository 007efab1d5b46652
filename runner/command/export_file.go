package command

import (
	"brood/jobs/files"
	"brood/runner/sink"
	"brood/runner/spec"
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// exportFile is where an export goes. What is there stays as it is until all of the
// export has been written, and then it is replaced; a pipe or a device is written to.
type exportFile struct {
	plain *sink.File // standard output, a pipe, a device, or a file whose directory is not ours to write to
	path  string     // of the file, whatever links lead to it
	old   *os.File   // what it replaces, locked; nil: nothing is there
	new   *files.New
	buf   *bufio.Writer
}

// openExport opens it. Lock keeps others from writing to what it replaces.
func openExport(path string, lock func(os.FileInfo) error) (*exportFile, error) {
	if path == sink.Stdout {
		return plainExport(path)
	}
	real, err := files.Follow(path)
	if err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	x := &exportFile{path: real}
	st, err := os.Stat(real)
	switch {
	case err == nil && (!st.Mode().IsRegular() || files.OfProcess(real)):
		return plainExport(path)
	case err == nil:
		if x.old, err = lockOld(real, lock); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open output: %w", err)
	}
	x.new, err = files.Create(real, 0o644)
	if x.old != nil && (errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS)) {
		return plainExport(real) // the file is ours, its directory is not
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open output: %w", err), x.closeOld())
	}
	x.buf = bufio.NewWriterSize(x.new, 256<<10)
	return x, nil
}

func plainExport(path string) (*exportFile, error) {
	f, err := sink.Open(path, sink.Start{})
	return &exportFile{plain: f}, err
}

// lockOld opens a file that is to be replaced, and refuses one that this user may not
// write to, and one that a run writes to.
func lockOld(path string, lock func(os.FileInfo) error) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	st, err := f.Stat()
	if err == nil {
		err = lock(st)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (x *exportFile) closeOld() error {
	if x.old == nil {
		return nil
	}
	return x.old.Close()
}

func (x *exportFile) Write(b []byte) error {
	if x.plain != nil {
		return x.plain.Write(b)
	}
	_, err := x.buf.Write(b)
	return err
}

// finish puts the export in its place, unless err says that it is not whole.
func (x *exportFile) finish(err error) error {
	if x.plain != nil {
		if flushErr := x.plain.Flush(); err == nil && flushErr != nil {
			err = &spec.WriteError{Err: flushErr}
		}
		return errors.Join(err, x.plain.Close())
	}
	if err != nil {
		return errors.Join(err, x.new.Discard(), x.closeOld())
	}
	if err = x.buf.Flush(); err == nil && x.old != nil {
		var st fs.FileInfo
		if st, err = x.old.Stat(); err == nil {
			err = x.new.Like(st)
		}
	}
	if err != nil {
		err = errors.Join(err, x.new.Discard())
	} else {
		err = x.new.Put(x.path)
	}
	if err = errors.Join(err, x.closeOld()); err != nil {
		return &spec.WriteError{Err: &sink.WriteError{Path: x.path, Err: err}}
	}
	return nil
}
