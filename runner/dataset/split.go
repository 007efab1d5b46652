package dataset

import (
	"brood/jobs"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tidwall/gjson"
)

// begin sets what every kind of record has, at the window's position.
func (r *Reader) begin(rec *Record) {
	rec.Pos = Position{File: r.file, Offset: r.win.offset, Line: r.win.line}
}

// nextUntil reads a record that ends with the byte end, or with the file.
func (r *Reader) nextUntil(rec *Record, end byte) error {
	w := r.win
	r.begin(rec)
	i := w.find(end, 0)
	u := w.unread()
	if i < 0 && len(u) == 0 {
		return w.ended()
	}
	if i < 0 && w.err != nil {
		return w.err // half a record is not a record
	}
	if i < 0 && r.stillWritten() {
		return r.leave(rec)
	}
	if i > r.spec.MaxRecord || (i < 0 && len(u) > r.spec.MaxRecord) {
		rec.Raw = nil
		rec.Size = w.skipPast(end)
		if w.err != nil {
			return w.err
		}
		if r.mix != nil { // values are numbered
			w.line = rec.Pos.Line + 1
		}
		rec.Err = r.tooLong(rec.Pos.Line, rec.Size)
		return nil
	}
	n := i + 1
	if i < 0 {
		i, n = len(u), len(u)
	}
	rec.Raw = u[:i:i]
	if r.crlf {
		rec.Raw = trimCR(rec.Raw)
	}
	rec.Size = int64(n)
	lines := int64(1)
	if end != '\n' || n == i { // a line end may be missing, or mean nothing
		lines = r.lineEnds(u[:n], 1)
	}
	w.take(n, lines)
	return nil
}

func (r *Reader) tooLong(line, size int64) *InputError {
	return &InputError{File: r.name(), Line: line, Reason: fmt.Sprintf("the record has %d bytes, the limit is %d; raise it with --max-record", size, r.spec.MaxRecord)}
}

// ended is why there are no more records.
func (w *window) ended() error {
	if w.err != nil {
		return w.err
	}
	return io.EOF
}

// nextObject reads one line of JSON Lines; blank lines are not records.
func (r *Reader) nextObject(rec *Record) error {
	for {
		if err := r.nextUntil(rec, '\n'); err != nil || rec.Err != nil {
			return err
		}
		raw := bytes.TrimSpace(rec.Raw)
		if len(raw) == 0 {
			continue
		}
		rec.Raw = raw
		if r.spec.Enveloped {
			var err error
			if rec.Envelope, rec.Raw, err = openEnvelope(raw); err != nil {
				rec.Err = &InputError{File: r.name(), Line: rec.Pos.Line, Reason: err.Error()}
				return nil //nolint:nilerr // a bad record is no error of the reader
			}
		}
		rec.Err = r.checkObject(rec)
		return nil
	}
}

func (r *Reader) checkObject(rec *Record) *InputError {
	bad := func(col int, format string, args ...any) *InputError {
		return &InputError{File: r.name(), Line: rec.Pos.Line, Column: col, Reason: fmt.Sprintf(format, args...)}
	}
	if at := jobs.TooDeep(rec.Raw, r.spec.Depth()); at >= 0 { // before who goes down with it
		return bad(at+1, "nested deeper than %d levels; raise that with --max-depth", r.spec.Depth())
	}
	if !gjson.ValidBytes(rec.Raw) {
		var any json.RawMessage
		var syntax *json.SyntaxError
		if err := json.Unmarshal(rec.Raw, &any); errors.As(err, &syntax) {
			return bad(int(max(syntax.Offset, 1)), "not valid JSON: %s", syntax)
		}
		return bad(1, "not valid JSON")
	}
	if rec.Raw[0] != '{' {
		return bad(1, "a JSON object was expected, such as {\"name\": \"value\"}")
	}
	if !r.spec.FixedColumns || r.shape == nil {
		return nil
	}
	stray, found := "", false
	gjson.ParseBytes(rec.Raw).ForEach(func(k, _ gjson.Result) bool {
		if !r.known[k.Str] {
			stray, found = k.Str, true
			return false
		}
		return true
	})
	if found {
		return bad(0, "the member %q is not among the columns of the first record, and a table has no place for it; write to a .jsonl file instead", stray)
	}
	return nil
}

// peekObject returns the member names of the file's first object and leaves
// the reader before it. A file without any has no columns.
func (r *Reader) peekObject() ([]string, error) {
	mark := *r.win
	var rec Record
	err := r.nextObject(&rec)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read dataset %s: %w", r.name(), err)
	}
	columns := []string{}
	if err == nil && rec.Err == nil {
		gjson.ParseBytes(rec.Raw).ForEach(func(k, _ gjson.Result) bool {
			columns = append(columns, k.String())
			return true
		})
	}
	return columns, r.rewind(&mark)
}
