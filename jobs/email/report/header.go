package report

import (
	"bytes"
	"io"
	"mime"
	netmail "net/mail"
	"strings"
	"time"
)

// field is a field of a header, with its name in small letters and its lines in one.
type field struct{ name, value string }

type header []field

// readHeader takes a header off a message, or off a part of one. Lines that are none of a header are passed over:
// there are mail systems that forget to fold.
func readHeader(b []byte) (h header, body []byte) {
	size := 0
	var value []byte // of the last field
	defer func() { h.end(value) }()
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		line = bytes.TrimRight(line, "\r")
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if size += len(line); size > maxHeader {
			continue
		}
		name, first, ok := bytes.Cut(line, []byte(":"))
		switch {
		case (line[0] == ' ' || line[0] == '\t') && len(h) > 0:
			value = append(append(value, ' '), bytes.TrimSpace(line)...)
		case ok && isToken(bytes.TrimRight(name, " \t")):
			h.end(value)
			h = append(h, field{name: strings.ToLower(string(bytes.TrimSpace(name)))})
			value = append(value[:0], bytes.TrimSpace(first)...)
		case len(h) > 0 && !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")):
			value = append(append(value, ' '), bytes.TrimSpace(line)...)
		}
	}
	return h, b
}

// end gives the last field its value.
func (h header) end(value []byte) {
	if len(h) > 0 {
		h[len(h)-1].value = string(value)
	}
}

// isToken reports whether this may be the name of a field: RFC 5322, section 2.2.
func isToken(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// get is the first field of a name.
func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (h header) has(name string) bool {
	for _, f := range h {
		if f.name == name {
			return true
		}
	}
	return false
}

// text is a field with its encoded words read.
func (h header) text(name string) string {
	d := mime.WordDecoder{CharsetReader: func(label string, in io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(in)
		return strings.NewReader(decoded(b, label)), err
	}}
	s := h.get(name)
	if t, err := d.DecodeHeader(s); err == nil {
		return t
	}
	return s
}

// addresses are those in the fields of these names, in their order.
func (h header) addresses(names ...string) []string {
	var out []string
	for _, name := range names {
		for _, f := range h {
			if f.name != name {
				continue
			}
			for _, m := range mentions(f.value, 20) {
				out = append(out, m.address)
			}
		}
	}
	return unique(out)
}

func (h header) date() time.Time {
	if t, err := netmail.ParseDate(h.get("date")); err == nil {
		return t
	}
	return time.Time{}
}
