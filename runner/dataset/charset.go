package dataset

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// utf8Name is what UTF-8 is called where somebody says that a file is in it.
const utf8Name = "utf-8"

// charsets are the encodings that a file may be said to be in, by the names that WHATWG's Encoding Standard
// has for them, and those of old DOS.
var charsets = [...]struct {
	name string
	of   *charmap.Charmap // nil: UTF-8 or UTF-16
}{
	{utf8Name, nil},
	{UTF16LE, nil},
	{UTF16BE, nil},
	{"windows-1252", charmap.Windows1252},
	{"windows-1250", charmap.Windows1250},
	{"windows-1251", charmap.Windows1251},
	{"windows-1253", charmap.Windows1253},
	{"windows-1254", charmap.Windows1254},
	{"windows-1255", charmap.Windows1255},
	{"windows-1256", charmap.Windows1256},
	{"windows-1257", charmap.Windows1257},
	{"windows-1258", charmap.Windows1258},
	{"iso-8859-2", charmap.ISO8859_2},
	{"iso-8859-5", charmap.ISO8859_5},
	{"iso-8859-7", charmap.ISO8859_7},
	{"iso-8859-15", charmap.ISO8859_15},
	{"koi8-r", charmap.KOI8R},
	{"macintosh", charmap.Macintosh},
	{"ibm437", charmap.CodePage437},
	{"ibm850", charmap.CodePage850},
	{"ibm852", charmap.CodePage852},
	{"ibm866", charmap.CodePage866},
}

// canonical is the name of an encoding among those, if it is one of them by another name. ISO 8859-1 is read as
// Windows-1252, as browsers do: what is different are characters that no text has.
func canonical(name string) string {
	switch name {
	case "utf8", "utf16le", "utf16be":
		return "utf-" + name[3:]
	case "latin1", "iso-8859-1", "iso8859-1", "us-ascii", "ascii", "ansi":
		return "windows-1252"
	case "latin2", "latin9":
		return map[string]string{"latin2": "iso-8859-2", "latin9": "iso-8859-15"}[name]
	case "macroman":
		return "macintosh"
	}
	if page, ok := strings.CutPrefix(name, "cp"); ok {
		if len(page) == len("1252") {
			return "windows-" + page
		}
		return "ibm" + page
	}
	return name
}

// ParseCharset reads the name of an encoding.
func ParseCharset(s string) (string, error) {
	name := canonical(strings.ToLower(strings.TrimSpace(s)))
	var names []string
	for _, c := range charsets {
		if c.name == name {
			return name, nil
		}
		names = append(names, c.name)
	}
	return "", fmt.Errorf("%q is not one of %s; others are converted as in: iconv -f NAME -t UTF-8 FILE | brood run … -", s, strings.Join(names, ", "))
}

// CharmapOf is the table of an encoding with a byte for each character; nil: it is none.
func CharmapOf(name string) *charmap.Charmap {
	for _, c := range charsets {
		if c.name == name {
			return c.of
		}
	}
	return nil
}

// byteReader turns text of an encoding with a byte for each character into UTF-8. A byte that stands for nothing stays as it
// is, which is no UTF-8: so it is found where the record is looked at.
type byteReader struct {
	in  io.Reader
	of  *charmap.Charmap
	raw [16 << 10]byte
	out []byte
	buf []byte
	err error
}

func newByteReader(in io.Reader, of *charmap.Charmap) *byteReader { return &byteReader{in: in, of: of} }

func (b *byteReader) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		var n int
		n, b.err = b.in.Read(b.raw[:])
		b.buf = b.buf[:0]
		for _, c := range b.raw[:n] {
			if c < utf8.RuneSelf {
				b.buf = append(b.buf, c)
			} else if r := b.of.DecodeByte(c); r == utf8.RuneError {
				b.buf = append(b.buf, c)
			} else {
				b.buf = utf8.AppendRune(b.buf, r)
			}
		}
		b.out = b.buf
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}
