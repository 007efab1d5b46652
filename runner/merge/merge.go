// Package merge puts the results of the shards of a run together: of the runs that have worked on the parts of one
// dataset, each on a machine of its own, it makes the file that one run on one machine would have made.
//
// It promises that what it writes has each record of the dataset once and in its order, or that it says why not:
// it takes only shards of the same dataset, job and configuration, each once and none missing, all of them done, with
// books that balance and results that are what their ledgers say. It needs nothing but the directories of the runs,
// which may have been copied from elsewhere, changes nothing in them, and takes the same memory however many records and
// shards there are. Where it writes to is its caller's.
package merge

import (
	"brood/jobs"
	"brood/jobs/extsort"
	"brood/runner/form"
	"brood/runner/sink"
	"brood/runner/spec"
	"bufio"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// atOnce is how many files are read at a time, as each takes memory and a descriptor; more are merged in stages.
const atOnce = 64

// sortMemory is how much memory rows take that are sorted.
const sortMemory = 64 << 20

// Plain reports whether the results are written as they stand in the shards: otherwise a file is made of them, by
// Make.
func (s *Set) Plain() bool {
	f := s.cfg.Form
	return string(f.Kind) == s.cfg.OutputFormat.String() && !f.Plain && f.Dress == spec.Form{}.Dress
}

// Write writes the results of all shards as one run would have, and returns how many rows, or texts, there are. What does not
// fit into memory goes to a directory for temporary files.
func (s *Set) Write(ctx context.Context, w io.Writer, tmp string) (rows uint64, err error) {
	header, err := s.header()
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(w, 256<<10)
	if _, err := out.Write(header); err != nil {
		return 0, err
	}
	all := make([]piece, len(s.Shards))
	for i, x := range s.Shards {
		all[i] = piece{path: x.results, bytes: x.output.Bytes, name: x.Dir}
	}
	m := &merger{ctx: ctx, format: s.cfg.OutputFormat, tmp: tmp, header: header}
	defer func() { err = errors.Join(err, m.clean()) }()
	c := &checked{out: out, format: s.cfg.OutputFormat}
	if s.cfg.Unordered && m.format != sink.FormatText {
		err = m.sort(all, c.write)
	} else if all, err = m.reduce(all); err == nil {
		err = m.merge(all, c.write)
	}
	if err == nil {
		err = errors.Join(c.end(s.Totals.Input), out.Flush())
	}
	return c.rows, err
}

// Make makes the file that the run asked for, whose results, as Write has written them, are in a file: a workbook, GeoJSON,
// or a table without the run's own columns.
func (s *Set) Make(results, path string, say func(format string, args ...any)) error {
	cfg := *s.cfg
	f := *cfg.Form
	f.Path = path
	cfg.Form, cfg.Shard, cfg.Output = &f, nil, results
	err := form.Make(&cfg, func(format string, args ...any) {
		text, _, _ := strings.Cut(fmt.Sprintf(format, args...), "; as they are they stand in ") // which goes
		say("%s", text)
	})
	var we *spec.WriteError
	if errors.As(err, &we) {
		if inner := errors.Unwrap(we.Err); inner != nil {
			err = &spec.WriteError{Err: fmt.Errorf("make %s: %w", path, inner)}
		}
	}
	return err
}

// row is what stands in the results of one record, or a row of it, with how often the results of a shard have begun
// anew before it: what later tries have brought stands behind all the rest in plain text.
type row struct {
	round int
	seq   jobs.Seq
	bytes []byte
	file  int // which of those that are merged it is from
}

// before reports whether a row comes before another.
func (r *row) before(o *row) bool {
	return r.round < o.round || r.round == o.round && r.seq < o.seq
}

// checked writes rows, and sees to it that each record comes, in its turn.
type checked struct {
	out    *bufio.Writer
	format sink.Format
	next   jobs.Seq
	rows   uint64
}

func (c *checked) write(r *row) error {
	switch {
	case r.round > 0, c.format != sink.FormatText && r.seq+1 == c.next: // another row of the same record
	case r.seq == c.next:
		c.next++
	case r.seq < c.next:
		return fmt.Errorf("the results have record %d behind record %d", r.seq, c.next-1)
	default:
		return fmt.Errorf("record %d is in the results of no shard", c.next)
	}
	if c.format != sink.FormatText || len(r.bytes) > 0 {
		c.rows++
	}
	_, err := c.out.Write(r.bytes)
	return err
}

// end compares what was written with the books.
func (c *checked) end(input uint64) error {
	if uint64(c.next) != input {
		return fmt.Errorf("the books of the shards have %d records, and their results %d", input, c.next)
	}
	return nil
}

// single sees to it that each record is in the results of one shard.
type single struct {
	begun bool
	last  row
}

func (s *single) check(r *row) error {
	if s.begun && r.round == 0 && r.seq == s.last.seq && r.file != s.last.file {
		return fmt.Errorf("the results have record %d twice: two shards have worked on it", r.seq)
	}
	s.begun = true
	s.last.seq, s.last.file = r.seq, r.file
	return nil
}

// merger merges files that are in order.
type merger struct {
	ctx    context.Context
	format sink.Format
	tmp    string
	header []byte
	made   []string
}

// reduce merges files until there are few enough to be read at a time.
func (m *merger) reduce(all []piece) ([]piece, error) {
	for len(all) > atOnce {
		var fewer []piece
		for len(all) > 0 {
			n := min(atOnce, len(all))
			one, err := m.gather(all[:n])
			if err != nil {
				return nil, err
			}
			fewer, all = append(fewer, one), all[n:]
		}
		all = fewer
	}
	return all, nil
}

// gather merges some files into a temporary one of the same format.
func (m *merger) gather(some []piece) (p piece, err error) {
	f, err := os.CreateTemp(m.tmp, ".brood-merge-*")
	if err != nil {
		return p, &spec.WriteError{Err: err}
	}
	m.made = append(m.made, f.Name())
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 256<<10)
	_, err = w.Write(m.header)
	var frame []byte
	if err == nil {
		err = m.merge(some, func(r *row) error {
			b := r.bytes
			if m.format == sink.FormatText {
				frame = sink.AppendFrame(frame[:0], r.seq, r.bytes)
				b = frame
			}
			if _, err := w.Write(b); err != nil {
				return &spec.WriteError{Err: err}
			}
			return nil
		})
	}
	if err == nil {
		if err = w.Flush(); err != nil {
			err = &spec.WriteError{Err: err}
		}
	}
	if err != nil {
		return p, err
	}
	st, err := f.Stat()
	if err != nil {
		return p, err
	}
	return piece{path: f.Name(), bytes: st.Size(), name: filepath.Base(f.Name())}, nil
}

