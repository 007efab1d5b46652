package dataset

import (
	"bytes"
	"errors"
	"io"
)

const (
	windowStart = 256 << 10
	windowSlack = 64 << 10 // room beyond the largest record, for the read that finds its end
)

// window is the part of a file that is in memory: buf[a:z] is read and not yet
// taken. It grows only when one record does not fit.
type window struct {
	r      io.Reader
	buf    []byte
	a, z   int
	offset int64 // of buf[a]
	line   int64 // of buf[a], 1-based
	max    int   // the most that buf may grow to
	eof    bool
	err    error // why reading stopped, other than the end
}

func newWindow(r io.Reader, at Position, maxRecord int) *window {
	return &window{
		r: r, buf: make([]byte, windowStart), offset: at.Offset, line: at.Line,
		max: max(maxRecord+windowSlack, windowStart),
	}
}

// unread is what is in memory and not yet taken.
func (w *window) unread() []byte { return w.buf[w.a:w.z] }

// more reads more bytes and reports whether there were any. It moves what is
// unread to the front of the buffer.
func (w *window) more() bool {
	if w.eof || w.err != nil {
		return false
	}
	if w.a > 0 {
		copy(w.buf, w.buf[w.a:w.z])
		w.z -= w.a
		w.a = 0
	}
	if w.z == len(w.buf) {
		if len(w.buf) >= w.max {
			return false
		}
		grown := make([]byte, min(2*len(w.buf), w.max))
		copy(grown, w.buf[:w.z])
		w.buf = grown
	}
	for {
		n, err := w.r.Read(w.buf[w.z:])
		w.z += n
		if errors.Is(err, io.EOF) {
			w.eof = true
		} else if err != nil {
			w.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
}

// find returns the index of b in the unread bytes, at or after from, reading
// on as needed, or -1 if the file or the window ends first.
func (w *window) find(b byte, from int) int {
	for {
		if i := bytes.IndexByte(w.buf[w.a+from:w.z], b); i >= 0 {
			return from + i
		}
		from = w.z - w.a
		if !w.more() {
			return -1
		}
	}
}

// take moves on by n bytes that hold the given number of line ends.
func (w *window) take(n int, lines int64) {
	w.a += n
	w.offset += int64(n)
	w.line += lines
}

// skipPast drops everything up to and including the next b and returns how
// many bytes that was. It holds no more than the buffer.
func (w *window) skipPast(b byte) int64 {
	var dropped int64
	for {
		u := w.unread()
		if i := bytes.IndexByte(u, b); i >= 0 {
			w.take(i+1, countLines(u[:i+1]))
			return dropped + int64(i+1)
		}
		w.take(len(u), countLines(u))
		dropped += int64(len(u))
		if !w.more() {
			return dropped
		}
	}
}

func countLines(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }
