package source

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// member is one file as it is read: unpacked, in an encoding that has ASCII in it.
type member struct {
	name string
	in   *bufio.Reader
	json bool
	line int // the last one that was read
	kept [][]byte
}

// longestLine is how long a line may be, in bytes: a street of TIGER with all its corners has
// some thousands.
const longestLine = 1 << 20

// tables are what the files of an archive end with that are read; what else is in it (a licence, a
// readme) is passed over.
var tables = []string{".csv", ".psv", ".tsv", ".geojson", ".geojsonl", ".ndjson", ".jsonl", ".json"}

// eachMember opens a file, and all files in it if it is an archive.
func eachMember(name string, read func(*member) error) error {
	f, err := os.Open(name)
	if err != nil {
		return errors.Unwrap(err) // the path is told by who calls
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewReaderSize(f, 256<<10)
	if head, _ := in.Peek(4); string(head) == "PK\x03\x04" {
		return eachZipped(f, name, read)
	}
	return open(name, in, read)
}

func eachZipped(f *os.File, name string, read func(*member) error) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, st.Size())
	if err != nil {
		return err
	}
	found := false
	for _, m := range z.File {
		ext := strings.ToLower(path.Ext(strings.TrimSuffix(m.Name, ".gz")))
		if !slices.Contains(tables, ext) || strings.HasPrefix(path.Base(m.Name), ".") || strings.HasPrefix(m.Name, "__MACOSX/") {
			continue
		}
		found = true
		in, err := m.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		err = open(name+":"+m.Name, bufio.NewReaderSize(in, 256<<10), read)
		if err = errors.Join(err, in.Close()); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	if !found {
		return fmt.Errorf("there is no table in the archive: nothing that ends with %s", strings.Join(tables, " "))
	}
	return nil
}

// open takes off what a file is packed with, once.
func open(name string, in *bufio.Reader, read func(*member) error) error {
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		g, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		defer func() { _ = g.Close() }()
		return plain(name, g, read)
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return err
		}
		defer z.Close()
		return plain(name, z, read)
	case bytes.Equal(head, []byte("PK\x03\x04")):
		return errors.New("an archive within an archive: unpack it first")
	}
	return plain(name, in, read)
}

// plain reads what is not packed.
func plain(name string, r io.Reader, read func(*member) error) error {
	in := bufio.NewReaderSize(r, longestLine)
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		d := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()
		in = bufio.NewReaderSize(transform.NewReader(in, d), longestLine)
	case bytes.Equal(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = in.Discard(3)
	}
	m := &member{name: name, in: in}
	for n := 1; n <= 512; n++ {
		head, err := in.Peek(n)
		if err != nil {
			break
		}
		if c := head[n-1]; c > ' ' {
			m.json = c == '{' || c == '['
			break
		}
	}
	return read(m)
}

// errLong says that a line was passed over as it is too long.
var errLong = fmt.Errorf("the line is longer than %d bytes", longestLine)

// next reads a line, without what ends it. It is valid until the next one is read.
func (m *member) next() ([]byte, error) {
	if n := len(m.kept); n > 0 {
		line := m.kept[0]
		m.kept = m.kept[1:]
		m.line++
		return line, nil
	}
	line, err := m.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = m.in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		m.line++
		return nil, errLong
	case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
		return nil, err
	}
	m.line++
	return bytes.TrimRight(line, "\r\n"), nil
}

// putBack gives lines back that next has returned, of which the caller has copies.
func (m *member) putBack(lines [][]byte) {
	m.kept = append(lines, m.kept...)
	m.line -= len(lines)
}
