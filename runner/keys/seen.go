// Package keys knows which business keys have been seen: in this run, see Seen,
// and in other runs, see Scope.
package keys

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"slices"
)

// Key is a hash of a business key, as uniform as SHA-256.
type Key [16]byte

// Seen remembers keys and where each was seen first. Its memory is bounded by
// a table of 12 MiB and, beyond that, about 1.4 bytes for each key, ten million
// of them being 26 MiB: when the table is full, it is written to a sorted run in
// a nameless file, of which only a filter and every 128th key stay in memory.
// Nothing of it survives the process: a resume reads the dataset again.
//
// It is not safe for concurrent use.
type Seen struct {
	dir   string
	table []entry // open addressing; a power of two
	used  int
	runs  []*sortedRun // the longest first
	buf   []byte
}

// entry is a key and its place; an empty one has a place of 0.
type entry struct {
	hi, lo uint64
	place  uint64
}

const (
	firstTable = 1 << 10
	// lastTable is how many entries the table has at most.
	lastTable = 1 << 19
	entrySize = 24
	// fenceEvery is how many entries of a run share one fence in memory.
	fenceEvery = 128
	// mergeAt is how many runs of about one length are merged into one.
	mergeAt = 4
	// filterBits is how many bits of a filter a key has, of which filterTests are
	// set: 1 in 100 keys that are not in a run (measured) is looked for on the disk in
	// vain.
	filterBits  = 10
	filterTests = 6
)

// NewSeen returns an empty set that keeps its files in dir.
func NewSeen(dir string) *Seen {
	return &Seen{dir: dir, table: make([]entry, firstTable)}
}

// Add adds a key that was seen at a place, which is not 0, unless it is known.
// It returns where it was seen first, and whether that was earlier.
func (s *Seen) Add(k Key, place uint64) (first uint64, again bool, err error) {
	e := entry{binary.BigEndian.Uint64(k[:]), binary.BigEndian.Uint64(k[8:]), place}
	at := s.find(e)
	if s.table[at].place != 0 {
		return s.table[at].place, true, nil
	}
	for _, r := range s.runs {
		found, err := r.find(e, &s.buf)
		if err != nil {
			return 0, false, err
		}
		if found != 0 {
			return found, true, nil
		}
	}
	s.table[at] = e
	if s.used++; s.used*4 > len(s.table)*3 {
		err = s.grow()
	}
	return place, false, err
}

// find returns the index of a key's entry, or of the empty one to put it in.
func (s *Seen) find(e entry) int {
	mask := len(s.table) - 1
	for i := int(e.lo) & mask; ; i = (i + 1) & mask {
		if t := &s.table[i]; t.place == 0 || (t.hi == e.hi && t.lo == e.lo) {
			return i
		}
	}
}

