// Package wire is the protocol between brood and its workers. This comment is
// its specification.
//
// # Channels
//
// The parent starts a worker with six private descriptors:
//
//	3  work     pipe, parent → worker: Hello, then Batch frames, then EOF
//	4  answers  pipe, worker → parent: Ready or Refuse, then Answers frames
//	5  page     a file of PageBytes bytes, mapped by the worker: see Page
//	6  notes 0  a file of notes: see Notes
//	7  notes 1  the other one
//	8  lock     an open file description holding the run's workers.lock; the
//	            worker only keeps it open, so that the lock lasts as long as
//	            any worker does
//
// Nothing of the protocol travels on the standard streams, so nothing a job
// prints can break it.
//
// # Frames
//
// A frame is a 4-byte little-endian payload length, a 1-byte type, and the
// payload. A length over MaxFrame is an error. Integers inside payloads are
// unsigned varints as in encoding/binary; a byte string is its length followed
// by its bytes.
//
//	type      direction          payload
//	1 Hello   parent → worker    JSON, see Hello
//	2 Ready   worker → parent    JSON, see Ready
//	3 Refuse  worker → parent    JSON, see Refuse; the worker then exits
//	4 Batch   parent → worker    base, count, then count records
//	5 Answers worker → parent    first seq, count, busy ns, then count answers
//
// A record in a Batch:
//
//	gap      seq minus the previous record's seq minus 1; for the first
//	         record, seq minus base
//	attempt  1 for the first try
//	body     Lines and Objects: the raw bytes as one byte string.
//	         Fields: one byte string per column, then, if Hello.SendRaw, the
//	         raw bytes as one more. If a record is several rows, see
//	         jobs.Shape.Rows, their number comes first, and the columns of
//	         each row follow those of the one before.
//
// Every record is answered exactly once, in as many Answers frames as the worker likes,
// and in the order of the batches; if Hello.Places is more than one in any order, and then
// each answer has the seq of its record before it. An answer:
//
//	head     1 byte: the verdict in bits 0-2, then flags:
//	         8 text, 16 values, 32 class and error, 64 retry-after, 128 stopped
//	ms       how long it took, in milliseconds
//	text     byte string             if flagged
//	values   count, at most 65,536, then byte strings  if flagged
//	class    byte string             if flagged
//	error    byte string             if flagged
//	after    milliseconds, at most jobs.MaxRetryAfter, and who waits: a
//	         jobs.Delays, if flagged
//
// # Versions
//
// Hello carries Version. Parent and worker are the same executable, started
// through /proc/self/exe, so the versions differ only when something is badly
// wrong; the worker then refuses. Any change to this comment that changes
// bytes increments Version.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Version of the protocol.
const Version = 8

// The descriptors a worker is started with.
const (
	WorkFD = 3 + iota
	AnswersFD
	PageFD
	Notes0FD
	Notes1FD
	LockFD
)

// MaxFrame is the largest payload, in bytes. Records are at most a quarter of
// it, which leaves room for a record's fields beside its raw bytes.
const MaxFrame = 256 << 20

// MaxRecordLimit is the largest --max-record that fits the protocol.
const MaxRecordLimit = MaxFrame / 4

const headerSize = 5

// Type of a frame.
type Type byte

// The frame types.
const (
	TypeHello Type = 1 + iota
	TypeReady
	TypeRefuse
	TypeBatch
	TypeAnswers
)

// ErrFrame is wrapped by every error about bytes that break the protocol. The
// end of the stream between two frames is io.EOF, inside one it is
// io.ErrUnexpectedEOF.
var ErrFrame = errors.New("broken frame")

// Begin appends the header of a frame to dst, with its length left open; End
// closes it. Between the two, the payload is appended.
func Begin(dst []byte, t Type) []byte {
	return append(dst, 0, 0, 0, 0, byte(t))
}

// End fills in the length of the frame that starts at start.
func End(b []byte, start int) error {
	n := len(b) - start - headerSize
	if n > MaxFrame {
		return fmt.Errorf("%w: payload of %d bytes, the limit is %d", ErrFrame, n, MaxFrame)
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(n))
	return nil
}

// Reader reads frames. Its buffer is reused: a payload is valid until the next
// call.
type Reader struct {
	r    io.Reader
	buf  []byte
	a, z int // buf[a:z] is read and not yet returned
}

// NewReader returns a reader of frames from r.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, buf: make([]byte, 64<<10)}
}

// Next returns the next frame.
func (r *Reader) Next() (Type, []byte, error) {
	if err := r.fill(headerSize); err != nil {
		return 0, nil, err
	}
	n := int(binary.LittleEndian.Uint32(r.buf[r.a:]))
	t := Type(r.buf[r.a+4])
	if n > MaxFrame {
		return 0, nil, fmt.Errorf("%w: a length of %d bytes, the limit is %d", ErrFrame, n, MaxFrame)
	}
	if t < TypeHello || t > TypeAnswers {
		return 0, nil, fmt.Errorf("%w: type %d", ErrFrame, t)
	}
	if err := r.fill(headerSize + n); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	p := r.buf[r.a+headerSize : r.a+headerSize+n]
	r.a += headerSize + n
	return t, p, nil
}

// fill makes at least n bytes available at r.a. The buffer grows only as bytes
// arrive, so that a false length costs no memory.
func (r *Reader) fill(n int) error {
	if r.z-r.a >= n {
		return nil
	}
	if r.a > 0 {
		copy(r.buf, r.buf[r.a:r.z])
		r.z -= r.a
		r.a = 0
	}
	for r.z < n {
		if r.z == len(r.buf) {
			grown := make([]byte, min(2*len(r.buf), headerSize+MaxFrame))
			copy(grown, r.buf[:r.z])
			r.buf = grown
		}
		m, err := r.r.Read(r.buf[r.z:])
		r.z += m
		if r.z >= n {
			return nil
		}
		if err == nil {
			continue
		}
		if err == io.EOF && r.z > 0 {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

// cursor takes integers and byte strings off a payload. The first mistake
// sticks in bad, so that a decoder may check once, at the end.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) uvarint() uint64 {
	if len(c.b) > 0 && c.b[0] < 0x80 {
		v := uint64(c.b[0])
		c.b = c.b[1:]
		return v
	}
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

// maxTry is the highest try of a record that is believed.
const maxTry = math.MaxInt32

// try takes the number of a try: from 1.
func (c *cursor) try() int {
	v := c.uvarint()
	if v-1 >= maxTry {
		c.bad = true
		return 0
	}
	return int(v)
}

// nanos takes a time in nanoseconds.
func (c *cursor) nanos() time.Duration {
	return time.Duration(min(c.uvarint(), math.MaxInt64))
}

func (c *cursor) bytes() []byte {
	n := c.uvarint()
	if n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	s := c.b[:n:n]
	c.b = c.b[n:]
	return s
}

func appendBytes(dst, s []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}
