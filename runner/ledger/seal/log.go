package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// The write-ahead log, see https://sqlite.org/fileformat2.html#walformat: a header of 32
// bytes, and frames, each a header of 24 bytes and a page. All numbers are big-endian.
const (
	logHead   = 32
	frameHead = 24
	logMagic  = 0x377f0682 // the lowest bit says in which byte order the checksums are
)

// position is where one is in a write-ahead log: behind a frame, with the checksum so far.
type position struct {
	salt   uint64
	frame  uint64 // how many frames are before it
	pages  uint64 // how many pages the database has then
	s0, s1 uint32
}

// logReader reads the frames of a log that SQLite would accept, up to the last commit.
type logReader struct {
	f    *os.File
	size int // of a page
	big  bool
	at   position
	buf  []byte
}

// openLog opens a log. There is none, which is nil, if the file is not there, or what it
// begins with is no header: SQLite sees it that way, too.
func openLog(path string) (*logReader, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read write-ahead log: %w", err)
	}
	r, err := readLog(f)
	if r == nil {
		_ = f.Close()
	}
	return r, err
}

// readLog reads the header of a log that is open; nil if what it begins with is none.
func readLog(f *os.File) (*logReader, error) {
	var h [logHead]byte
	if _, err := f.ReadAt(h[:], 0); err != nil {
		if isEnd(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read write-ahead log: %w", err)
	}
	r := &logReader{f: f, size: int(binary.BigEndian.Uint32(h[8:]))}
	m := binary.BigEndian.Uint32(h[:])
	r.big = m&1 != 0
	r.at.salt = binary.BigEndian.Uint64(h[16:])
	r.checksum(h[:24])
	if m&^1 != logMagic || r.size < 512 || r.size > 1<<16 || r.size&(r.size-1) != 0 ||
		r.at.s0 != binary.BigEndian.Uint32(h[24:]) || r.at.s1 != binary.BigEndian.Uint32(h[28:]) {
		return nil, nil
	}
	r.buf = make([]byte, frameHead+r.size)
	return r, nil
}

func (r *logReader) close() { _ = r.f.Close() }

// checksum goes on with SQLite's checksum of the log.
func (r *logReader) checksum(b []byte) {
	order := binary.ByteOrder(binary.LittleEndian)
	if r.big {
		order = binary.BigEndian
	}
	s0, s1 := r.at.s0, r.at.s1
	for ; len(b) >= 8; b = b[8:] {
		s0 += order.Uint32(b) + s1
		s1 += order.Uint32(b[4:]) + s0
	}
	r.at.s0, r.at.s1 = s0, s1
}

// next reads a frame. Its page is borrowed. More is false at the end of what is valid.
func (r *logReader) next() (number uint32, page []byte, commit, more bool, err error) {
	off := logHead + int64(r.at.frame)*int64(len(r.buf))
	if n, err := r.f.ReadAt(r.buf, off); n < len(r.buf) {
		if isEnd(err) {
			err = nil
		} else {
			err = fmt.Errorf("read write-ahead log: %w", err)
		}
		return 0, nil, false, false, err
	}
	h := r.buf[:frameHead]
	number = binary.BigEndian.Uint32(h)
	before := r.at
	r.checksum(h[:8])
	r.checksum(r.buf[frameHead:])
	if binary.BigEndian.Uint64(h[8:]) != r.at.salt || number == 0 ||
		r.at.s0 != binary.BigEndian.Uint32(h[16:]) || r.at.s1 != binary.BigEndian.Uint32(h[20:]) {
		r.at = before
		return 0, nil, false, false, nil
	}
	r.at.frame++
	if pages := binary.BigEndian.Uint32(h[4:]); pages > 0 {
		r.at.pages, commit = uint64(pages), true
	}
	return number, r.buf[frameHead:], commit, true, nil
}

// logged is a page as the log has it last.
type logged struct {
	sum   uint32
	frame uint64
}

// read reads all that is valid from where the reader is, and calls visit for each
// transaction that is complete with the pages that it has changed.
func (r *logReader) read(visit func(changed map[uint32]logged)) error {
	changed := make(map[uint32]logged)
	last := r.at
	for {
		number, page, commit, more, err := r.next()
		if err != nil {
			return err
		}
		if !more {
			r.at = last // what follows the last commit is not part of the database
			return nil
		}
		changed[number] = logged{sum: sum(page), frame: r.at.frame}
		if commit {
			visit(changed)
			clear(changed)
			last = r.at
		}
	}
}

// follow reads what was added to the log since it was read last, and returns the sums of
// the pages in it.
func (s *Seal) follow(path string) (map[uint32]logged, error) {
	r, err := s.readLogOf(path)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("%s: %w: the log that the last transaction went to is gone", path, ErrDamaged)
	}
	if r.at.salt == s.wal.salt { // otherwise it was begun anew
		r.at = s.wal
	}
	s.size = r.size
	fresh := make(map[uint32]logged)
	err = r.read(func(changed map[uint32]logged) {
		for number, l := range changed {
			fresh[number] = l
		}
	})
	if err != nil {
		return nil, err
	}
	if r.at == s.wal {
		return nil, fmt.Errorf("%s: %w: the last transaction is not in the log", path, ErrDamaged)
	}
	s.wal = r.at
	return fresh, nil
}

// readLogOf reads the header of the log. It is kept open, so that want of descriptors does
// not end a run.
func (s *Seal) readLogOf(path string) (*logReader, error) {
	there, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read write-ahead log: %w", err)
	}
	if s.log != nil {
		if here, err := s.log.Stat(); err == nil && os.SameFile(here, there) {
			return readLog(s.log)
		}
		_ = s.log.Close()
		s.log = nil
	}
	r, err := openLog(path)
	if r != nil {
		s.log = r.f
	}
	return r, err
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
