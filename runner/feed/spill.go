package feed

import (
	"brood/runner/spec"
	"os"
)

// spill keeps the bodies of records that wait for a retry: in memory up to a
// bound, beyond it in a file that has no name and needs none, as after a crash
// the records are read from the dataset again.
type spill struct {
	dir    string
	memory int
	file   *os.File
	end    int64
	stored int // bodies in the file
}

// spilled is a place in the file.
type spilled struct {
	at   int64
	size int
}

// spillMemory is how many bytes are kept in memory.
const spillMemory = 8 << 20

func (s *spill) keep(r *Retry) error {
	if s.memory+len(r.Body) <= spillMemory {
		s.memory += len(r.Body)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "retries-*")
		if err != nil {
			return &spec.WriteError{Err: err}
		}
		if err := os.Remove(f.Name()); err != nil {
			return &spec.WriteError{Err: err}
		}
		s.file = f
	}
	if s.stored == 0 {
		s.end = 0
	}
	if _, err := s.file.WriteAt(r.Body, s.end); err != nil {
		return &spec.WriteError{Err: err}
	}
	r.spilled = spilled{s.end, len(r.Body)}
	s.end += int64(len(r.Body))
	s.stored++
	r.Body = nil
	return nil
}

func (s *spill) fetch(r *Retry) error {
	if r.Body != nil {
		s.memory -= len(r.Body)
		return nil
	}
	r.Body = make([]byte, r.spilled.size)
	if _, err := s.file.ReadAt(r.Body, r.spilled.at); err != nil {
		return &spec.WriteError{Err: err}
	}
	s.stored--
	return nil
}

func (s *spill) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
