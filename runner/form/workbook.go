package form

import (
	"archive/zip"
	"brood/runner/dataset"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

// What a sheet of Excel can hold (Excel specifications and limits, Microsoft).
const (
	mostRows    = 1 << 20 // the header is one of them
	MostColumns = 1 << 14
	mostUnits   = 32767 // of UTF-16, in a cell
)

// workbook is an Excel workbook (ECMA-376, SpreadsheetML) that is written row by row. Cells with text are text, whatever they look
// like: nothing is taken for a formula, and a postcode keeps its zeros. What is one cell too long for Excel
// is cut off; what is one row too much goes on in another sheet, under the same header.
type workbook struct {
	zip     *zip.Writer
	columns []string
	numbers []bool // of the columns: what is a number is written as one
	most    int    // rows of a sheet
	sheet   io.Writer
	sheets  int
	row     int // written to the sheet
	buf     []byte
	cut     int // cells that were too long
}

func newWorkbook(w io.Writer, columns []string, numbers []bool) (*workbook, error) {
	b := &workbook{zip: zip.NewWriter(w), columns: columns, numbers: numbers, most: mostRows}
	b.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	// First, as some tell by it what the archive is.
	err := b.part("_rels/.rels", relations(relation{"officeDocument", "xl/workbook.xml"}))
	return b, err
}

// part writes a file of the archive.
func (b *workbook) part(name, text string) error {
	// Without a time, so that the same results make the same bytes.
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err == nil {
		_, err = io.WriteString(w, xmlHeader+text)
	}
	return err
}

// begin begins a sheet, with the header.
func (b *workbook) begin() (err error) {
	b.sheets++
	b.row = 0
	if b.sheet, err = b.zip.CreateHeader(&zip.FileHeader{Name: sheetFile(b.sheets), Method: zip.Deflate}); err != nil {
		return err
	}
	if _, err := io.WriteString(b.sheet, xmlHeader+sheetStart); err != nil {
		return err
	}
	cells := make([][]byte, len(b.columns))
	for i, c := range b.columns {
		cells[i] = []byte(c)
	}
	return b.write(cells, true)
}

// end ends the sheet at hand.
func (b *workbook) end() error {
	if b.sheet == nil {
		return nil
	}
	_, err := io.WriteString(b.sheet, sheetEnd)
	return err
}

// add adds a row.
func (b *workbook) add(values [][]byte) error {
	if b.sheet == nil || b.row == b.most {
		if err := b.end(); err != nil {
			return err
		}
		if err := b.begin(); err != nil {
			return err
		}
	}
	return b.write(values, false)
}

func (b *workbook) write(values [][]byte, header bool) error {
	b.row++
	b.buf = append(strconv.AppendInt(append(b.buf[:0], `<row r="`...), int64(b.row), 10), `">`...)
	for i, v := range values[:min(len(values), len(b.columns))] {
		if len(v) == 0 {
			continue
		}
		b.buf = appendColumn(append(b.buf, `<c r="`...), i)
		b.buf = append(strconv.AppendInt(b.buf, int64(b.row), 10), '"')
		switch {
		case header:
			b.buf = b.appendText(append(b.buf, ` s="`+styleHeader+`"`...), v)
		case b.numbers[i] && isNumber(v):
			b.buf = append(append(append(b.buf, "><v>"...), v...), "</v></c>"...)
		default:
			b.buf = b.appendText(append(b.buf, ` s="`+styleText+`"`...), v)
		}
	}
	b.buf = append(b.buf, "</row>"...)
	_, err := b.sheet.Write(b.buf)
	return err
}

func (b *workbook) appendText(dst, v []byte) []byte {
	if cut := fitting(v); cut < len(v) {
		b.cut++
		v = v[:cut]
	}
	dst = append(dst, ` t="inlineStr"><is><t xml:space="preserve">`...)
	return append(appendEscaped(dst, v), "</t></is></c>"...)
}

// close ends the workbook, which has a sheet even if it has no rows.
func (b *workbook) close() error {
	if b.sheet == nil {
		if err := b.begin(); err != nil {
			return err
		}
	}
	if err := b.end(); err != nil {
		return err
	}
	for _, p := range []struct{ name, text string }{
		{"xl/workbook.xml", workbookXML(b.sheets)},
		{"xl/_rels/workbook.xml.rels", workbookRelations(b.sheets)},
		{"xl/styles.xml", stylesXML},
		{"[Content_Types].xml", contentTypes(b.sheets)},
	} {
		if err := b.part(p.name, p.text); err != nil {
			return err
		}
	}
	return b.zip.Close()
}

// writeWorkbook writes the results as a workbook.
func writeWorkbook(w io.Writer, cfg *spec.Config, rows *dataset.Reader, say Logf) error {
	columns := plain(cfg, rows.Shape().Columns)
	if len(columns) > MostColumns {
		return fmt.Errorf("%d columns are more than the %d of a workbook", len(columns), MostColumns)
	}
	b, err := newWorkbook(w, columns, numbersOf(cfg, columns))
	if err != nil {
		return err
	}
	if err := each(rows, func(rec *dataset.Record) error { return b.add(rec.Values) }); err != nil {
		return err
	}
	if b.cut > 0 {
		say("%s: a cell of Excel holds %d characters, and %d had more: they are cut off there, and whole in %s", cfg.Form.Path, mostUnits, b.cut, cfg.Output)
	}
	if b.sheets > 1 {
		say("%s: a sheet of Excel holds %d rows, so there are %d sheets", cfg.Form.Path, mostRows, b.sheets)
	}
	return b.close()
}

// numbersOf says in which columns what is a number is written as one: those of the job that are JSON, and
// the engine's. What stood in the dataset was text, and stays that.
func numbersOf(cfg *spec.Config, columns []string) []bool {
	out := make([]bool, len(columns))
	for i, name := range columns {
		for _, c := range cfg.Plan.Columns {
			out[i] = out[i] || c.JSON && c.Name == name
		}
		out[i] = out[i] || sink.CountsIn(name)
	}
	return out
}

// isNumber reports whether a value is a number as JSON and Excel write it, with no more digits than Excel keeps.
func isNumber(v []byte) bool {
	const mostDigits = 15
	digits, point := 0, false
	if v[0] == '-' {
		v = v[1:]
	}
	for i, c := range v {
		switch {
		case c == '.' && !point && i > 0 && i < len(v)-1:
			point = true
		case c < '0' || c > '9':
			return false
		default:
			digits++
		}
	}
	leadingZero := len(v) > 1 && v[0] == '0' && v[1] != '.'
	return digits > 0 && !leadingZero && (digits <= mostDigits || point && digits <= mostDigits+5)
}

// fitting is how many bytes of a text a cell can hold.
func fitting(v []byte) int {
	if len(v) <= mostUnits {
		return len(v)
	}
	units := 0
	for at := 0; at < len(v); {
		r, n := utf8.DecodeRune(v[at:])
		if units++; r > 0xffff {
			units++
		}
		if units > mostUnits {
			return at
		}
		at += n
	}
	return len(v)
}

// appendColumn appends the letters of a column, from 0: A, …, Z, AA.
func appendColumn(dst []byte, column int) []byte {
	if column >= 26 {
		dst = appendColumn(dst, column/26-1)
	}
	return append(dst, 'A'+byte(column%26))
}

// appendEscaped appends text as XML of a workbook has it. Characters that XML cannot have are written as
// _xHHHH_ (ECMA-376, 22.9.2.19), and so is the first letter of what looks like that.
func appendEscaped(dst, v []byte) []byte {
	for at := 0; at < len(v); {
		r, n := utf8.DecodeRune(v[at:])
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '_' && looksEscaped(v[at:]):
			dst = append(dst, "_x005F_"...)
		case r == utf8.RuneError && n == 1:
			dst = append(dst, "\ufffd"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
			dst = fmt.Appendf(dst, "_x%04X_", r)
		default:
			dst = append(dst, v[at:at+n]...)
		}
		at += n
	}
	return dst
}

// looksEscaped reports whether a text begins as an escaped character does.
func looksEscaped(v []byte) bool {
	if len(v) < 7 || v[1] != 'x' || v[6] != '_' {
		return false
	}
	return len(bytes.Trim(v[2:6], "0123456789abcdefABCDEF")) == 0
}
