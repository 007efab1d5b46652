package sink

import (
	"brood/jobs"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Text in frames: plain text of which one can tell what is of which record, so that the texts of several machines
// can be put in order. Each record, also one that has no text, is
//
//	seq     8 bytes, the highest first
//	length  4 bytes, the highest first
//	text    so many bytes
const frameHead = 8 + 4

// MostText bounds the text of a frame: no result is as large.
const MostText = 1 << 30

// ErrFrame is wrapped by errors about what is no text in frames.
var ErrFrame = errors.New("these are no results in frames")

// Frame writes plain text in frames. It is called before any row is made.
func (e *Encoder) Frame() { e.framed = true }

// AppendFrame appends the text of a record.
func AppendFrame(dst []byte, seq jobs.Seq, text []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(seq))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(text)))
	return append(dst, text...)
}

// ReadFrame reads the next frame; text is put into buf if that is large enough. It returns io.EOF where the
// last one has ended.
func ReadFrame(r *bufio.Reader, buf []byte) (seq jobs.Seq, text []byte, err error) {
	var head [frameHead]byte
	switch n, err := io.ReadFull(r, head[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return 0, nil, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 0, nil, fmt.Errorf("%w: the last one is cut off", ErrFrame)
	case err != nil:
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[8:])
	if size > MostText {
		return 0, nil, fmt.Errorf("%w: one would have %d bytes", ErrFrame, size)
	}
	// What is said is not believed before it is there.
	text = buf[:0]
	for left := int(size); left > 0; {
		n := min(left, 64<<10)
		at := len(text)
		text = append(text, make([]byte, n)...)
		if _, err := io.ReadFull(r, text[at:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, nil, fmt.Errorf("%w: the last one is cut off", ErrFrame)
		} else if err != nil {
			return 0, nil, err
		}
		left -= n
	}
	return jobs.Seq(binary.BigEndian.Uint64(head[:8])), text, nil
}
