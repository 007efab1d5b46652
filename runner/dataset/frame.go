package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The copy in which the rows of a group stand together is framesMagic and a frame for each
// group. Numbers are unsigned varints. A frame is the length of the rest of it, then
//
//	bad     1 if it is a row that cannot be read, or has no key, otherwise 0
//	rows    how many rows it has; 1 if it is bad
//	a row   its file, as an index, its line, and the length of its bytes; for each
//	why     only if it is bad: the line and column of what is wrong, the length of
//	        the reason, and the reason
//	bytes   of all rows as they stand in the dataset, with what ends a row between them
const framesMagic = "brood groups 1\n"

// errFrame is wrapped by errors about a frame that is none.
var errFrame = errors.New("the copy of the dataset with its groups is damaged")

// rowAt is where a row stands in the dataset, and how long it is.
type rowAt struct {
	file, size int
	line       int64
}

// frame is a group of rows.
type frame struct {
	rows []rowAt
	bad  *InputError // of the only row; File is not known
	raw  []byte
}

func (f *frame) empty() bool { return len(f.rows) == 0 }

func (f *frame) reset() { f.rows, f.bad, f.raw = f.rows[:0], nil, f.raw[:0] }

// appendRow appends a row as it is put in order: a frame of it alone, without the length.
func appendRow(dst []byte, rec *Record) []byte {
	if rec.Err == nil {
		dst = append(dst, 0, 1)
	} else {
		dst = append(dst, 1, 1)
	}
	dst = binary.AppendUvarint(dst, uint64(rec.Pos.File))
	dst = binary.AppendUvarint(dst, uint64(rec.Pos.Line))
	dst = binary.AppendUvarint(dst, uint64(len(rec.Raw)))
	if rec.Err != nil {
		dst = appendWhy(dst, rec.Err)
	}
	return append(dst, rec.Raw...)
}

func appendWhy(dst []byte, e *InputError) []byte {
	dst = binary.AppendUvarint(dst, uint64(e.Line))
	dst = binary.AppendUvarint(dst, uint64(e.Column))
	dst = binary.AppendUvarint(dst, uint64(len(e.Reason)))
	return append(dst, e.Reason...)
}

// add adds a row, as appendRow has made it, behind those that are there.
func (f *frame) add(row []byte, end byte) error {
	var one frame
	if err := one.parse(row); err != nil {
		return err
	}
	if len(f.rows) > 0 {
		f.raw = append(f.raw, end)
	}
	f.rows = append(f.rows, one.rows...)
	f.raw = append(f.raw, one.raw...)
	f.bad = one.bad
	return nil
}

// appendTo appends the frame with its length.
func (f *frame) appendTo(dst []byte) []byte {
	body := make([]byte, 0, len(f.raw)+16*len(f.rows)+16)
	if f.bad != nil {
		body = append(body, 1)
	} else {
		body = append(body, 0)
	}
	body = binary.AppendUvarint(body, uint64(len(f.rows)))
	for _, r := range f.rows {
		body = binary.AppendUvarint(body, uint64(r.file))
		body = binary.AppendUvarint(body, uint64(r.line))
		body = binary.AppendUvarint(body, uint64(r.size))
	}
	if f.bad != nil {
		body = appendWhy(body, f.bad)
	}
	body = append(body, f.raw...)
	return append(binary.AppendUvarint(dst, uint64(len(body))), body...)
}

// parse reads a frame without its length. Its bytes are borrowed.
func (f *frame) parse(body []byte) error {
	f.reset()
	broken := false
	number := func(most uint64) int {
		v, n := binary.Uvarint(body)
		if n <= 0 || v > most {
			broken = true
			return 0
		}
		body = body[n:]
		return int(v)
	}
	const most = 1 << 62
	bad := number(1) == 1
	rows := number(uint64(len(body)))
	if rows == 0 || bad && rows > 1 {
		broken = true
	}
	size := rows - 1 // what ends rows
	for i := 0; i < rows && !broken; i++ {
		r := rowAt{file: number(1 << 31), line: int64(number(most)), size: number(uint64(len(body)))}
		size += r.size
		f.rows = append(f.rows, r)
	}
	if bad && !broken {
		f.bad = &InputError{Line: int64(number(most)), Column: number(most)}
		if n := number(uint64(len(body))); n <= len(body) {
			f.bad.Reason, body = string(body[:n]), body[n:]
		} else {
			broken = true
		}
	}
	if broken || size != len(body) {
		return fmt.Errorf("%w: a frame of it is none", errFrame)
	}
	f.raw = body
	return nil
}

// each calls f with the bytes of each row.
func (f *frame) each(visit func(r rowAt, raw []byte)) {
	raw := f.raw
	for i, r := range f.rows {
		if i > 0 {
			raw = raw[1:]
		}
		visit(r, raw[:r.size:r.size])
		raw = raw[r.size:]
	}
}
