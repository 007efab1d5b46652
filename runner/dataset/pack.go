package dataset

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// gzipReader reads the members of a gzip file as gzip -dc does: zeros that fill up the last
// block of a tape, or of a device, end it.
type gzipReader struct {
	in *bufio.Reader
	gz *gzip.Reader
}

func newGzipReader(in *bufio.Reader) (*gzipReader, error) {
	gz, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	gz.Multistream(false)
	return &gzipReader{in, gz}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.gz.Read(p)
		if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return n, err
		}
		if err := g.nextMember(); err != nil || n > 0 {
			return n, err
		}
	}
}

// nextMember goes on behind the end of a member.
func (g *gzipReader) nextMember() error {
	zeros := false
	for {
		c, err := g.in.ReadByte()
		switch {
		case err != nil:
			return err // io.EOF, mostly
		case c == 0:
			zeros = true
			continue
		case zeros:
			return errors.New("gzip: there is something behind the zeros that end it")
		}
		if err := g.in.UnreadByte(); err != nil {
			return err
		}
		if err := g.gz.Reset(g.in); err != nil {
			return fmt.Errorf("gzip: what follows its end is not gzip: %w", noEOF(err))
		}
		g.gz.Multistream(false)
		return nil
	}
}

// noEOF makes an error of an end that came too early.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// maxDictionary is how much memory a file may ask for to be decompressed: four times what
// xz -9 does.
const maxDictionary = 256 << 20

func newXZReader(in *bufio.Reader) (io.Reader, error) {
	head, _ := in.Peek(64) // if there are fewer, the reader says so
	if dict := xzDictionary(head); dict > maxDictionary {
		return nil, fmt.Errorf("xz: it needs %d MiB of memory to be decompressed, the limit is %d; decompress it first, with xz -dc", dict>>20, maxDictionary>>20)
	}
	r := &xzReader{in: in}
	var err error
	if r.xz, err = xz.NewReader(r.behind()); err != nil {
		return nil, fmt.Errorf("%w", noEOF(err))
	}
	return r, nil
}

// xzReader sees to it that a file ends with the end of a stream: the library takes one that
// was cut off between two blocks, or within the header of one, for whole.
type xzReader struct {
	in   *bufio.Reader
	xz   io.Reader
	last [xzFooter]byte // that were read and are no padding
}

// xzFooter is the length of what ends a stream (xz-file-format.txt, 2.1.2): a checksum of
// the six bytes behind it, and "YZ".
const xzFooter = 12

func (r *xzReader) Read(p []byte) (int, error) {
	n, err := r.xz.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		if f := r.last; binary.LittleEndian.Uint32(f[:]) != crc32.ChecksumIEEE(f[4:10]) || string(f[10:]) != "YZ" {
			err = fmt.Errorf("xz: %w", io.ErrUnexpectedEOF)
		}
	}
	return n, err
}

// behind is what the library reads from.
func (r *xzReader) behind() io.Reader { return (*xzSource)(r) }

type xzSource xzReader

func (s *xzSource) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.note(p[:n])
	return n, err
}

func (s *xzSource) ReadByte() (byte, error) {
	c, err := s.in.ReadByte()
	if err == nil {
		s.note([]byte{c})
	}
	return c, err
}

// note keeps the last bytes. Padding is four zeros, or several times that.
func (s *xzSource) note(p []byte) {
	if len(p)%4 == 0 && len(bytes.Trim(p, "\x00")) == 0 && string(s.last[10:]) == "YZ" {
		return
	}
	if len(p) >= len(s.last) {
		copy(s.last[:], p[len(p)-len(s.last):])
		return
	}
	copy(s.last[:], s.last[len(p):])
	copy(s.last[len(s.last)-len(p):], p)
}

// xzDictionary reads from the header of the first block how large its dictionary is, see
// https://tukaani.org/xz/xz-file-format.txt (3.1 and 5.3.1); 0: it is not there.
func xzDictionary(head []byte) int64 {
	const header, lzma2 = 12, 0x21
	if len(head) < header+3 {
		return 0
	}
	flags, at := head[header+1], header+2
	for _, there := range []byte{0x40, 0x80} { // the sizes of the block
		if flags&there == 0 {
			continue
		}
		for at < len(head) && head[at]&0x80 != 0 {
			at++
		}
		at++
	}
	if at+2 >= len(head) || flags&3 != 0 || head[at] != lzma2 || head[at+1] != 1 {
		return 0
	}
	n, err := lzma.DecodeDictCap(head[at+2])
	if err != nil {
		return 0
	}
	return n
}

func newBzip2Reader(in io.Reader) io.Reader { return bzip2.NewReader(in) }

// archived are the names of the files in an archive, without what the system that packed it
// has put beside them.
func archived(names []string) []string {
	var out []string
	for _, n := range names {
		switch {
		case strings.HasSuffix(n, "/"), strings.HasPrefix(n, "__MACOSX/"), path.Base(n) == ".DS_Store", path.Base(n) == "Thumbs.db", path.Base(n) == "desktop.ini":
		default:
			out = append(out, n)
		}
	}
	return out
}

