package dataset

import (
	"bytes"
	"fmt"
)

// Parse reads rec from raw, as if that stood in the dataset where rec.Pos is, and makes it
// an error of the record if it is not one record. Its bytes are valid until the next call
// of Parse or Next.
func (r *Reader) Parse(raw []byte, rec *Record) {
	pos, size, beside := rec.Pos, rec.Size, rec.Envelope
	defer func(w *window, file int, enveloped bool) {
		r.win, r.file, r.spec.Enveloped = w, file, enveloped
		rec.Pos, rec.Size, rec.Envelope = pos, size, beside
	}(r.win, r.file, r.spec.Enveloped)
	r.spec.Enveloped = false // what stands beside it is not part of it
	content := append(bytes.Clone(raw), r.terminator())
	r.file = pos.File
	r.win = &window{r: bytes.NewReader(nil), buf: content, z: len(content), offset: pos.Offset, line: pos.Line, max: len(content), eof: true}
	rec.Values, rec.Err = rec.Values[:0], nil
	err := r.next(rec)
	if err == nil {
		r.checkText(rec)
	}
	if left := len(r.win.unread()); rec.Err == nil && (err != nil || left > 0) {
		rec.Err = &InputError{File: r.name(), Line: pos.Line, Reason: fmt.Sprintf("it is not one record: %q", raw[:min(len(raw), 100)])}
	}
}

// terminator is what a record ends with.
func (r *Reader) terminator() byte {
	if r.spec.joint() == "\x00" {
		return 0
	}
	return '\n'
}
