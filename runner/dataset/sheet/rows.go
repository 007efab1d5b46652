package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxColumns is how many columns a sheet has at most (XFD).
const maxColumns = 16384

// Row is a row that has something in it.
type Row struct {
	Number int // 1-based, as it stands beside the sheet
	// Values are the cells from column A to the last that has something in it. They are
	// valid until the next row is read.
	Values []string
	// Bad says what is wrong with the row, and in which cell; empty: nothing.
	Bad string
	// TooLong says that it has more than was to be kept; Values are not all there.
	TooLong bool
}

// Rows are the rows of a sheet. Those without anything in them are left out.
type Rows struct {
	book *Book
	p    *parser
	name string
	most int
	row  Row
	size int
	any  bool // something has been found
	done bool
}

func (b *Book) rows(p place, most int) (*Rows, error) {
	f := b.files[p.file]
	if f == nil {
		return nil, fmt.Errorf("sheet %q is not in it", p.name)
	}
	in, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("sheet %q: %w", p.name, err)
	}
	return &Rows{book: b, p: newParser(in), name: p.name, most: most}, nil
}

// Close ends the reading.
func (r *Rows) Close() error { return r.p.in.Close() }

// Next reads the next row. At the end it returns io.EOF.
func (r *Rows) Next() (*Row, error) {
	for !r.done {
		e, err := r.p.next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			r.done = true
			break
		}
		if err == nil && e.name == "row" && !e.end {
			err = r.readRow(e)
			if err == nil && len(r.row.Values) > 0 {
				return &r.row, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("sheet %q, below row %d: %w", r.name, r.row.Number, err)
		}
	}
	return nil, io.EOF
}

func (r *Rows) readRow(e *element) error {
	number := r.row.Number + 1
	if s := e.attr("r"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < number {
			return fmt.Errorf("row number %q", s)
		}
		number = n
	}
	r.row = Row{Number: number, Values: r.row.Values[:0]}
	r.size = 0
	column := 0
	for {
		e, err := r.p.next()
		switch {
		case err != nil:
			return noEOF(err)
		case e.name == "row" && e.end:
			return nil
		case e.name != "c" || e.end:
			continue
		}
		if s := e.attr("r"); s != "" {
			if column, err = columnOf(s); err != nil {
				return err
			}
		}
		c := cell{kind: e.attr("t"), style: e.attr("s"), column: column}
		if err := r.readCell(&c); err != nil {
			return err
		}
		if column++; column > maxColumns {
			return errors.New("it has more columns than a sheet can have")
		}
		r.put(&c)
	}
}

// put puts a cell into the row.
func (r *Rows) put(c *cell) {
	value, bad := c.value(r.book)
	if bad != "" && r.row.Bad == "" {
		r.row.Bad = "cell " + Name(c.column, r.row.Number) + " " + bad
	}
	if value == "" && bad == "" {
		return
	}
	r.any = true
	if r.size += len(value) + 1; r.size > r.most {
		r.row.TooLong = true
		value = ""
	}
	for len(r.row.Values) <= c.column {
		r.row.Values = append(r.row.Values, "")
	}
	r.row.Values[c.column] = value
}

// readCell reads up to the end of a cell.
func (r *Rows) readCell(c *cell) error {
	in := ""
	phonetic := false
	for {
		e, err := r.p.next()
		if err != nil {
			return noEOF(err)
		}
		switch e.name {
		case "c":
			if e.end {
				return nil
			}
		case "f":
			c.formula = true
		case "rPh":
			phonetic = !e.end
		case "v", "t":
			if in = e.name; e.end {
				in = ""
			}
			c.stored = c.stored || e.name == "v"
		case "":
			switch {
			case len(c.text)+len(e.text) > maxPiece:
				return errPiece
			case in == "v", in == "t" && c.kind == "inlineStr" && !phonetic:
				c.text = append(c.text, e.text...)
			}
		}
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// columnOf reads the column of a cell's name, from 0.
func columnOf(name string) (int, error) {
	n := 0
	for _, c := range []byte(name) {
		if c |= 0x20; c < 'a' || c > 'z' {
			break
		}
		if n = n*26 + int(c-'a') + 1; n > maxColumns {
			break
		}
	}
	if n < 1 || n > maxColumns {
		return 0, fmt.Errorf("%q is not the name of a cell", name)
	}
	return n - 1, nil
}

// Name is what a cell is called, such as B7; the column is from 0, the row from 1.
func Name(column, row int) string {
	var letters []byte
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = append([]byte{byte('A' + (n-1)%26)}, letters...)
	}
	return string(letters) + strconv.Itoa(row)
}

// cell is a cell as it is stored.
type cell struct {
	column      int
	kind, style string
	formula     bool
	stored      bool // it has a value, which may be empty
	text        []byte
}

// value is what the cell holds, as text, and what is wrong with it.
func (c *cell) value(b *Book) (value, bad string) {
	if c.formula && !c.stored {
		return "", "has a formula whose value is not in the file; open it in a spreadsheet program and save it"
	}
	switch c.kind {
	case "s":
		if !c.stored {
			return "", ""
		}
		i, err := strconv.Atoi(string(c.text))
		if err == nil && b.loaded {
			if s, ok := b.text(i); ok {
				return s, ""
			}
		} else if err == nil {
			return "?", "" // it is only asked whether there is anything
		}
		return "", "refers to a text that is not in the file"
	case "e":
		return string(c.text), "is an error, " + string(c.text)
	case "b":
		if isTrue(string(c.text)) {
			return "TRUE", ""
		}
		return "FALSE", ""
	case "str", "inlineStr":
		return string(unescape(c.text)), ""
	case "d":
		return string(c.text), ""
	}
	text := strings.TrimSpace(string(c.text))
	if text == "" {
		return "", ""
	}
	var f format
	if i, err := strconv.Atoi(c.style); err == nil && i >= 0 && i < len(b.styles) {
		f = b.styles[i]
	}
	return f.show(text, b.date04), ""
}

// unescape replaces the characters that XML cannot have, such as _x000D_ (ECMA-376, 22.9.2.19).
func unescape(s []byte) []byte {
	if !bytes.Contains(s, []byte("_x")) {
		return s
	}
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		if len(s) >= 7 && s[0] == '_' && s[1] == 'x' && s[6] == '_' {
			if n, err := strconv.ParseUint(string(s[2:6]), 16, 16); err == nil {
				out = append(out, string(rune(n))...)
				s = s[7:]
				continue
			}
		}
		out = append(out, s[0])
		s = s[1:]
	}
	return out
}
