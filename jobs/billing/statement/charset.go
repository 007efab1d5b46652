package statement

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// windows are the characters of windows-1252 from 0x80 to 0x9f; the replacement character stands where there is none.
const windows = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ"

// charset makes UTF-8 of the encodings that banks use.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1", "iso8859-1":
		return &single{r: bufio.NewReader(r)}, nil
	case "iso-8859-15", "latin9":
		return &single{r: bufio.NewReader(r), map15: true}, nil
	case "windows-1252", "cp1252":
		return &single{r: bufio.NewReader(r), map1252: []rune(windows)}, nil
	default:
		return nil, fmt.Errorf("the encoding %.40q is not known here; convert the file to UTF-8", label)
	}
}

// single reads an encoding of one byte a character.
type single struct {
	r       *bufio.Reader
	map1252 []rune
	map15   bool
	rest    []byte
}

func (s *single) Read(b []byte) (int, error) {
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	for n < len(b) {
		c, err := s.r.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		var buf [utf8.UTFMax]byte
		text := buf[:utf8.EncodeRune(buf[:], s.rune(c))]
		m := copy(b[n:], text)
		n += m
		if m < len(text) {
			s.rest = append(s.rest[:0], text[m:]...)
			break
		}
		if s.r.Buffered() == 0 {
			break
		}
	}
	return n, nil
}

func (s *single) rune(c byte) rune {
	if s.map1252 != nil && c >= 0x80 && c <= 0x9f {
		return s.map1252[c-0x80]
	}
	if s.map15 {
		switch c {
		case 0xa4:
			return '€'
		case 0xa6:
			return 'Š'
		case 0xa8:
			return 'š'
		case 0xb4:
			return 'Ž'
		case 0xb8:
			return 'ž'
		case 0xbc:
			return 'Œ'
		case 0xbd:
			return 'œ'
		case 0xbe:
			return 'Ÿ'
		}
	}
	return rune(c)
}
