// Package table reads the rows of a file that is to be charged: CSV as RFC 4180 has it, separated by comma, semicolon,
// tab or bar, or one JSON object on each line. It says of each row where it stands.
//
// It promises to guess nothing that could change an amount or a name: a file that is not in UTF-8, a spreadsheet, a quote
// in the middle of a field or a row with too many or too few fields is an error that says where. What
// separates the fields is told by the header. It has one row in memory.
//
// What a column means is left to mapping.
package table

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// mostRow is the longest row, in bytes. A quote that is never closed would take the rest of a file.
const mostRow = 4 << 20

// mostColumns is how many columns a table may have.
const mostColumns = 4096

// Table is a file that is being read.
type Table struct {
	Name   string // without its directory
	Header []string
	// Separator is what stands between the fields; 0 of JSON lines, whose Header is of the row at hand.
	Separator rune
	Rows      int // so far, without those that are empty
	Empty     int // rows that have nothing in them

	file io.Closer
	in   *bounded
	sum  hash.Hash
	csv  *csv.Reader
	json *objects
}

// Row is a row, valid until the next one is asked for.
type Row struct {
	Line   int
	Fields []string
	table  *Table
}

// Place is where a field stands: its line, and its first byte in it, both from 1; of JSON the line alone.
func (r *Row) Place(i int) (line, column int) {
	if r.table.csv == nil || i >= len(r.Fields) {
		return r.Line, 0
	}
	return r.table.csv.FieldPos(i)
}

// RowError is about one row: those behind it can be read.
type RowError struct {
	Line int
	Text string
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Open opens a file and reads its header.
func Open(path string) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no regular file: the run must be able to name what it was made of", path), f.Close())
	}
	t, err := New(filepath.Base(path), f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	t.file = f
	return t, nil
}

// Close closes the file.
func (t *Table) Close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

// New reads the header of a table.
func New(name string, r io.Reader) (*Table, error) {
	t := &Table{Name: name, sum: sha256.New()}
	t.in = &bounded{r: io.TeeReader(r, t.sum), left: mostRow}
	in := bufio.NewReaderSize(t.in, 1<<16)
	head, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := foreign(head); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3) // it was peeked at
		head = head[3:]
	}
	if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) {
		t.json = &objects{in: in}
		return t, nil
	}
	return t, t.head(in)
}

// foreign refuses what is no text in UTF-8.
func foreign(head []byte) error {
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return errors.New("it is empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return errors.New("it is a spreadsheet or an archive; save the sheet as CSV in UTF-8, with numbers and dates as they are to be read")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return errors.New("it is in UTF-16; convert it: iconv -f utf-16 -t utf-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return errors.New("it is compressed; unpack it first")
	case bytes.IndexByte(head, 0) >= 0:
		return errors.New("there are zero bytes in it: it is no text")
	}
	return nil
}

// head reads the header of a table of rows.
func (t *Table) head(in *bufio.Reader) error {
	line, err := in.Peek(1 << 16)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	// Excel's own way to say what separates the fields.
	if first, _, ok := bytes.Cut(line, []byte("\n")); ok && len(bytes.TrimSpace(first)) == 5 && bytes.HasPrefix(first, []byte("sep=")) {
		t.Separator = rune(first[4])
		_, _ = in.Discard(len(first) + 1)
	} else if t.Separator, err = separator(line); err != nil {
		return err
	}
	if !strings.ContainsRune(",;\t|", t.Separator) {
		return fmt.Errorf("sep=%c: the fields are separated by , ; | or tabs", t.Separator)
	}
	t.csv = csv.NewReader(in)
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.ReuseRecord = t.Separator, -1, true
	header, err := t.csv.Read()
	if err != nil {
		return fmt.Errorf("the header: %w", plain(err))
	}
	if len(header) > mostColumns {
		return fmt.Errorf("the header names %d columns; there may be %d", len(header), mostColumns)
	}
	for _, h := range header {
		if !utf8.ValidString(h) {
			return errUTF8
		}
		t.Header = append(t.Header, strings.TrimSpace(h))
	}
	return nil
}

var errUTF8 = errors.New("it is not in UTF-8; convert it, as with iconv -f windows-1252 -t utf-8, and look at the names in it")

// separator is what stands most often between the names of the header.
func separator(head []byte) (rune, error) {
	var counts [4]int
	const all = ",;\t|"
	quoted := false
	for _, c := range bytes.TrimLeft(head, "\r\n") {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if i := strings.IndexByte(all, c); i >= 0 && !quoted {
			counts[i]++
		}
	}
	best, ties := 0, 0
	for i, n := range counts {
		switch {
		case n > counts[best]:
			best, ties = i, 0
		case i != best && n == counts[best]:
			ties++
		}
	}
	if counts[best] == 0 {
		return 0, errors.New("the first line names one column only: it should be the header, with the columns separated by commas, semicolons or tabs")
	}
	if ties > 0 {
		return 0, errors.New("the header does not say what separates the columns: there are as many commas as semicolons, tabs or bars in it; put names with such characters into quotes")
	}
	return rune(all[best]), nil
}

// Next is the next row; io.EOF after the last one. An error that is a *RowError is about this row alone.
func (t *Table) Next() (*Row, error) {
	for {
		t.in.left = mostRow
		row, err := t.next()
		if err != nil {
			return nil, err
		}
		if !blank(row.Fields) {
			t.Rows++
			return row, nil
		}
		t.Empty++
	}
}

func blank(fields []string) bool {
	for _, f := range fields {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}

func (t *Table) next() (*Row, error) {
	if t.json != nil {
		return t.json.next(t)
	}
	fields, err := t.csv.Read()
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		return nil, &RowError{bad.StartLine, plain(err).Error()}
	case err != nil:
		return nil, err
	}
	line, _ := t.csv.FieldPos(0)
	for i, f := range fields {
		if !utf8.ValidString(f) {
			line, _ = t.csv.FieldPos(i)
			return nil, &RowError{line, errUTF8.Error()}
		}
	}
	if len(fields) != len(t.Header) && !blank(fields) {
		return nil, &RowError{line, fmt.Sprintf("it has %d fields, and the header names %d columns", len(fields), len(t.Header))}
	}
	return &Row{Line: line, Fields: fields, table: t}, nil
}

// plain is an error of the CSV reader in our words.
func plain(err error) error {
	switch {
	case errors.Is(err, csv.ErrQuote):
		return errors.New("there is a quote where none may be: a field with quotes in it stands in quotes, and each of its own is doubled; or a quote is not closed")
	case errors.Is(err, csv.ErrBareQuote):
		return errors.New("there is a quote in the middle of a field: put the field into quotes, and double each of its own")
	}
	return err
}

// SHA256 is that of the whole file, in hexadecimal, once it was read to its end.
func (t *Table) SHA256() string { return hex.EncodeToString(t.sum.Sum(nil)) }

// bounded stops a reader that takes too much for one row.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fmt.Errorf("a row has more than %d bytes: look for a quote that is not closed", mostRow)
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}
