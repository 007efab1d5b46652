package dataset

import (
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Reader turns UTF-16 into UTF-8. What is no character, half a pair of surrogates or
// half a unit at the end, becomes bytes that are no UTF-8 either: so it is found where the
// record is looked at, and nothing is replaced silently.
type utf16Reader struct {
	in      io.Reader
	big     bool
	started bool // the mark at the beginning has been passed
	raw     [32 << 10]byte
	have    int // bytes of raw that wait
	out     []byte
	err     error
}

func newUTF16Reader(in io.Reader, charset string) *utf16Reader {
	return &utf16Reader{in: in, big: charset == UTF16BE}
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		n, err := u.in.Read(u.raw[u.have:])
		u.have += n
		u.err = err
		u.convert(errors.Is(err, io.EOF))
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// convert turns what waits into UTF-8, but for what needs more to be understood.
func (u *utf16Reader) convert(end bool) {
	u.out = u.out[:0]
	at := 0
	for ; at+2 <= u.have; at += 2 {
		r := u.unit(at)
		switch {
		case !u.started && r == '\ufeff':
		case !utf16.IsSurrogate(r):
			u.out = utf8.AppendRune(u.out, r)
		case at+4 <= u.have && utf16.DecodeRune(r, u.unit(at+2)) != utf8.RuneError:
			u.out = utf8.AppendRune(u.out, utf16.DecodeRune(r, u.unit(at+2)))
			at += 2
		case at+4 > u.have && !end:
			u.keep(at)
			return
		default: // as if it were a character, which UTF-8 does not allow
			u.out = append(u.out, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0xbf, 0x80|byte(r)&0xbf)
		}
		u.started = true
	}
	if at < u.have && end {
		u.out = append(u.out, 0xff)
		at = u.have
	}
	u.keep(at)
}

func (u *utf16Reader) unit(at int) rune {
	if u.big {
		return rune(u.raw[at])<<8 | rune(u.raw[at+1])
	}
	return rune(u.raw[at+1])<<8 | rune(u.raw[at])
}

// keep moves what is not understood yet to the front.
func (u *utf16Reader) keep(from int) {
	u.have = copy(u.raw[:], u.raw[from:u.have])
}

// crReader makes a line feed of every carriage return.
type crReader struct{ in io.Reader }

func (c crReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}