func (m *merger) clean() error {
	var err error
	for _, path := range m.made {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// merge calls emit with the rows of files in their order, each of which is in order.
func (m *merger) merge(files []piece, emit func(*row) error) (err error) {
	var h sources
	defer func() {
		for _, s := range h {
			err = errors.Join(err, s.close())
		}
	}()
	for i, p := range files {
		s, err := open(p, m.format)
		if err != nil {
			return err
		}
		s.row.file = i
		more, err := s.next()
		if err != nil || !more {
			if err = errors.Join(err, s.close()); err != nil {
				return err
			}
			continue
		}
		h = append(h, s)
	}
	heap.Init(&h)
	var once single
	for n := 0; len(h) > 0; n++ {
		if n%1024 == 0 && m.ctx.Err() != nil {
			return m.ctx.Err()
		}
		s := h[0]
		if err := once.check(&s.row); err != nil {
			return err
		}
		if err := emit(&s.row); err != nil {
			return err
		}
		more, err := s.next()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&h, 0)
			continue
		}
		heap.Pop(&h)
		if err := s.close(); err != nil {
			return err
		}
	}
	return nil
}

// sort calls emit with the rows of files in the order of their records, whatever order they have there.
func (m *merger) sort(files []piece, emit func(*row) error) (err error) {
	sorter := extsort.New(m.tmp, sortMemory)
	defer func() { err = errors.Join(err, sorter.Close()) }()
	var n uint64
	for i, p := range files {
		err := eachRow(m.ctx, p, m.format, func(r *row) error {
			var k extsort.Key
			binary.BigEndian.PutUint64(k[:], uint64(r.seq))
			binary.BigEndian.PutUint64(k[8:], uint64(i))
			binary.BigEndian.PutUint64(k[16:], n)
			n++
			return sorter.Add(k, r.bytes)
		})
		if err != nil {
			return err
		}
	}
	var once single
	return sorter.Each(func(k extsort.Key, b []byte) error {
		r := &row{seq: jobs.Seq(binary.BigEndian.Uint64(k[:])), bytes: b, file: int(binary.BigEndian.Uint64(k[8:]))}
		if err := once.check(r); err != nil {
			return err
		}
		return emit(r)
	})
}

// sources is a heap: the one whose row is next is on top.
type sources []*source

func (h sources) Len() int           { return len(h) }
func (h sources) Less(i, j int) bool { return h[i].row.before(&h[j].row) }
func (h sources) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sources) Push(x any)        { *h = append(*h, x.(*source)) }
func (h *sources) Pop() any {
	old := *h
	s := old[len(old)-1]
	*h = old[:len(old)-1]
	return s
}
