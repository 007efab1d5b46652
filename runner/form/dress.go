package form

import (
	"brood/runner/dataset"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// dresser writes a table as another one is written: its encoding, line ends and marks. What it is given is UTF-8 with
// line ends of Unix.
type dresser struct {
	w    io.Writer
	of   dataset.Dress
	page *charmap.Charmap // nil: UTF-8 or UTF-16
	buf  []byte
	// replaced is how many characters the encoding does not have.
	replaced int
}

const mark = '\ufeff'

// newDresser writes what stands before the header.
func newDresser(w io.Writer, of dataset.Dress, delim byte) (*dresser, error) {
	d := &dresser{w: w, of: of, page: dataset.CharmapOf(of.Charset)}
	if of.BOM {
		d.add(mark)
	}
	if of.Sep {
		for _, r := range "sep=" + string(delim) {
			d.add(r)
		}
		d.end()
	}
	_, err := w.Write(d.buf)
	return d, err
}

// row writes a row, which ends with its line end. Those within quotes are the dataset's own and stay as they are.
func (d *dresser) row(b []byte) error {
	d.buf = d.buf[:0]
	b = b[:len(b)-1]
	if d.of.Charset == "" {
		d.buf = append(d.buf, b...)
	} else {
		if d.page != nil && !norm.NFC.IsNormal(b) {
			b = norm.NFC.Bytes(b) // letters and their marks may be one character there
		}
		for at := 0; at < len(b); {
			r, n := utf8.DecodeRune(b[at:])
			d.add(r)
			at += n
		}
	}
	d.end()
	_, err := d.w.Write(d.buf)
	return err
}

func (d *dresser) end() {
	if d.of.CRLF {
		d.add('\r')
	}
	d.add('\n')
}

// add adds a character.
func (d *dresser) add(r rune) {
	switch {
	case d.page != nil && r < utf8.RuneSelf:
		d.buf = append(d.buf, byte(r))
	case d.page != nil:
		d.addByte(r)
	case d.of.Charset == "":
		d.buf = utf8.AppendRune(d.buf, r)
	default:
		for _, u := range utf16.AppendRune(nil, r) {
			if d.of.Charset == dataset.UTF16BE {
				d.buf = append(d.buf, byte(u>>8), byte(u))
			} else {
				d.buf = append(d.buf, byte(u), byte(u>>8))
			}
		}
	}
}

// addByte adds a character as the byte that it has in the encoding; where it has none, as what it looks like.
func (d *dresser) addByte(r rune) {
	if c, ok := d.page.EncodeRune(r); ok && r != utf8.RuneError {
		d.buf = append(d.buf, c)
		return
	}
	d.replaced++
	from := len(d.buf)
	for _, part := range lookAlike(r) {
		if c, ok := d.page.EncodeRune(part); ok {
			d.buf = append(d.buf, c)
		}
	}
	if len(d.buf) == from && !isMark(r) {
		d.buf = append(d.buf, '?')
	}
}

// lookAlike is what stands for a character where there is none such: its letter without its marks, or letters that are
// read alike. Nothing looks like the others.
func lookAlike(r rune) string {
	switch r {
	case 'ł':
		return "l"
	case 'Ł':
		return "L"
	case 'đ', 'ð':
		return "d"
	case 'Đ', 'Ð':
		return "D"
	case 'ħ':
		return "h"
	case 'Ħ':
		return "H"
	case 'ı':
		return "i"
	case 'ø':
		return "o"
	case 'Ø':
		return "O"
	case 'ŧ':
		return "t"
	case 'Ŧ':
		return "T"
	case 'ŋ':
		return "n"
	case 'Ŋ':
		return "N"
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'Æ':
		return "AE"
	case 'œ':
		return "oe"
	case 'Œ':
		return "OE"
	case 'þ':
		return "th"
	case 'Þ':
		return "Th"
	case '‐', '‑', '–', '—', '−':
		return "-"
	case '‘', '’', '‚', 'ʹ', 'ʻ', 'ʼ', '′':
		return "'"
	case '“', '”', '„', '″':
		return `"`
	case '…':
		return "..."
	case '€':
		return "EUR"
	case '\u00a0', '\u202f', '\u2009':
		return " "
	}
	var out []rune
	for _, part := range norm.NFKD.String(string(r)) {
		if part != r && !isMark(part) {
			out = append(out, part)
		}
	}
	return string(out)
}

// isMark reports whether a character is written over another.
func isMark(r rune) bool { return norm.NFC.PropertiesString(string(r)).CCC() != 0 }
