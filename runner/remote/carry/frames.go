package carry

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// mostFrame is how long a frame may be.
const mostFrame = 1 << 20

// The kinds of frames.
const (
	frameHeader byte = 'h'
	frameData   byte = 'd'
	frameEnd    byte = 'e'
	frameAbort  byte = 'x'
)

func writeFrame(w io.Writer, kind byte, b []byte) error {
	if len(b) > mostFrame {
		return fmt.Errorf("a frame of %d bytes is too long", len(b))
	}
	frame := make([]byte, 5, 5+len(b))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(b)))
	_, err := w.Write(append(frame, b...))
	return err
}

// readFrame reads a frame. io.EOF means that there is none.
func readFrame(r io.Reader) (kind byte, b []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:1]); err != nil {
		return 0, nil, err
	}
	if _, err := io.ReadFull(r, head[1:]); err != nil {
		return 0, nil, cut(err)
	}
	n := binary.BigEndian.Uint32(head[1:])
	switch {
	case n > mostFrame:
		return 0, nil, fmt.Errorf("a frame of %d bytes is too long", n)
	case head[0] != frameHeader && head[0] != frameData && head[0] != frameEnd && head[0] != frameAbort:
		return 0, nil, fmt.Errorf("there is no frame %q", head[0])
	}
	b = make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, nil, cut(err)
	}
	return head[0], b, nil
}

// cut is the end of what is read within a frame.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func writeHeader(w io.Writer, header any) error {
	b, err := json.Marshal(header)
	if err != nil {
		return err
	}
	return writeFrame(w, frameHeader, b)
}

func readHeader(r io.Reader, header any) error {
	kind, b, err := readFrame(r)
	if err != nil {
		return err
	}
	if kind != frameHeader {
		return fmt.Errorf("a frame %q stands where a header should", kind)
	}
	return json.Unmarshal(b, header)
}

// bodyWriter writes a body; end or abort must be called.
type bodyWriter struct{ w io.Writer }

func (b bodyWriter) Write(p []byte) (n int, err error) {
	const most = 64 << 10
	for len(p) > 0 {
		part := p[:min(len(p), most)]
		if err := writeFrame(b.w, frameData, part); err != nil {
			return n, err
		}
		n, p = n+len(part), p[len(part):]
	}
	return n, nil
}

func (b bodyWriter) end() error { return writeFrame(b.w, frameEnd, nil) }

func (b bodyWriter) abort(reason string) error {
	return writeFrame(b.w, frameAbort, []byte(reason[:min(len(reason), 1000)]))
}

// abortError is why the other end has broken a body off.
type abortError struct{ reason string }

func (e abortError) Error() string { return e.reason }

// bodyReader reads a body.
type bodyReader struct {
	r    io.Reader
	rest []byte
	err  error // the end, once it is known
}

func (b *bodyReader) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		kind, data, err := readFrame(b.r)
		switch {
		case err != nil:
			b.err = cut(err)
		case kind == frameData:
			b.rest = data
		case kind == frameEnd && len(data) == 0:
			b.err = io.EOF
		case kind == frameAbort:
			b.err = abortError{string(data)}
		default:
			b.err = fmt.Errorf("a frame %q stands in a body", kind)
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// drain reads the body to its end, and says whether it had one.
func (b *bodyReader) drain() error {
	_, err := io.Copy(io.Discard, b)
	if _, aborted := err.(abortError); aborted { //nolint:errorlint // it comes from Read itself
		return nil
	}
	return err
}
