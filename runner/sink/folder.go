package sink

import (
	"brood/jobs"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

// Printed is what a command has printed for a record, and how it ended.
type Printed struct {
	Seq            jobs.Seq
	Record         []byte // its line
	Stdout, Stderr []byte
	Exit           string // "0", "3", "signal KILL", or why there was no exit status
}

// Folder is a directory with what the commands of a run have printed: in it one for each
// record, named after its number, with the files stdout, stderr, exit and record. No value
// of a record is part of a path, and nothing outside of the directory is written to,
// whatever links stand in it.
type Folder struct {
	root *os.Root
	dir  *os.File // to sync
	path string
}

// OpenFolder opens a directory, and makes it if it is not there.
func OpenFolder(path string) (*Folder, error) {
	if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, &WriteError{path, err}
	}
	f := &Folder{path: path}
	var err error
	if f.root, err = os.OpenRoot(path); err != nil {
		return nil, &WriteError{path, err}
	}
	if f.dir, err = f.root.Open("."); err != nil {
		return nil, errors.Join(&WriteError{path, err}, f.root.Close())
	}
	return f, nil
}

// Put puts what was printed for a record in the place of what is there of it. It is there as
// a whole, or not at all.
func (f *Folder) Put(p *Printed) error {
	if err := f.put(p); err != nil {
		return &WriteError{f.path, fmt.Errorf("record %d: %w", p.Seq, err)}
	}
	return nil
}

func (f *Folder) put(p *Printed) error {
	name := strconv.FormatUint(uint64(p.Seq), 10)
	part := "." + name + ".part"
	if err := f.root.RemoveAll(part); err != nil { // of a session that was killed
		return err
	}
	if err := f.root.Mkdir(part, 0o777); err != nil {
		return err
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{{"stdout", p.Stdout}, {"stderr", p.Stderr}, {"record", p.Record}, {"exit", []byte(p.Exit + "\n")}} {
		if err := f.root.WriteFile(part+"/"+file.name, file.content, 0o666); err != nil {
			return err
		}
	}
	if err := f.root.RemoveAll(name); err != nil {
		return err
	}
	return f.root.Rename(part, name)
}

// Sync makes durable all that was put.
func (f *Folder) Sync() error {
	if err := syncAll(f.dir); err != nil {
		return &WriteError{f.path, err}
	}
	return nil
}

// Close closes the directory.
func (f *Folder) Close() error { return errors.Join(f.dir.Close(), f.root.Close()) }
