package dataset

import (
	"bytes"
	"fmt"
	"slices"
)

// A malformed row costs one record. It ends with the line on which the
// malformed field begins, and reading goes on at the next line: so a quote
// that is never closed does not swallow the rest of the file. (RFC 4180 says
// nothing about malformed rows.)

// nextRow reads one row of CSV or TSV. Blank lines are not rows.
func (r *Reader) nextRow(rec *Record) error {
	w := r.win
	for {
		r.begin(rec)
		i := w.find('\n', 0)
		u := w.unread()
		n := i + 1
		if i < 0 {
			if len(u) == 0 {
				return w.ended()
			}
			if w.err != nil {
				return w.err
			}
			if r.stillWritten() {
				return r.leave(rec)
			}
			i, n = len(u), len(u)
		}
		if i > r.spec.MaxRecord {
			return r.skipLongRow(rec)
		}
		line := trimCR(u[:i])
		if len(line) == 0 {
			w.take(n, lineEnds(n, i))
			continue
		}
		if bytes.IndexByte(line, '"') >= 0 {
			values, ok := r.splitQuoted(rec.Values, line)
			if rec.Values = values; !ok {
				return r.quotedRow(rec)
			}
			rec.Raw = line
			rec.Size = int64(n)
			w.take(n, lineEnds(n, i))
			r.checkWidth(rec)
			return nil
		}
		rec.Raw = line
		rec.Size = int64(n)
		w.take(n, lineEnds(n, i))
		rec.Values = splitBare(rec.Values, line, r.spec.Delimiter)
		r.checkWidth(rec)
		return nil
	}
}

// lineEnds is 1 if the n bytes taken include a line end behind the i of the
// line.
func lineEnds(n, i int) int64 { return int64(n - i) }

func trimCR(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return b[:n-1]
	}
	return b
}

func splitBare(dst [][]byte, line []byte, delim byte) [][]byte {
	for {
		i := bytes.IndexByte(line, delim)
		if i < 0 {
			return append(dst, line)
		}
		dst = append(dst, line[:i:i])
		line = line[i+1:]
	}
}

// splitQuoted splits a line that is a whole row, with quotes in it, and reports whether it is one: a row that goes on
// in the next line, and one with a mistake in it, are for scanRow. dst is as it was then.
func (r *Reader) splitQuoted(dst [][]byte, line []byte) ([][]byte, bool) {
	delim, empty := r.spec.Delimiter, len(dst)
	r.scratch = r.scratch[:0]
	for at := 0; ; at++ {
		if at < len(line) && line[at] == '"' {
			field, end := r.unquoted(line, at+1)
			if end < 0 || end < len(line) && line[end] != delim {
				return dst[:empty], false
			}
			dst, at = append(dst, field), end
		} else {
			start := at
			for at < len(line) && line[at] != delim {
				if line[at] == '"' && r.spec.Format == FormatCSV {
					return dst[:empty], false
				}
				at++
			}
			dst = append(dst, line[start:at:at])
		}
		if at == len(line) {
			return dst, true
		}
	}
}

// unquoted is the field whose opening quote stands before at, and where it ends: behind the closing one; -1 if it does
// not within the line.
func (r *Reader) unquoted(line []byte, at int) (field []byte, end int) {
	start := at
	doubled := 0
	for {
		i := bytes.IndexByte(line[at:], '"')
		if i < 0 {
			return nil, -1
		}
		at += i + 1
		if at == len(line) || line[at] != '"' {
			break
		}
		doubled++
		at++
	}
	inner := line[start : at-1 : at-1]
	if doubled == 0 {
		return inner, at
	}
	// The scratch has room for all fields of the line at once, so that it does not move.
	r.scratch = slices.Grow(r.scratch, len(line)-len(r.scratch))
	from := len(r.scratch)
	for i := 0; i < len(inner); i++ {
		if r.scratch = append(r.scratch, inner[i]); inner[i] == '"' {
			i++ // the second of two
		}
	}
	return r.scratch[from:len(r.scratch):len(r.scratch)], at
}

func (r *Reader) skipLongRow(rec *Record) error {
	rec.Raw = nil
	rec.Size = r.win.skipPast('\n')
	if r.win.err != nil {
		return r.win.err
	}
	rec.Err = r.tooLong(rec.Pos.Line, rec.Size)
	return nil
}

