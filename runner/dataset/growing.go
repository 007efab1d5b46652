package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// stillWritten reports whether what has no line end is the last record of a file that grows,
// half of which may be missing.
func (r *Reader) stillWritten() bool {
	return r.spec.WholeLines && r.win.eof && r.src != nil && r.src.mark != nil && r.src.mark.grows
}

// leave ends the dataset before what is still being written.
func (r *Reader) leave(rec *Record) error {
	pos := rec.Pos
	r.left = &pos
	r.win.take(len(r.win.unread()), 0)
	return io.EOF
}

// Left is where something stands at the end of the last file that has no line end, and was
// left for another time; nil: nothing does.
func (r *Reader) Left() *Position { return r.left }

// Taken is the last file as far as it has been read, for who wants to read on from there
// when it has grown; nil if it may not grow. All of it has been read.
func (r *Reader) Taken() (*Fingerprint, error) {
	if len(r.marks) == 0 || !r.spec.MayGrow() {
		return nil, nil
	}
	m := r.marks[len(r.marks)-1]
	if m == nil || !m.grows {
		return nil, nil
	}
	fp := &Fingerprint{Path: m.path, Size: m.was.Size(), ModTime: m.was.ModTime(), Hash: m.hash}
	if r.left != nil && r.plain() {
		f, err := os.Open(m.path)
		if err != nil {
			return nil, openError(m.path, err)
		}
		fp.Size = r.left.Offset
		fp.Hash, err = hashPrefix(f, fp.Size)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read dataset %s: %w", m.path, err)
		}
	}
	fp.Whole = fp.Size <= wholeBelow
	return fp, nil
}

// plain reports whether offsets are those of the file that is open, as it is stored.
func (r *Reader) plain() bool {
	return r.src != nil && !r.src.packed && r.spec.coat(r.file).Charset == ""
}