func (s *Seen) grow() error {
	old := s.table
	if len(old) < lastTable {
		s.table = make([]entry, 4*len(old))
		if len(s.table) > lastTable {
			s.table = make([]entry, lastTable)
		}
		for _, e := range old {
			if e.place != 0 {
				s.table[s.find(e)] = e
			}
		}
		return nil
	}
	full := slices.DeleteFunc(old, func(e entry) bool { return e.place == 0 })
	slices.SortFunc(full, compare)
	r, err := s.writeRun(len(full), func(put func(entry) error) error {
		for _, e := range full {
			if err := put(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	s.table = old[:lastTable]
	clear(s.table)
	s.used = 0
	return s.merge()
}

func compare(a, b entry) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	return cmp.Compare(a.lo, b.lo)
}

// merge makes one of the last runs while several have about one length.
func (s *Seen) merge() error {
	for n := len(s.runs); n >= mergeAt && s.runs[n-mergeAt].n < 2*s.runs[n-1].n; n = len(s.runs) {
		some := s.runs[n-mergeAt:]
		total := 0
		readers := make([]*runReader, len(some))
		for i, r := range some {
			total += r.n
			readers[i] = &runReader{r: bufio.NewReaderSize(io.NewSectionReader(r.file, 0, int64(r.n)*entrySize), 64<<10), left: r.n}
			if err := readers[i].next(); err != nil {
				return err
			}
		}
		merged, err := s.writeRun(total, func(put func(entry) error) error { return mergeInto(put, readers) })
		if err != nil {
			return err
		}
		for _, r := range some {
			_ = r.file.Close() // nothing was written that anybody wants
		}
		s.runs = append(s.runs[:n-mergeAt], merged)
	}
	return nil
}

func mergeInto(put func(entry) error, readers []*runReader) error {
	for {
		var least *runReader
		for _, r := range readers {
			if !r.ended && (least == nil || compare(r.at, least.at) < 0) {
				least = r
			}
		}
		if least == nil {
			return nil
		}
		if err := put(least.at); err != nil {
			return err
		}
		if err := least.next(); err != nil {
			return err
		}
	}
}

// runReader reads a run in order.
type runReader struct {
	r     *bufio.Reader
	left  int
	at    entry
	ended bool
}

func (r *runReader) next() error {
	if r.left == 0 {
		r.ended = true
		return nil
	}
	r.left--
	var b [entrySize]byte
	if _, err := io.ReadFull(r.r, b[:]); err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	r.at = decode(b[:])
	return nil
}

func decode(b []byte) entry {
	return entry{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])}
}

// sortedRun is keys in order in a file without a name.
type sortedRun struct {
	file   *os.File
	n      int
	filter []uint64
	fences []uint64 // hi of every 128th entry
}

func (s *Seen) writeRun(n int, fill func(put func(entry) error) error) (*sortedRun, error) {
	f, err := os.CreateTemp(s.dir, "keys-*")
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("write keys: %w", err), f.Close())
	}
	r := &sortedRun{file: f, filter: make([]uint64, (n*filterBits/(64*filterBlock)+1)*filterBlock), fences: make([]uint64, 0, n/fenceEvery+1)}
	w := bufio.NewWriterSize(f, 256<<10)
	var b []byte
	err = fill(func(e entry) error {
		if r.n%fenceEvery == 0 {
			r.fences = append(r.fences, e.hi)
		}
		r.n++
		r.mark(e)
		b = binary.LittleEndian.AppendUint64(b[:0], e.hi)
		b = binary.LittleEndian.AppendUint64(b, e.lo)
		b = binary.LittleEndian.AppendUint64(b, e.place)
		_, err := w.Write(b)
		return err
	})
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write keys: %w", err), f.Close())
	}
	return r, nil
}

// filterBlock is how many words of a filter lie in one line of the processor's
// cache: all bits of a key are in one block, so a test costs one access.
const filterBlock = 8

// block returns the words that the bits of a key are in.
func (r *sortedRun) block(e entry) []uint64 {
	at, _ := bits.Mul64(e.hi, uint64(len(r.filter)/filterBlock))
	return r.filter[at*filterBlock:][:filterBlock]
}

func (r *sortedRun) mark(e entry) {
	b := r.block(e)
	for i, h := 0, e.lo; i < filterTests; i, h = i+1, h>>9 {
		b[h>>6&7] |= 1 << (h & 63)
	}
}

// mayHave reports whether a key may be in the run.
func (r *sortedRun) mayHave(e entry) bool {
	b := r.block(e)
	for i, h := 0, e.lo; i < filterTests; i, h = i+1, h>>9 {
		if b[h>>6&7]>>(h&63)&1 == 0 {
			return false
		}
	}
	return true
}

// find returns the place of a key, or 0.
func (r *sortedRun) find(e entry, buf *[]byte) (uint64, error) {
	if !r.mayHave(e) {
		return 0, nil
	}
	// The stretches that may hold it: from the last fence below it to the first
	// above. Equal fences are next to impossible, but may be.
	from, _ := slices.BinarySearch(r.fences, e.hi)
	to := from
	for to < len(r.fences) && r.fences[to] == e.hi {
		to++
	}
	first := max(from-1, 0) * fenceEvery
	last := min(to*fenceEvery, r.n)
	size := (last - first) * entrySize
	*buf = slices.Grow((*buf)[:0], size)[:size]
	if _, err := r.file.ReadAt(*buf, int64(first)*entrySize); err != nil {
		return 0, fmt.Errorf("read keys: %w", err)
	}
	for b := *buf; len(b) > 0; b = b[entrySize:] {
		if t := decode(b); t.hi == e.hi && t.lo == e.lo {
			return t.place, nil
		}
	}
	return 0, nil
}

// Close gives the files back.
func (s *Seen) Close() error {
	var errs []error
	for _, r := range s.runs {
		errs = append(errs, r.file.Close())
	}
	return errors.Join(errs...)
}
