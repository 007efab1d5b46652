package gearman

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// kind is the type of a packet, by its number in the protocol.
type kind uint32

// The kinds that are used here.
const (
	canDo           kind = 1
	preSleep        kind = 4
	noop            kind = 6
	jobCreated      kind = 8
	noJob           kind = 10
	workComplete    kind = 13
	workFail        kind = 14
	getStatus       kind = 15
	echoReq         kind = 16
	echoRes         kind = 17
	submitBG        kind = 18
	errorRes        kind = 19
	statusRes       kind = 20
	setClientID     kind = 22
	workWarning     kind = 29
	grabJobUniq     kind = 30
	jobAssignUniq   kind = 31
	submitHighBG    kind = 32
	submitLowBG     kind = 34
	getStatusUnique kind = 41
	statusResUnique kind = 42
)

// maxPacket is how long a packet may be: the longest job.
const maxPacket = 64 << 20

// head is the length of what stands before a packet's data: a magic word, the kind, and the data's length.
const head = 12

var (
	magicRequest  = []byte("\x00REQ")
	magicResponse = []byte("\x00RES")
)

// packet is what the server sends.
type packet struct {
	kind kind
	data []byte
}

// saidError is an error that the server has said, or a packet that it must not send.
type saidError struct{ text string }

func (e *saidError) Error() string { return e.text }

// appendPacket appends a request; its arguments are parted by NULs, so that only the last may have one.
func appendPacket(dst []byte, k kind, args ...string) []byte {
	size := max(len(args)-1, 0)
	for _, a := range args {
		size += len(a)
	}
	dst = append(dst, magicRequest...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(k))
	dst = binary.BigEndian.AppendUint32(dst, uint32(size)) //nolint:gosec // at most maxPacket, as Put and Answer see to
	for i, a := range args {
		if i > 0 {
			dst = append(dst, 0)
		}
		dst = append(dst, a...)
	}
	return dst
}

// readPacket reads the server's next packet. What it says of its length is no reason to ask for as much memory: that grows
// with what comes.
func readPacket(r *bufio.Reader) (packet, error) {
	var h [head]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return packet{}, err
	}
	if !bytes.Equal(h[:4], magicResponse) {
		return packet{}, fmt.Errorf("%q is no packet of Gearman's", h[:])
	}
	p, size := packet{kind: kind(binary.BigEndian.Uint32(h[4:]))}, binary.BigEndian.Uint32(h[8:])
	if size > maxPacket {
		return packet{}, &saidError{fmt.Sprintf("it sends a packet of %d bytes; the longest job may have %d", size, maxPacket)}
	}
	if size <= 64<<10 {
		p.data = make([]byte, size)
		if _, err := io.ReadFull(r, p.data); err != nil {
			return packet{}, noEOF(err)
		}
		return p, nil
	}
	var body bytes.Buffer
	if n, err := io.CopyN(&body, r, int64(size)); n < int64(size) {
		return packet{}, noEOF(err)
	}
	p.data = body.Bytes()
	return p, nil
}

// noEOF: an end within a packet is not one between two.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// args parts the data into n arguments, of which the last has the rest.
func (p packet) args(n int) ([]string, error) {
	parts := bytes.SplitN(p.data, []byte{0}, n)
	if len(parts) < n {
		return nil, &saidError{fmt.Sprintf("its packet of kind %d has %d arguments, and should have %d", p.kind, len(parts), n)}
	}
	out := make([]string, n)
	for i, part := range parts {
		out[i] = string(part)
	}
	return out, nil
}

// expect wants a packet of a kind.
func (p packet) expect(k kind) error {
	if p.kind == k {
		return nil
	}
	return p.odd()
}

// odd is what an unexpected packet means: an error, mostly.
func (p packet) odd() error {
	if p.kind != errorRes {
		return &saidError{fmt.Sprintf("its answer is a packet of kind %d, which is not expected here", p.kind)}
	}
	code, text, _ := bytes.Cut(p.data, []byte{0})
	return &saidError{fmt.Sprintf("%s: %s", printable(code), printable(text))}
}

// notFound reports whether the server says that it has no such job.
func (p packet) notFound() bool {
	return p.kind == errorRes && bytes.Contains(bytes.ToUpper(p.data), []byte("NOT_FOUND"))
}

// printable is what a message may have of what the server says.
func printable(b []byte) string {
	if len(b) > 200 {
		b = b[:200]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, string(b))
}
