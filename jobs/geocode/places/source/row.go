package source

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// rows reads the rows of a table.
type rows struct {
	m         *member
	delimiter byte
	fields    []string
	first     int  // the line on which the row begins
	converted bool // it was not UTF-8
}

// errQuotes says that a quote is not closed, or stands where none can.
var errQuotes = errors.New("a quote is not closed")

// How much one row may span, if there are line ends within quotes: what is longer is a quote
// that was forgotten, and costs its line and not the file.
const (
	mostLines = 32
	mostBytes = 64 << 10
)

// delimiterOf is what separates the fields of a header.
func delimiterOf(line []byte) byte {
	best, most := byte(','), 0
	for _, c := range []byte(",;\t|") {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// next reads a row into fields, which stay valid. io.EOF ends the table; errLong and errQuotes are
// of one row.
func (r *rows) next() error {
	r.converted = false
	for {
		line, err := r.m.next()
		r.first = r.m.line
		if err != nil {
			return err
		}
		if len(line) == 0 {
			continue
		}
		if bytes.IndexByte(line, '"') < 0 {
			r.split(r.text(line))
			return nil
		}
		return r.quoted(line)
	}
}

// text is a line as UTF-8.
func (r *rows) text(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	r.converted = true
	return latin(line)
}

// latin reads Windows-1252, of which every byte is something.
func latin(b []byte) string {
	out := make([]byte, 0, len(b)+len(b)/4)
	for _, c := range b {
		out = utf8.AppendRune(out, charmap.Windows1252.DecodeByte(c))
	}
	return string(out)
}

func (r *rows) split(s string) {
	r.fields = r.fields[:0]
	for {
		i := indexByte(s, r.delimiter)
		if i < 0 {
			r.fields = append(r.fields, s)
			return
		}
		r.fields = append(r.fields, s[:i])
		s = s[i+1:]
	}
}

func indexByte(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// quoted reads a row with quotes in it, which may go over several lines.
func (r *rows) quoted(line []byte) error {
	if r.unquote(r.text(line)) {
		return nil
	}
	whole := bytes.Clone(line)
	var more [][]byte
	for len(more) < mostLines && len(whole) < mostBytes {
		next, err := r.m.next()
		if errors.Is(err, errLong) {
			break // it goes with the row that is lost
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		more = append(more, bytes.Clone(next))
		whole = append(append(whole, '\n'), next...)
		if bytes.IndexByte(next, '"') >= 0 && r.unquote(r.text(whole)) {
			return nil
		}
	}
	r.m.putBack(more)
	return errQuotes
}

// unquote splits a row with quotes (RFC 4180), and reports whether they are closed. A quote
// within a field that does not begin with one is a letter as any other.
func (r *rows) unquote(s string) bool {
	r.fields = r.fields[:0]
	for {
		var field string
		var ok bool
		if s != "" && s[0] == '"' {
			if field, s, ok = closed(s[1:]); !ok {
				return false
			}
		}
		i := indexByte(s, r.delimiter)
		if i < 0 {
			r.fields = append(r.fields, field+s)
			return true
		}
		r.fields = append(r.fields, field+s[:i])
		s = s[i+1:]
	}
}

// closed takes a field off up to the quote that closes it.
func closed(s string) (field, rest string, ok bool) {
	from, kept := 0, ""
	for {
		i := indexByte(s[from:], '"')
		if i < 0 {
			return "", "", false
		}
		i += from
		if i+1 >= len(s) || s[i+1] != '"' {
			return kept + s[:i], s[i+1:], true
		}
		kept, s, from = kept+s[:i+1], s[i+2:], 0
	}
}
