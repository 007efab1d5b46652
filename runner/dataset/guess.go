package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Some jobs are given files as spreadsheet programs save them: in Windows-1252 where they are of the west of
// Europe, and with semicolons where a comma is part of a number. For these (Spec.Guesses) both are guessed when the run begins, told, and
// kept with the run. What cannot be told is refused with what to say.

// guess looks at a table that is not known to be in any encoding, and reports whether it is to be looked
// at again.
func (r *Reader) guess(i int, head []byte, whole bool) (again bool, err error) {
	s := &r.spec
	coat := &s.Coats[i]
	if f := s.formatOf(i); !s.Guesses || s.Charset != "" || coat.Charset != "" || coat.Pack == PackSheet || f != FormatCSV && f != FormatTSV {
		return false, nil
	}
	var w writing
	if s.Paths[i] == Stdin { // which cannot be read twice
		w.add(head)
		w.cut(whole)
	} else if err := r.lookAt(i, &w); err != nil {
		return false, err
	}
	name, is := w.judge()
	if is != "" {
		return false, unfit(s.Paths[i], is, "Say what it is in: --encoding windows-1250, say, or iso-8859-2, or whichever it is.")
	}
	coat.Charset = name
	return name != "", nil
}

// lookAt reads a file to its end.
func (r *Reader) lookAt(i int, w *writing) error {
	src, err := openStream(&r.spec, i, r.spool, 0, r.marks[i], r.growth(i))
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := src.Read(buf)
		w.add(buf[:n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read dataset %s: %w", displayName(r.spec.Paths[i]), err)
		}
	}
}

// writing is what the bytes of a text that are not ASCII tell of its encoding.
type writing struct {
	utf8    int // characters of several bytes in UTF-8
	other   int // bytes that are none
	nothing int // bytes, or characters with bytes, that Windows-1252 has no character for
	amid    int // of these, between two letters of ASCII
	odd     int // of these, that are no letters in Windows-1252
	rest    []byte
	before  byte
}

// add takes in more of the text.
func (w *writing) add(b []byte) {
	if len(w.rest) > 0 {
		b = append(w.rest, b...)
		w.rest = nil
	}
	for at := 0; at < len(b); {
		c := b[at]
		if c < utf8.RuneSelf {
			w.before = c
			at++
			continue
		}
		if !utf8.FullRune(b[at:]) || at+1 == len(b) {
			w.rest = append(w.rest, b[at:]...) // it may go on
			return
		}
		if r, n := utf8.DecodeRune(b[at:]); r != utf8.RuneError || n > 1 {
			w.utf8++
			w.before = c
			if !inWindows1252(b[at : at+n]...) {
				w.nothing++
			}
			at += n
			continue
		}
		w.byte(c, b[at+1])
		w.before = c
		at++
	}
}

// cut forgets what may go on behind a part of the text.
func (w *writing) cut(whole bool) {
	if !whole {
		w.rest = nil
	}
}

// byte takes in one that is no UTF-8.
func (w *writing) byte(c, behind byte) {
	w.other++
	r := charmap.Windows1252.DecodeByte(c)
	switch {
	case !inWindows1252(c):
		w.nothing++
	case isLetter(w.before) && isLetter(behind):
		if w.amid++; !unicode.IsLetter(r) && r != '’' && r != '´' && r != '·' {
			w.odd++
		}
	}
}

// inWindows1252 reports whether bytes stand for characters there: five are not in use.
func inWindows1252(bytes ...byte) bool {
	for _, c := range bytes {
		if r := charmap.Windows1252.DecodeByte(c); r == utf8.RuneError || c >= 0x80 && r < 0xa0 {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// judge says what the text is in, empty for UTF-8; or that it is neither that nor Windows-1252.
func (w *writing) judge() (charset, is string) {
	for _, c := range w.rest { // what was cut off is no character
		w.byte(c, ' ')
	}
	w.rest = nil
	const few = 50 // one of so many may be a slip
	switch {
	case w.other == 0, w.utf8 > w.other: // a few rows of it are broken, and bad input
		return "", ""
	case w.nothing > 0, w.odd > w.amid/few:
		return "", "it is neither UTF-8 nor, as it seems, Windows-1252"
	}
	return "windows-1252", ""
}

// guessDelimiter tells what separates the fields of a table by its first lines: the one that each of them has as
// often, outside of quotes; own where that is so, or nothing is certain.
func guessDelimiter(head []byte, own byte) byte {
	const most = 20 // lines
	candidates := []byte{own, ';', '\t', '|', ','}
	first := make(map[byte]int, len(candidates))
	steady := make(map[byte]bool, len(candidates))
	n := 0
	for line := range unquotedLines(bytes.TrimPrefix(head, bomUTF8)) {
		for _, c := range candidates {
			count := bytes.Count(line, []byte{c})
			if n == 0 {
				first[c], steady[c] = count, count > 0
			}
			steady[c] = steady[c] && count == first[c]
		}
		if n++; n == most {
			break
		}
	}
	for _, c := range candidates {
		if steady[c] {
			return c
		}
	}
	return own
}

// unquotedLines are the whole lines of a table without what stands in quotes; one that is all there is counts
// as whole.
func unquotedLines(head []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		var line []byte
		quoted, some := false, false
		for _, c := range head {
			switch {
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '\n':
				if len(bytes.TrimSpace(line)) > 0 {
					if some = true; !yield(line) {
						return
					}
				}
				line = line[:0]
			default:
				line = append(line, c)
			}
		}
		if !some && !quoted {
			yield(line)
		}
	}
}