func (r *Reader) checkWidth(rec *Record) {
	if r.shape == nil || len(rec.Values) == len(r.shape.Columns) {
		return
	}
	got, want := len(rec.Values), len(r.shape.Columns)
	if r.emptyBeyond(rec, want) {
		rec.Values = rec.Values[:want]
		return
	}
	e := &InputError{File: r.name(), Line: rec.Pos.Line, Reason: fmt.Sprintf("the row has %s, the header has %d", plural(got, "field"), want)}
	if r.spec.NoHeader {
		e.Reason = fmt.Sprintf("the row has %s, the first row has %d", plural(got, "field"), want)
	}
	if got > want {
		e.Column = columnStart(rec.Raw, want, r.spec.Delimiter)
	}
	rec.Err = e
}

// emptyBeyond reports whether what a row has more than the header is nothing, in columns
// that have no name there.
func (r *Reader) emptyBeyond(rec *Record, want int) bool {
	if n := len(rec.Values) - want; n < 0 || n > r.unnamed[rec.Pos.File] {
		return false
	}
	for _, v := range rec.Values[want:] {
		if len(v) > 0 {
			return false
		}
	}
	return true
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// rowError is a mistake in a row: where it is, and how far the bad record
// reaches.
type rowError struct {
	at      int // index of the mistake
	field   int // index at which its field begins
	reason  string
	tooLong bool // the row passes the limit; nothing else is known
}

// quotedRow reads a row that has a quote in its first line.
func (r *Reader) quotedRow(rec *Record) error {
	w := r.win
	n, bad := r.scanRow(rec)
	if w.err != nil && n < 0 {
		return w.err
	}
	if bad != nil {
		return r.endBadRow(rec, bad)
	}
	u := w.unread()
	if n > 0 && u[n-1] != '\n' && r.stillWritten() {
		return r.leave(rec)
	}
	rec.Raw = trimCR(bytes.TrimSuffix(u[:n:n], []byte{'\n'}))
	rec.Size = int64(n)
	w.take(n, countLines(u[:n]))
	r.checkWidth(rec)
	return nil
}

// endBadRow ends a malformed record where the rule above says, which depends
// on what stands in the file alone and never on how it came into memory: a
// resume that begins to read elsewhere must count the same records.
func (r *Reader) endBadRow(rec *Record, bad *rowError) error {
	w := r.win
	rec.Values, rec.Raw = rec.Values[:0], nil
	if bad.tooLong {
		u := w.unread()[:r.spec.MaxRecord]
		w.take(len(u), countLines(u))
		rec.Size = int64(len(u)) + w.skipPast('\n')
		rec.Err = r.tooLong(rec.Pos.Line, rec.Size)
		return w.err
	}
	u := w.unread()
	rec.Err = &InputError{
		File: r.name(), Line: w.line + countLines(u[:bad.at]),
		Column: bad.at - bytes.LastIndexByte(u[:bad.at], '\n'), Reason: bad.reason,
	}
	end := w.find('\n', bad.field) + 1
	u = w.unread()
	switch {
	case w.err != nil:
		return w.err
	case end == 0 && !w.eof: // the line does not fit into memory
		w.take(bad.field, countLines(u[:bad.field]))
		rec.Size = int64(bad.field) + w.skipPast('\n')
		return w.err
	case end == 0:
		end = len(u)
	}
	rec.Raw = trimCR(bytes.TrimSuffix(u[:end:end], []byte{'\n'}))
	rec.Size = int64(end)
	w.take(end, countLines(u[:end]))
	return nil
}

// scanRow splits the row at the front of the window into rec.Values and
// returns its length with its line end. If the file breaks off with a read
// error in the middle of a row, the length is -1.
func (r *Reader) scanRow(rec *Record) (int, *rowError) {
	w := r.win
	r.scratch = r.scratch[:0]
	ends := r.spans[:0]
	defer func() { r.spans = ends }()
	at := 0
	for {
		start := at
		if at >= len(w.unread()) && !w.more() {
			ends = append(ends, fieldSpan{at, at, false}) // an empty last field
			return r.finishRow(rec, ends, at)
		}
		var span fieldSpan
		var bad *rowError
		if w.unread()[at] == '"' {
			span, at, bad = r.quotedField(at)
		} else {
			span, at, bad = r.bareField(at)
		}
		if bad != nil {
			if w.err != nil {
				return -1, nil
			}
			bad.field = start
			return at, bad
		}
		ends = append(ends, span)
		u := w.unread()
		switch {
		case at >= len(u):
			return r.finishRow(rec, ends, at)
		case u[at] == '\n':
			return r.finishRow(rec, ends, at+1)
		case u[at] == '\r': // only before a line end, see the field readers
			return r.finishRow(rec, ends, min(at+2, len(u)))
		default:
			at++ // the delimiter
		}
	}
}

// fieldSpan is a field's place: in the window, or unescaped in the scratch
// buffer. Slices are made only when the row is complete, as both may move.
type fieldSpan struct {
	a, z    int
	scratch bool
}

func (r *Reader) finishRow(rec *Record, spans []fieldSpan, n int) (int, *rowError) {
	if r.win.err != nil {
		return -1, nil
	}
	u := r.win.unread()
	if len(bytes.TrimRight(u[:n], "\r\n")) > r.spec.MaxRecord {
		return n, &rowError{tooLong: true}
	}
	for _, s := range spans {
		if s.scratch {
			rec.Values = append(rec.Values, r.scratch[s.a:s.z:s.z])
		} else {
			rec.Values = append(rec.Values, u[s.a:s.z:s.z])
		}
	}
	return n, nil
}

// bareField reads a field without quotes and stops at what ends it.
func (r *Reader) bareField(at int) (fieldSpan, int, *rowError) {
	w := r.win
	start := at
	for {
		if at > r.spec.MaxRecord {
			return fieldSpan{}, at, &rowError{tooLong: true}
		}
		for u := w.unread(); at < len(u) && at <= r.spec.MaxRecord; at++ {
			switch c := u[at]; {
			case c == r.spec.Delimiter, c == '\n':
				return fieldSpan{start, at, false}, at, nil
			case c == '\r' && (at+1 >= len(u) || u[at+1] == '\n'):
				if at+1 >= len(u) && w.more() {
					u = w.unread()
					at-- // look again, with what follows
					continue
				}
				return fieldSpan{start, at, false}, at, nil
			case c == '"' && r.spec.Format == FormatCSV:
				return fieldSpan{}, at, &rowError{at: at, reason: `a quote inside a field that does not begin with one; write "a ""b"" c"`}
			}
		}
		if at >= len(w.unread()) && !w.more() {
			return fieldSpan{start, at, false}, at, nil
		}
	}
}

// quotedField reads a field in quotes and stops behind the closing one.
func (r *Reader) quotedField(at int) (fieldSpan, int, *rowError) {
	w := r.win
	open := at
	start := len(r.scratch)
	at++
	for {
		i := w.find('"', at)
		if i < 0 || i > r.spec.MaxRecord {
			return fieldSpan{}, at, &rowError{at: open, reason: "the quote that opens here is never closed" + r.within()}
		}
		r.scratch = append(r.scratch, w.unread()[at:i]...)
		at = i + 1
		if at >= len(w.unread()) {
			w.more()
		}
		if u := w.unread(); at >= len(u) {
			return fieldSpan{start, len(r.scratch), true}, at, nil
		} else if u[at] == '"' {
			r.scratch = append(r.scratch, '"')
			at++
			continue
		}
		return r.afterQuote(at, fieldSpan{start, len(r.scratch), true})
	}
}

func (r *Reader) within() string {
	if r.win.eof {
		return ""
	}
	return fmt.Sprintf(" within %d bytes (--max-record)", r.spec.MaxRecord)
}

// afterQuote checks what follows a closing quote at index at-1.
func (r *Reader) afterQuote(at int, span fieldSpan) (fieldSpan, int, *rowError) {
	w := r.win
	if u := w.unread(); u[at] == '\r' && at+1 >= len(u) {
		w.more()
	}
	u := w.unread()
	switch c := u[at]; {
	case c == r.spec.Delimiter, c == '\n', c == '\r' && (at+1 >= len(u) || u[at+1] == '\n'):
		return span, at, nil
	}
	return span, at, &rowError{at: at, reason: "text after the closing quote of a field; a quote inside a field is written twice"}
}