// sniffZip tells what a zip archive is by the names of what is in it, and what its file
// "mimetype" says.
func sniffZip(names []string, mimetype string) finding {
	has := make(map[string]bool, len(names))
	for _, n := range names {
		has[n] = true
	}
	under := func(prefix string) bool {
		for _, n := range names {
			if strings.HasPrefix(n, prefix) {
				return true
			}
		}
		return false
	}
	files := archived(names)
	switch {
	case has["xl/workbook.bin"]:
		return finding{is: "it is a binary Excel workbook (.xlsb)", do: "Save it as .xlsx."}
	case has["[Content_Types].xml"] && under("xl/"):
		return finding{coat: Coat{Pack: PackSheet}}
	case strings.HasPrefix(mimetype, "application/vnd.oasis.opendocument.spreadsheet"):
		return finding{is: "it is an OpenDocument spreadsheet (.ods)", do: saveAsTable}
	case has["[Content_Types].xml"], mimetype != "":
		return finding{is: "it is a document of an office program, or an e-book", do: "Save what is wanted of it as .xlsx, CSV or plain text."}
	case under("Index/") && under("Metadata/"):
		return finding{is: "it is a document of Numbers, Pages or Keynote", do: "Export it as .xlsx or CSV."}
	case has["META-INF/MANIFEST.MF"], has["AndroidManifest.xml"]:
		return finding{is: "it is a program (.jar, .apk)", do: giveFiles}
	case len(files) == 0:
		return finding{is: "it is a zip archive with no file in it", do: "Give the dataset itself."}
	case len(files) > 1:
		return finding{is: fmt.Sprintf("it is a zip archive of %d files, such as %s and %s", len(files), files[0], files[1]), do: "Take one out of it: unzip -p FILE " + shellWord(files[0]) + " | brood run … -"}
	}
	return finding{coat: Coat{Pack: PackZip, Member: files[0]}}
}

// openZip opens the archive that a stream is. Standard input must have ended for that, as
// what is in an archive stands at its end.
func (s *stream) openZip() (*zip.Reader, error) {
	size, err := s.wholeSize()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(&blockReader{s: s}, size)
	if err != nil {
		return nil, fmt.Errorf("%w; it may be cut off", err)
	}
	return z, nil
}

func (s *stream) wholeSize() (int64, error) {
	if s.spool == nil {
		return s.mark.was.Size(), nil
	}
	if _, err := s.spool.readAt(make([]byte, 1), math.MaxInt64-1); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	size, _ := s.spool.size()
	return size, nil
}

// mimetypeOf reads the file that says what kind of document an archive is.
func mimetypeOf(z *zip.Reader) string {
	for _, f := range z.File {
		if f.Name != "mimetype" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return ""
		}
		b, _ := io.ReadAll(io.LimitReader(r, 128)) // what cannot be read says nothing
		_ = r.Close()
		return string(b)
	}
	return ""
}

func namesIn(z *zip.Reader) []string {
	names := make([]string, len(z.File))
	for i, f := range z.File {
		names[i] = f.Name
	}
	return names
}

// openMember opens the file in an archive that the dataset is.
func openMember(archive string, z *zip.Reader, name string) (io.ReadCloser, error) {
	const encrypted = 1
	for _, f := range z.File {
		if f.Name != name {
			continue
		}
		if f.Flags&encrypted != 0 {
			return nil, unfit(archive, name+" in it is encrypted", "Unpack it: unzip -p FILE | brood run … -")
		}
		r, err := f.Open()
		if errors.Is(err, zip.ErrAlgorithm) {
			return nil, unfit(archive, name+" in it is compressed in another way than most", "Unpack it: 7z e -so FILE | brood run … -")
		}
		if err != nil {
			return nil, fmt.Errorf("%s in it: %w", name, err)
		}
		return r, nil
	}
	return nil, fmt.Errorf("there is no %s in it any more", name)
}

// blockReader reads at any place of a stream, in larger pieces than are asked for.
type blockReader struct {
	s     *stream
	block []byte
	at    int64 // of the block
}

const blockSize = 64 << 10

func (b *blockReader) ReadAt(p []byte, off int64) (int, error) {
	for n := 0; ; {
		if in := off + int64(n) - b.at; in >= 0 && in < int64(len(b.block)) {
			n += copy(p[n:], b.block[in:])
		}
		if n == len(p) {
			return n, nil
		}
		if b.block == nil {
			b.block = make([]byte, 0, blockSize)
		}
		b.at = off + int64(n)
		m, err := b.s.rawAt(b.block[:blockSize], b.at)
		b.block = b.block[:m]
		if m == 0 {
			if err == nil {
				err = io.ErrNoProgress
			}
			return n, err
		}
		if b.s.counts { // how far it is, for the progress display
			b.s.at.Store(max(b.s.at.Load(), b.at+int64(m)))
		}
	}
}

// rawAt reads stored bytes at an offset.
func (s *stream) rawAt(p []byte, off int64) (int, error) {
	if s.spool != nil {
		return s.spool.readAt(p, off)
	}
	return s.readFileAt(p, off)
}
