package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// stream is one open file of a dataset, decompressed.
type stream struct {
	io.Reader
	file  *os.File // nil for standard input
	spool *Spool   // nil for files
	mark  *mark    // nil for standard input
	at    atomic.Int64
	zst   *zstd.Decoder
	// packed says that the bytes are not those that are stored.
	packed bool
	sheet  *sheetReader // nil: it is no sheet
	closer io.Closer    // of what is read in an archive, or nil
	counts bool         // what is read in an archive counts for the progress
}

var (
	gzipMagic = []byte{0x1f, 0x8b, 0x08}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// openStream opens path and goes to an offset of its decompressed content. The file must
// be as it was marked when it was opened first; m is nil if that is now.
func openStream(spec *Spec, file int, spool *Spool, offset int64, m *mark, how growth) (*stream, error) {
	s := &stream{mark: m}
	path := spec.Paths[file]
	if path == Stdin {
		s.spool = spool
	} else {
		if m != nil { // an error tells more than one of opening it
			if err := m.look(); err != nil {
				return nil, fmt.Errorf("open dataset %s: %w", path, err)
			}
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, openError(path, err)
		}
		s.file = f
		if err := s.checkFile(how); err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	if err := s.decode(spec, file, offset); err != nil {
		_ = s.Close()
		var u *Unfit
		if errors.As(err, &u) { // which names the file
			return nil, err
		}
		return nil, fmt.Errorf("open dataset %s: %w", displayName(path), err)
	}
	return s, nil
}

// openError names the file once: an *os.PathError does so too.
func openError(path string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("open dataset %s: %w", path, err)
}

// checkFile refuses what cannot be opened a second time to resume, and marks the file.
func (s *stream) checkFile(how growth) error {
	st, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("open dataset: %w", err)
	}
	if st.IsDir() {
		return fmt.Errorf("open dataset %s: it is a directory; name the files in it", s.file.Name())
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("open dataset %s: not a regular file, so a resume could not read it again; use standard input: brood run … - < %s", s.file.Name(), s.file.Name())
	}
	if s.mark == nil {
		s.mark, err = newMark(s.file, st, how)
		return err
	}
	if !os.SameFile(s.mark.was, st) { // since it was looked at
		return s.mark.changed("another file has taken its place")
	}
	return nil
}

// decode takes off what the file is packed in, and goes to an offset of what comes out.
func (s *stream) decode(spec *Spec, file int, offset int64) error {
	coat := spec.coat(file)
	if coat.Pack == PackSheet {
		return s.openSheet(coat.Member, spec, offset)
	}
	if err := s.unpack(spec.Paths[file], coat); err != nil {
		return err
	}
	direct := !s.packed && coat.Charset == ""
	if direct {
		s.at.Store(offset)
	}
	if of := CharmapOf(coat.Charset); of != nil {
		s.Reader = newByteReader(s.Reader, of)
	} else if coat.Charset != "" {
		s.Reader = newUTF16Reader(s.Reader, coat.Charset)
	}
	if coat.CR {
		s.Reader = crReader{s.Reader}
	}
	if offset > 0 && !direct {
		if _, err := io.CopyN(io.Discard, s.Reader, offset); err != nil {
			return fmt.Errorf("go to byte %d: %w", offset, err)
		}
	}
	return nil
}

// unpack makes a reader of what the file has been packed from.
func (s *stream) unpack(path string, coat Coat) error {
	raw := func() *bufio.Reader { return bufio.NewReaderSize(rawReader{s}, 64<<10) }
	var err error
	switch s.packed = true; coat.Pack {
	case PackXZ:
		s.Reader, err = newXZReader(raw())
		return err
	case PackBzip2:
		s.Reader = newBzip2Reader(raw())
		return nil
	case PackZip:
		return s.openPacked(path, coat.Member)
	case PackNone:
		s.packed, s.Reader = false, rawReader{s}
		return nil
	case PackSheet: // is read otherwise, see decode
	}
	head, err := s.readFirst()
	if err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		s.Reader, err = newGzipReader(raw())
		return err
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(rawReader{s}, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return fmt.Errorf("zstd: %w", err)
		}
		s.zst, s.Reader = z, z
	case len(head) > 0 && (strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".zst")):
		return errors.New("its name says it is compressed, its first bytes do not; rename it")
	default:
		s.packed = false
		s.Reader = rawReader{s}
	}
	return nil
}

