package dataset

import (
	"brood/jobs"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync/atomic"
)

// gathered is a dataset whose records are groups of rows, see GroupBy, open.
type gathered struct {
	file   *os.File
	extent Extent
	in     *bufio.Reader
	at     atomic.Int64 // of the next frame
	body   []byte
	frame  frame
}

// openGathered opens the groups in a file, if they are the ones that are known.
func openGathered(f *os.File, known Extent) (*gathered, error) {
	g := &gathered{file: f, extent: known}
	if st, err := f.Stat(); err != nil || st.Size() != known.Bytes {
		return nil, errors.Join(errFrame, err)
	}
	sum, buf := uint32(0), make([]byte, 256<<10)
	for at := int64(0); at < known.Bytes; {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), known.Bytes-at)], at)
		if n == 0 {
			return nil, errors.Join(errFrame, err)
		}
		sum = crc32.Update(sum, castagnoli, buf[:n])
		at += int64(n)
	}
	if sum != known.Sum {
		return nil, fmt.Errorf("%w: %s is not what was written", errFrame, f.Name())
	}
	return g, g.seek(0)
}

// seek goes to the frame at an offset, which an earlier record was at; 0 is the first.
func (g *gathered) seek(offset int64) error {
	offset = max(offset, int64(len(framesMagic)))
	if offset > g.extent.Bytes {
		return fmt.Errorf("%w: it has %d bytes, and no record at byte %d", errFrame, g.extent.Bytes, offset)
	}
	g.in = bufio.NewReaderSize(io.NewSectionReader(g.file, offset, g.extent.Bytes-offset), 256<<10)
	g.at.Store(offset)
	return nil
}

// next reads a frame; io.EOF says that there is none.
func (g *gathered) next() error {
	n, err := binary.ReadUvarint(g.in)
	if errors.Is(err, io.EOF) && g.at.Load() == g.extent.Bytes {
		return io.EOF
	}
	if err == nil && n > uint64(g.extent.Bytes-g.at.Load()) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	if uint64(cap(g.body)) < n {
		g.body = make([]byte, n)
	}
	g.body = g.body[:n]
	if _, err := io.ReadFull(g.in, g.body); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	g.at.Add(int64(len(binary.AppendUvarint(nil, n))) + int64(n))
	return g.frame.parse(g.body)
}

// nextGathered reads the next group.
func (r *Reader) nextGathered(rec *Record) error {
	g := r.gathered
	offset := g.at.Load()
	if err := g.next(); err != nil {
		return err
	}
	f := &g.frame
	for _, at := range f.rows {
		if at.file >= len(r.spec.Paths) {
			return fmt.Errorf("%w: a row of file %d, and there are %d", errFrame, at.file, len(r.spec.Paths))
		}
	}
	rec.Values, rec.Err = rec.Values[:0], nil
	rec.Raw, rec.Size = f.raw, int64(len(f.raw))
	rec.Pos = Position{File: f.rows[0].file, Line: f.rows[0].line, Offset: offset}
	f.each(func(at rowAt, raw []byte) { r.addRow(rec, at, raw) })
	if f.bad != nil {
		bad := *f.bad
		bad.File = r.spec.Name(rec.Pos.File)
		rec.Err = &bad
		rec.Values = rec.Values[:min(len(rec.Values), len(r.shape.Columns))]
		if len(rec.Raw) == 0 {
			rec.Raw = nil // it was too long to be kept
		}
	}
	return nil
}

// addRow adds the values of a row to the group. What is wrong with it now, as more is asked
// of records than when they were grouped, is wrong with the group.
func (r *Reader) addRow(rec *Record, at rowAt, raw []byte) {
	if r.spec.kind() == jobs.Objects && r.known == nil && !r.spec.Text {
		return // it was looked at when it was grouped
	}
	r.scratch = nil // that of the row before is still needed
	row := Record{Pos: Position{File: at.file, Line: at.line}}
	r.Parse(raw, &row)
	rec.Values = append(rec.Values, row.Values...)
	if rec.Err == nil {
		rec.Err = row.Err
	}
}
