package dataset

import (
	"brood/runner/dataset/sheet"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// header reads a CSV header, or counts the fields of the first row.
func (r *Reader) header() ([]string, error) {
	mark := *r.win
	var rec Record
	saved := r.shape
	r.shape = nil // any number of fields will do
	err := r.next(&rec)
	if err == nil {
		r.checkRow(&rec)
	}
	r.shape = saved
	if errors.Is(err, io.EOF) {
		if r.spec.headless() {
			return nil, &InputError{File: r.name(), Reason: "the file is empty; without a header there must be at least one row"}
		}
		return nil, &InputError{File: r.name(), Reason: "the file is empty; a header line was expected (" + r.spec.headlessBy() + " if there is none)"}
	}
	if err != nil {
		return nil, err
	}
	if r.checkText(&rec); rec.Err != nil {
		return nil, rec.Err
	}
	if err := r.checkDelimiter(len(rec.Values), rec.Raw); err != nil {
		return nil, err
	}
	columns := make([]string, len(rec.Values))
	if r.spec.headless() {
		for i := range columns {
			columns[i] = strconv.Itoa(i + 1)
		}
		return columns, r.rewind(&mark)
	}
	for i, v := range rec.Values {
		columns[i] = string(v)
	}
	if r.spec.split() {
		r.head = string(rec.Raw)
		return columns, r.checkNames(columns)
	}
	columns = r.cutUnnamed(columns)
	return columns, r.checkHeader(columns, &rec)
}

// cutUnnamed leaves out columns at the end of a header that have no name, as spreadsheet
// programs write them beside a table. Rows may have nothing there.
func (r *Reader) cutUnnamed(columns []string) []string {
	n := len(columns)
	for n > 1 && strings.TrimSpace(columns[n-1]) == "" {
		n--
	}
	if r.spec.Paths[r.file] == Stdin && r.file > 0 {
		return columns // a resume would not know
	}
	r.unnamed[r.file] = len(columns) - n
	return columns[:n]
}

func (r *Reader) checkHeader(columns []string, header *Record) error {
	seen := make(map[string]int, len(columns))
	bad := func(i int, format string, args ...any) error {
		e := &InputError{File: r.name(), Line: header.Pos.Line, Column: columnStart(header.Raw, i, r.spec.Delimiter), Reason: fmt.Sprintf(format, args...)}
		if r.src.sheet != nil {
			e.Column, e.Reason = 0, "cell "+sheet.Name(i, int(header.Pos.Line))+": "+e.Reason
		}
		return e
	}
	for i, c := range columns {
		if strings.TrimSpace(c) == "" {
			return bad(i, "column %d has no name; give it one, or use --no-header if this is a row", i+1)
		}
		if first, dup := seen[c]; dup {
			return bad(i, "column %d is called %q like column %d; rename one, or use --no-header if this is a row", i+1, c, first)
		}
		seen[c] = i + 1
	}
	return nil
}

// columnStart is the 1-based byte at which field i of a row begins.
func columnStart(raw []byte, i int, delim byte) int {
	quoted := false
	for at, c := range raw {
		if i == 0 {
			return at + 1
		}
		switch {
		case c == '"':
			quoted = !quoted
		case c == delim && !quoted:
			i--
		}
	}
	return len(raw) + 1
}