// openPacked opens the file that an archive has in it.
func (s *stream) openPacked(path, member string) error {
	z, err := s.openZip()
	if err != nil {
		return err
	}
	in, err := openMember(path, z, member)
	if err != nil {
		return err
	}
	s.closer, s.Reader, s.counts = in, in, true
	return nil
}

// readFirst reads the first bytes without moving on, as many as are needed to tell what
// the file is packed with.
func (s *stream) readFirst() ([]byte, error) {
	var head [16]byte
	for n := 0; ; {
		m, err := s.rawAt(head[n:], int64(n))
		n += m
		switch {
		case errors.Is(err, io.EOF):
			return head[:n], nil
		case err != nil:
			return nil, err
		case n == len(head), n > 0 && !undecided(head[:n]):
			return head[:n], nil
		}
	}
}

func (s *stream) Close() error {
	if s.zst != nil {
		s.zst.Close()
	}
	if s.closer != nil {
		_ = s.closer.Close() // nothing was written
	}
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// rawReader reads the bytes as they are stored and counts them.
type rawReader struct{ s *stream }

func (r rawReader) Read(p []byte) (int, error) {
	at := r.s.at.Load()
	var n int
	var err error
	if r.s.spool != nil {
		n, err = r.s.spool.readAt(p, at)
	} else {
		n, err = r.s.readFileAt(p, at)
	}
	r.s.at.Store(at + int64(n))
	return n, err
}

// readFileAt reads a piece of the file as it was marked.
func (s *stream) readFileAt(p []byte, at int64) (int, error) {
	n := 0
	var err error
	if in := s.mark.within(p, at); len(in) == 0 && len(p) > 0 {
		err = io.EOF
	} else {
		n, err = s.file.ReadAt(in, at)
	}
	changed := s.mark.look()
	if changed == nil && n == 0 && errors.Is(err, io.EOF) {
		changed = s.mark.end(s.file)
	}
	if changed != nil {
		return 0, changed
	}
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil // the next call says so
	}
	return n, err
}

// ended is asked when all records of the file have been read: an error if it is not what
// it was.
func (s *stream) ended() error {
	if s.mark == nil {
		return nil
	}
	return s.mark.end(s.file)
}

// consumed counts the stored bytes read so far, for the progress display.
type consumed struct {
	before  atomic.Int64 // the files done
	current atomic.Pointer[stream]
}

func (c *consumed) finish(s *stream) {
	if s != nil && c.current.CompareAndSwap(s, nil) {
		n := s.at.Load()
		if s.counts { // of an archive not all is read
			if size, err := s.wholeSize(); err == nil {
				n = size
			}
		}
		c.before.Add(n)
	}
}

func (c *consumed) skipTo(r *Reader, file int) {
	c.current.Store(nil)
	c.before.Store(0)
	for _, p := range r.spec.Paths[:file] {
		if st, err := os.Stat(p); err == nil {
			c.before.Add(st.Size())
		}
	}
}

// Consumed returns how many bytes have been read from the files as they are
// stored, compressed or not. It may be called from any goroutine.
func (r *Reader) Consumed() int64 {
	if r.gathered != nil {
		return r.gathered.at.Load()
	}
	n := r.consumed.before.Load()
	if s := r.consumed.current.Load(); s != nil {
		n += s.at.Load()
	}
	return n
}

// Total returns the stored size of all files in bytes, or -1 if standard input
// is among them and has not ended.
func (r *Reader) Total() int64 {
	if r.gathered != nil {
		return r.gathered.extent.Bytes
	}
	if r.mix != nil {
		return r.spec.total()
	}
	var total int64
	for _, p := range r.spec.Paths {
		if p == Stdin {
			size, done := r.spool.size()
			if !done {
				return -1
			}
			total += size
			continue
		}
		st, err := os.Stat(p)
		if err != nil {
			return -1
		}
		total += st.Size()
	}
	return total
}
