package remote

import (
	"brood/jobs"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
)

// Bounds of what machines are sent.
const (
	// mostFiles is how many files a run may have: each stands in the answer to a machine that joins.
	mostFiles = 1000
	// mostSecret is the most bytes that secret files have together: workers are given them with their configuration.
	mostSecret = 1 << 20
)

// Shelf has the files of the run's machine that workers of others open. A machine is given the bytes of these by their sum, as long as they
// are what they were when that was told, and no others.
type Shelf struct {
	mu    sync.Mutex
	files []shelved
}

// shelved is a file, and which state of it has the sum.
type shelved struct {
	File
	at    string
	state fileState
}

// fileState is what tells one state of a file from another.
type fileState struct {
	dev, ino       uint64
	size           int64
	written, moved [2]int64 // mtime, and ctime, which nobody sets
}

// errNotGiven is that nobody is given what was asked for.
var errNotGiven = errors.New("it is no file of this run as it is now")

// OpenShelf reads the files once, for their sums.
func OpenShelf(list []jobs.File) (*Shelf, error) {
	s := &Shelf{}
	if len(list) > mostFiles {
		return nil, fmt.Errorf("the workers of this run open %d files, and %d at most are sent to other machines", len(list), mostFiles)
	}
	seen := make(map[string]bool)
	for _, f := range list {
		if seen[f.Path] {
			continue
		}
		seen[f.Path] = true
		at := f.At
		if at == "" {
			at = f.Path
		}
		s.files = append(s.files, shelved{File: File{Path: f.Path, Use: f.Use}, at: at})
	}
	_, err := s.Files()
	return s, err
}

// secretive reports whether one of them is secret.
func (s *Shelf) secretive() bool {
	return slices.ContainsFunc(s.files, func(f shelved) bool { return f.Use == jobs.FileSecret })
}

// Files are they as they are now: one that has changed since has another sum.
func (s *Shelf) Files() ([]File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var secret int64
	out := make([]File, 0, len(s.files))
	for i := range s.files {
		f := &s.files[i]
		if err := f.look(); err != nil {
			return nil, fmt.Errorf("%s, which other machines need: %w", f.at, err)
		}
		if f.Use == jobs.FileSecret {
			secret += f.Size
		}
		out = append(out, f.File)
	}
	if secret > mostSecret {
		return nil, fmt.Errorf("the secret files of this run have %d bytes, and %d at most are sent to other machines", secret, mostSecret)
	}
	return out, nil
}

// look reads the file if it is not in the state that it was.
func (f *shelved) look() error {
	switch f.Use {
	case jobs.FileRead, jobs.FileSecret:
	case jobs.FileThere:
		st, err := os.Stat(f.at)
		if err == nil {
			f.Mode = uint32(st.Mode())
		}
		return err
	case jobs.FileWrite:
		return nil
	}
	file, err := openPlain(f.at)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for range mostReads {
		before, err := stateOf(file)
		if err != nil {
			return err
		}
		if f.Sum != "" && before == f.state {
			return nil
		}
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(file, 0, before.size)); err != nil {
			return err
		}
		after, err := stateOf(file)
		if err != nil {
			return err
		}
		if before == after {
			f.Sum, f.Size, f.state = hex.EncodeToString(h.Sum(nil)), before.size, before
			return nil
		}
	}
	return errors.New("it changes while it is read")
}

// mostReads is how often a file is read that changes meanwhile.
const mostReads = 3

// openPlain opens a regular file. A pipe or a device could be waited for.
func openPlain(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if st, err := file.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(errors.New("it is no plain file"), err, file.Close())
	}
	return file, nil
}

func stateOf(file *os.File) (fileState, error) {
	st, err := file.Stat()
	if err != nil {
		return fileState{}, err
	}
	return systemState(st)
}

// Part is a part of a file of this sum.
func (s *Shelf) Part(p *Part) ([]byte, error) {
	s.mu.Lock()
	var at string
	var state fileState
	for i := range s.files {
		if f := &s.files[i]; f.Sum != "" && f.Sum == p.Sum {
			at, state = f.at, f.state
		}
	}
	s.mu.Unlock()
	if at == "" {
		return nil, errNotGiven
	}
	if p.From < 0 || p.From >= state.size {
		return nil, fmt.Errorf("%s has %d bytes, and byte %d was asked for", at, state.size, p.From)
	}
	file, err := openPlain(at)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	b := make([]byte, min(PartBytes, state.size-p.From))
	if now, err := stateOf(file); err != nil || now != state {
		return nil, errors.Join(&ChangedError{Path: at}, err)
	}
	if _, err := file.ReadAt(b, p.From); err != nil {
		return nil, fmt.Errorf("read %s: %w", at, err)
	}
	if now, err := stateOf(file); err != nil || now != state {
		return nil, errors.Join(&ChangedError{Path: at}, err)
	}
	return b, nil
}

// ChangedError is that a file is not what it was when its sum was told.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return e.Path + " has changed since the machine was told of it: it is told of the new one when it asks again"
}

// IsFolder reports whether what is to be there is a directory.
func (f *File) IsFolder() bool { return fs.FileMode(f.Mode).IsDir() }
