package merge

import (
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/sink"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// piece is a file with results, of which so many bytes count.
type piece struct {
	path  string
	bytes int64
	name  string // for messages
}

// source reads the rows of a piece.
type source struct {
	piece
	row    row // at hand; its bytes are valid until the next
	format sink.Format
	begun  bool

	table *dataset.Reader // of a table or of objects
	rec   dataset.Record

	file   *os.File // of a text
	frames *bufio.Reader
}

func open(p piece, format sink.Format) (*source, error) {
	s := &source{piece: p, format: format}
	if p.bytes == 0 {
		return s, nil
	}
	var err error
	if format != sink.FormatText {
		if s.table, err = form.Open(p.path, format); err != nil {
			return nil, fmt.Errorf("read the results in %s: %w", p.name, err)
		}
		return s, nil
	}
	if s.file, err = os.Open(p.path); err != nil {
		return nil, fmt.Errorf("read the results in %s: %w", p.name, err)
	}
	s.frames = bufio.NewReaderSize(io.NewSectionReader(s.file, 0, p.bytes), 256<<10)
	return s, nil
}

// next reads the next row; false: there are no more.
func (s *source) next() (bool, error) {
	if s.bytes == 0 {
		return false, nil
	}
	was := s.row.seq
	more, err := s.read()
	if err != nil {
		return false, fmt.Errorf("read the results in %s: %w", s.name, err)
	}
	if !more || !s.begun {
		s.begun = true
		return more, nil
	}
	if s.format == sink.FormatText && s.row.seq <= was {
		s.row.round++
	}
	return true, nil
}

// read reads a row of a file, or a frame.
func (s *source) read() (bool, error) {
	if s.frames != nil {
		seq, text, err := sink.ReadFrame(s.frames, s.row.bytes)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		s.row.seq, s.row.bytes = seq, text
		return true, err
	}
	err := s.table.Next(&s.rec)
	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, err
	case s.rec.Pos.Offset >= s.bytes:
		return false, nil
	case form.Broken(s.table, &s.rec):
		return false, s.rec.Err
	}
	seq, ok := s.format.SeqOf(s.rec.Raw, s.rec.Values)
	if !ok {
		return false, fmt.Errorf("line %d does not say which record it is of", s.rec.Pos.Line)
	}
	s.row.seq = seq
	s.row.bytes = append(append(s.row.bytes[:0], s.rec.Raw...), '\n')
	return true, nil
}

func (s *source) close() error {
	switch {
	case s.table != nil:
		return s.table.Close()
	case s.file != nil:
		return s.file.Close()
	}
	return nil
}

// eachRow calls f for the rows of a piece as they stand there.
func eachRow(ctx context.Context, p piece, format sink.Format, f func(*row) error) (err error) {
	s, err := open(p, format)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for ctx.Err() == nil {
		more, err := s.next()
		if err != nil || !more {
			return err
		}
		if err := f(&s.row); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// headerOf is what stands before the first row of a table: all of it, if there is none.
func headerOf(p piece, format sink.Format) (header []byte, err error) {
	if format != sink.FormatCSV && format != sink.FormatTSV || p.bytes == 0 {
		return nil, nil
	}
	s, err := open(p, format)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	more, err := s.next()
	if err != nil {
		return nil, err
	}
	end := p.bytes
	if more {
		end = s.rec.Pos.Offset
	}
	f, err := os.Open(p.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // of a read
	header = make([]byte, end)
	_, err = io.ReadFull(f, header)
	return header, err
}
