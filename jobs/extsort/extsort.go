// Package extsort puts rows of bytes in the order of short keys, in memory as long as they
// fit there, and beyond that in a nameless file. It leaves to others what the rows and keys
// mean, and what the order is good for.
//
// Rows with the same key come out in no certain order: who cares puts a number into the key.
package extsort

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Key is what rows are ordered by, byte by byte.
type Key [24]byte

// headSize is what stands before a row: its key, and its length as 4 bytes, the lowest first.
const headSize = len(Key{}) + 4

// Sorter is rows that are put in order.
type Sorter struct {
	dir    string // of the file
	budget int    // bytes in memory
	file   *os.File
	size   int64 // of the file
	runs   []run // each in order
	rows   []byte
	at     []place
}

// run is a piece of the file.
type run struct{ from, to int64 }

// place is where a row stands in memory, with the beginning of its key: most rows differ in
// that.
type place struct {
	key uint64
	at  int
}

// placeSize is what a place takes, in bytes.
const placeSize = 16

// New returns a sorter that has about budget bytes in memory, and a nameless file in dir if
// that is not enough.
func New(dir string, budget int) *Sorter { return &Sorter{dir: dir, budget: budget} }

// Add adds a row, which is copied.
func (s *Sorter) Add(k Key, row []byte) error {
	if uint64(len(row)) > 1<<31 {
		return fmt.Errorf("a row of %d bytes is too long to be put in order", len(row))
	}
	if len(s.at) > 0 && len(s.rows)+headSize+len(row)+(len(s.at)+1)*placeSize > s.budget {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.at = append(s.at, place{binary.BigEndian.Uint64(k[:]), len(s.rows)})
	s.rows = append(s.rows, k[:]...)
	s.rows = binary.LittleEndian.AppendUint32(s.rows, uint32(len(row)))
	s.rows = append(s.rows, row...)
	return nil
}

// order puts what is in memory in order.
func (s *Sorter) order() {
	slices.SortFunc(s.at, func(a, b place) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return bytes.Compare(s.rows[a.at:a.at+len(Key{})], s.rows[b.at:b.at+len(Key{})])
	})
}

// row is a row in memory with its head.
func (s *Sorter) row(p place) []byte {
	n := binary.LittleEndian.Uint32(s.rows[p.at+len(Key{}):])
	return s.rows[p.at : p.at+headSize+int(n)]
}

// spill writes what is in memory to the file, in order.
func (s *Sorter) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "order-")
		if err != nil {
			return err
		}
		if err := os.Remove(f.Name()); err != nil {
			return errors.Join(err, f.Close())
		}
		s.file = f
	}
	s.order()
	w := bufio.NewWriterSize(s.file, 256<<10)
	r := run{from: s.size}
	for _, p := range s.at {
		row := s.row(p)
		if _, err := w.Write(row); err != nil {
			return err
		}
		s.size += int64(len(row))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	r.to = s.size
	s.runs = append(s.runs, r)
	s.rows, s.at = s.rows[:0], s.at[:0]
	return nil
}

// Each calls f with all rows in order; they are valid until it returns. It is called once,
// after the last row was added.
func (s *Sorter) Each(f func(k Key, row []byte) error) error {
	if len(s.runs) == 0 {
		s.order()
		for _, p := range s.at {
			row := s.row(p)
			if err := f(Key(row), row[headSize:]); err != nil {
				return err
			}
		}
		return nil
	}
	if len(s.at) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.rows, s.at = nil, nil // the readers have the memory now
	all := make(readers, 0, len(s.runs))
	each := min(max(s.budget/len(s.runs), 4<<10), 256<<10)
	for _, r := range s.runs {
		x := &reader{in: bufio.NewReaderSize(io.NewSectionReader(s.file, r.from, r.to-r.from), each)}
		if err := x.next(); err != nil {
			return err
		}
		all = append(all, x)
	}
	heap.Init(&all)
	for len(all) > 0 {
		x := all[0]
		if err := f(x.key, x.row); err != nil {
			return err
		}
		switch err := x.next(); {
		case errors.Is(err, io.EOF):
			heap.Pop(&all)
		case err != nil:
			return err
		default:
			heap.Fix(&all, 0)
		}
	}
	return nil
}

// Close gives the file back.
func (s *Sorter) Close() error {
	s.rows, s.at = nil, nil
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// reader reads one run; row is valid until the next one is read.
type reader struct {
	in  *bufio.Reader
	key Key
	row []byte
}

// next reads a row; io.EOF says that there is none.
func (r *reader) next() error {
	var head [headSize]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return err
	}
	r.key = Key(head[:])
	n := int(binary.LittleEndian.Uint32(head[len(Key{}):]))
	if cap(r.row) < n {
		r.row = make([]byte, n)
	}
	r.row = r.row[:n]
	if _, err := io.ReadFull(r.in, r.row); err != nil {
		return fmt.Errorf("the file of rows that are put in order has been cut: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// readers is a heap: the reader of the first row is on top.
type readers []*reader

func (h readers) Len() int           { return len(h) }
func (h readers) Less(i, j int) bool { return bytes.Compare(h[i].key[:], h[j].key[:]) < 0 }
func (h readers) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *readers) Push(x any)        { *h = append(*h, x.(*reader)) }
func (h *readers) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
