package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
)

// separator takes lines apart into columns.
type separator struct {
	char byte // where it is one, and no expression
	expr *regexp.Regexp
}

// newSeparator reads what separates columns: a regular expression. One character is
// itself, as alone it could mean nothing else.
func newSeparator(text string) (*separator, error) {
	if len(text) == 1 {
		return &separator{char: text[0]}, nil
	}
	expr, err := regexp.Compile(text)
	if err != nil {
		return nil, separatorError(text, err)
	}
	if lit, whole := expr.LiteralPrefix(); whole && len(lit) == 1 {
		return &separator{char: lit[0]}, nil
	}
	if expr.MatchString("") {
		return nil, fmt.Errorf("%q matches nothing at all, and so would separate every character", text)
	}
	return &separator{expr: expr}, nil
}

// separatorError says what Go's expressions do not have of Perl's.
func separatorError(text string, err error) error {
	var se *syntax.Error
	if !errors.As(err, &se) {
		return err
	}
	if se.Code == syntax.ErrInvalidPerlOp || strings.Contains(text, "(?") || se.Code == syntax.ErrInvalidEscape {
		return fmt.Errorf("%q: %s is of Perl's regular expressions and not of Go's, which have neither (?=…), (?<=…) nor \\1; see https://pkg.go.dev/regexp/syntax", text, se.Expr)
	}
	return fmt.Errorf("%q is no regular expression: %w", text, err)
}

// CheckColSep says what is wrong with a separator of columns.
func CheckColSep(text string) error {
	_, err := newSeparator(text)
	return err
}

// split appends the columns of a line to values.
func (s *separator) split(values [][]byte, line []byte) [][]byte {
	if s.expr == nil {
		for {
			i := bytes.IndexByte(line, s.char)
			if i < 0 {
				return append(values, line)
			}
			values, line = append(values, line[:i:i]), line[i+1:]
		}
	}
	from := 0
	for _, m := range s.expr.FindAllIndex(line, -1) {
		if m[0] == m[1] { // such as \b*: between two characters there is no column
			continue
		}
		values = append(values, line[from:m[0]:m[0]])
		from = m[1]
	}
	return append(values, line[from:])
}

// Line puts columns together again to what they were taken from. It reports whether the
// dataset is one of lines at all, and not a table.
func (s *Spec) Line(values [][]byte) (line []byte, plain bool, err error) {
	switch {
	case !s.anyBytes():
		return nil, false, nil
	case len(s.Sources) > 1:
		return bytes.Join(values, []byte{0}), true, nil
	case s.ColSep == "":
		return bytes.Join(values, nil), true, nil
	}
	sep, err := newSeparator(s.ColSep)
	if err != nil {
		return nil, true, err
	}
	between, literal := string([]byte{sep.char}), sep.expr == nil
	if !literal {
		between, literal = sep.expr.LiteralPrefix()
	}
	if !literal {
		return nil, true, fmt.Errorf("its columns were separated by %q, and nobody can tell what is to stand between those that were corrected", s.ColSep)
	}
	return bytes.Join(values, []byte(between)), true, nil
}

// split reports whether the lines of the dataset have columns, or values.
func (s *Spec) split() bool { return s.ColSep != "" || s.Named || len(s.Sources) > 1 }

// ragged reports whether each file may begin with a row of another width: that of the
// first counts.
func (s *Spec) ragged() bool { return s.ColSep != "" && !s.Named }

// headless reports whether the first row of a file is a record.
func (s *Spec) headless() bool {
	if s.Format == FormatCSV || s.Format == FormatTSV {
		return s.NoHeader
	}
	return !s.Named
}

// headlessBy says how a file without a header is read.
func (s *Spec) headlessBy() string {
	if s.split() {
		return "leave --header away"
	}
	return "--no-header"
}

// anyBytes reports whether records need not be text.
func (s *Spec) anyBytes() bool { return s.Format == FormatLines || s.Format == FormatNUL }

// checkNames looks at the names of columns in a line, or of sources.
func (r *Reader) checkNames(names []string) error {
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if strings.TrimSpace(name) == "" {
			return &InputError{File: r.name(), Line: 1, Reason: fmt.Sprintf("column %d has no name; leave --header away if there are none", i+1)}
		}
		if first, dup := seen[name]; dup {
			return &InputError{File: r.name(), Line: 1, Reason: fmt.Sprintf("column %d is called %q like column %d; leave --header away if these are no names", i+1, name, first)}
		}
		seen[name] = i + 1
	}
	return nil
}

// join is what stands between the values of a record that is several; see jobs.Shape.
func (s *Spec) join() string {
	switch {
	case s.Group != nil:
		return s.joint()
	case len(s.Sources) > 1:
		return " "
	}
	return ""
}

// readLines makes the reader one of lines, groups of them, or their columns.
func (r *Reader) readLines() error {
	end := byte('\n')
	if r.spec.joint() == "\x00" {
		end = 0
	}
	r.cut = cutter{group: r.spec.Group, end: end, max: r.spec.MaxRecord}
	r.next = func(rec *Record) error { return r.nextUntil(rec, end) }
	switch {
	case len(r.spec.Sources) > 1:
		r.next = r.nextCombination
	case r.spec.Group != nil:
		r.next = r.nextGroup
	case r.spec.ColSep != "" || r.spec.Named:
		var err error
		if r.sep, err = newSeparator(r.spec.ColSep); r.spec.ColSep == "" {
			r.sep, err = &separator{}, nil
		}
		if err != nil {
			return err
		}
		r.next = func(rec *Record) error { return r.nextColumns(rec, end) }
	}
	if len(r.spec.Sources) == 0 {
		return nil
	}
	var err error
	r.mix, err = newMixer(&r.spec, r.spool)
	return err
}

// nextColumns reads a line and takes it apart.
func (r *Reader) nextColumns(rec *Record, end byte) error {
	if err := r.nextUntil(rec, end); err != nil || rec.Err != nil {
		return err
	}
	if r.spec.ColSep == "" {
		rec.Values = append(rec.Values, rec.Raw)
	} else {
		rec.Values = r.sep.split(rec.Values, rec.Raw)
	}
	if r.shape == nil {
		return nil
	}
	want := len(r.shape.Columns)
	if n := len(rec.Values); n > want {
		rec.Err = &InputError{File: r.name(), Line: rec.Pos.Line, Reason: fmt.Sprintf("%s, the first line has %d", columnCount(n), want)}
		return nil
	}
	for len(rec.Values) < want { // as GNU parallel has it
		rec.Values = append(rec.Values, nil)
	}
	return nil
}

func columnCount(n int) string {
	if n == 1 {
		return "1 column"
	}
	return strconv.Itoa(n) + " columns"
}
