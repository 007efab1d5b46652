package dataset

import (
	"archive/zip"
	"brood/runner/dataset/sheet"
	"fmt"
	"strconv"
	"strings"
)

// A sheet of a workbook is read as the CSV that it would be: its first row that has
// something in it is the header. Positions are in that text; lines are the rows of the sheet.

// sheetReader gives the rows of a sheet as text.
type sheetReader struct {
	rows   *sheet.Rows
	delim  byte
	width  int   // of the first row
	offset int64 // behind the rows that have been made
	most   int   // bytes of a row
	skip   int64 // rows before that are not kept in marks
	buf    []byte
	out    []byte // what of buf is to be read
	marks  []rowMark
	err    error
}

// rowMark is where a row begins in the text, which one it is, and what is wrong with it.
type rowMark struct {
	offset int64
	row    int64
	bad    string
	wide   string // the cell that the header has no column for
}

func newSheetReader(rows *sheet.Rows, spec *Spec, offset int64) *sheetReader {
	return &sheetReader{rows: rows, delim: spec.Delimiter, most: spec.MaxRecord, skip: offset}
}

func (s *sheetReader) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.err = s.next()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// next makes the text of the next row, or of one to come if that is where to begin.
func (s *sheetReader) next() error {
	row, err := s.rows.Next()
	if err != nil {
		return err
	}
	if s.width == 0 {
		s.width = len(row.Values)
	}
	s.buf = s.buf[:0]
	m := rowMark{offset: s.offset, row: int64(row.Number), bad: row.Bad}
	values := row.Values
	if row.TooLong { // and none of it is used
		m.bad, values = fmt.Sprintf("the row has more than %d bytes; raise that with --max-record", s.most), nil
	}
	if len(values) > s.width {
		m.wide = sheet.Name(s.width, row.Number)
	}
	for i := range max(s.width, len(values)) {
		if i > 0 {
			s.buf = append(s.buf, s.delim)
		}
		if i < len(values) {
			s.buf = appendField(s.buf, values[i], s.delim)
		}
	}
	if len(s.buf) == 0 { // a line without anything is no row
		s.buf = append(s.buf, `""`...)
	}
	s.buf = append(s.buf, '\n')
	s.offset += int64(len(s.buf))
	switch {
	case s.offset <= s.skip:
		return nil
	case m.offset < s.skip:
		return fmt.Errorf("%w: there is no row at byte %d of the sheet", ErrChanged, s.skip)
	}
	s.marks = append(s.marks, m)
	s.out = s.buf
	return nil
}

// appendField writes a field so that it is read as it is.
func appendField(dst []byte, field string, delim byte) []byte {
	if !strings.ContainsAny(field, "\"\r\n") && strings.IndexByte(field, delim) < 0 {
		return append(dst, field...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(field, `"`, `""`)...)
	return append(dst, '"')
}

// at is the row at an offset that has been read. Rows before it are forgotten.
func (s *sheetReader) at(offset int64) rowMark {
	for len(s.marks) > 1 && s.marks[1].offset <= offset {
		s.marks = s.marks[1:]
	}
	if len(s.marks) == 0 {
		return rowMark{}
	}
	return s.marks[0]
}

// openSheet opens the sheet that a stream is.
func (s *stream) openSheet(name string, spec *Spec, offset int64) error {
	z, err := s.openZip()
	if err != nil {
		return err
	}
	book, err := sheet.Open(z)
	if err != nil {
		return err
	}
	rows, err := book.Rows(name, spec.MaxRecord)
	if err != nil {
		return err
	}
	s.sheet, s.closer, s.counts, s.packed = newSheetReader(rows, spec, offset), rows, true, true
	s.Reader = s.sheet
	return nil
}

// chooseSheet finds the sheet to read, and how many others could be meant.
func chooseSheet(path string, z *zip.Reader, asked string) (name string, err error) {
	book, err := sheet.Open(z)
	if err != nil {
		return "", unfit(path, "it is an Excel workbook that cannot be read: "+err.Error(), "Open it in a spreadsheet program and save it anew, as .xlsx or CSV.")
	}
	names, shown, err := book.Sheets()
	if err != nil {
		return "", unfit(path, "it is an Excel workbook that cannot be read: "+err.Error(), "Open it in a spreadsheet program and save it anew, as .xlsx or CSV.")
	}
	name, is, do := whichSheet(names, shown, asked)
	if is != "" {
		return "", unfit(path, is, do)
	}
	return name, nil
}

// whichSheet decides which sheet is read, of those that have rows: the one that was asked
// for, by its name or its number; or the only one that is shown.
func whichSheet(names []string, shown int, asked string) (name, is, do string) {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
		if n == asked {
			return n, "", ""
		}
	}
	all := strings.Join(quoted, ", ")
	if asked != "" {
		for _, n := range names {
			if strings.EqualFold(n, asked) {
				return n, "", ""
			}
		}
		if i, err := strconv.Atoi(asked); err == nil && i >= 1 && i <= len(names) {
			return names[i-1], "", ""
		}
	}
	switch {
	case len(names) == 0:
		return "", "none of its sheets has anything in it", "Give a workbook with a header and rows."
	case asked != "":
		return "", fmt.Sprintf("it has no sheet %q with anything in it; it has %s", asked, all), "Name one of these: --sheet " + shellWord(names[0])
	case shown == 1, len(names) == 1:
		return names[0], "", ""
	}
	return "", fmt.Sprintf("it has several sheets: %s", all), "Say which: --sheet " + shellWord(names[0])
}

// checkRow says which row of a sheet a record is, and what is wrong with it, in words of the
// sheet. It is called when the record has been read: before, its row may not have been.
func (r *Reader) checkRow(rec *Record) {
	if r.src == nil || r.src.sheet == nil {
		return
	}
	m := r.src.sheet.at(rec.Pos.Offset)
	rec.Pos.Line = m.row
	switch {
	case m.bad != "":
		rec.Err = &InputError{File: r.name(), Line: m.row, Reason: m.bad}
	case m.wide != "" && r.shape != nil:
		rec.Err = &InputError{File: r.name(), Line: m.row, Reason: fmt.Sprintf("cell %s has a value, the header has %s", m.wide, plural(len(r.shape.Columns), "column"))}
	}
}
