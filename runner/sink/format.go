// Package sink writes results: it turns them into rows, puts them in the order
// of the input, and appends them to one file or to standard output. It leaves
// to others when the file is synced and what is recorded about it.
package sink

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Format is how results are written.
type Format uint8

// The formats.
const (
	FormatAuto  Format = iota // by the file's name
	FormatText                // the job's own text of the ok records, see also ShowFailed
	FormatCSV                 // RFC 4180 with "\n" line ends
	FormatTSV                 // the same with tabs
	FormatJSONL               // one JSON object a line
)

var formatNames = [...]string{"auto", "text", "csv", "tsv", "jsonl"}

func (f Format) String() string { return formatNames[f] }

// ParseFormat is the reverse of String.
func ParseFormat(s string) (Format, error) {
	for i, n := range formatNames {
		if n == s {
			return Format(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not an output format; it is one of %s", s, strings.Join(formatNames[:], ", "))
}

// MarshalJSON gives the word.
func (f Format) MarshalJSON() ([]byte, error) { return jobs.MarshalWord(f.String()) }

// UnmarshalJSON reads the word, or the number that was stored before there were words.
func (f *Format) UnmarshalJSON(b []byte) error {
	i, err := jobs.UnmarshalWord(b, formatNames[:], "output format")
	*f = Format(i)
	return err
}

// FormatOf tells the format from a file's name; what is not known is text.
func FormatOf(path string) Format {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return FormatCSV
	case ".tsv", ".tab":
		return FormatTSV
	case ".jsonl", ".ndjson":
		return FormatJSONL
	default:
		return FormatText
	}
}

// metaColumns are the engine's own, after the input's and the job's.
var metaColumns = []string{"_seq", "_status", "_class", "_error", "_attempts", "_ms"}

// OwnColumns is how many columns of the engine's own there are, at the end of each row.
const OwnColumns = 6

// CountsIn reports whether a column of the engine's own has numbers.
func CountsIn(column string) bool {
	return column == "_seq" || column == "_attempts" || column == "_ms"
}

// Outcome is how a record ended, with what the job made of it.
type Outcome struct {
	Status   jobs.Status
	Class    jobs.Class
	Error    string
	Attempts int
	Elapsed  time.Duration
	Text     []byte
	Values   [][]byte // one per column of the job; may be shorter
}

// Encoder turns results into bytes. It is safe for use from several
// goroutines, as it only reads.
type Encoder struct {
	format  Format
	delim   byte
	shape   *jobs.Shape
	keep    []int // the input's columns that go into the output
	columns []jobs.Column
	// instead is, for each of keep, the column of the job that takes its place, or -1, and placed says
	// of which columns of the job that is so. Of objects any may, see appendMembers.
	instead []int
	placed  []bool
	taken   []string // names that a member of an input object must not have
	cells   *jobs.Cells
	failed  bool // text of records that failed is wanted
	framed  bool // see Frame
}

// NewEncoder returns an encoder. Columns of the input that are called like the
// engine's own, as in a results file that is fed in again, are replaced by
// them; one that is called like a column of the job is an error, unless that replaces it:
// then it stands where it stood.
func NewEncoder(f Format, shape *jobs.Shape, columns []jobs.Column) (*Encoder, error) {
	e := &Encoder{format: f, delim: ',', shape: shape, columns: columns, taken: slices.Clone(metaColumns), cells: jobs.NewCells(shape)}
	if f == FormatTSV {
		e.delim = '\t'
	}
	e.placed = make([]bool, len(columns))
	for i, c := range columns {
		e.placed[i] = c.Replaces && shape.Index(c.Name) >= 0
		if f != FormatText && (shape.Index(c.Name) >= 0 && !c.Replaces || slices.Contains(metaColumns, c.Name)) {
			return nil, fmt.Errorf("the results have a column %q, and so has the dataset; rename the dataset's", c.Name)
		}
		if !c.Replaces {
			e.taken = append(e.taken, c.Name)
		}
	}
	for i, c := range shape.Columns {
		if !slices.Contains(metaColumns, c) {
			e.keep = append(e.keep, i)
			e.instead = append(e.instead, e.replacing(c))
		}
	}
	return e, nil
}

// replacing is the column of the job that takes the place of one of the input, or -1.
func (e *Encoder) replacing(name string) int {
	return slices.IndexFunc(e.columns, func(c jobs.Column) bool { return c.Replaces && c.Name == name })
}

// ShowFailed puts the job's text into plain text also where a record failed, or is unknown.
// It is called before any row is made.
func (e *Encoder) ShowFailed() { e.failed = true }

// Header returns what stands at the top of the file.
func (e *Encoder) Header() []byte {
	if e.format != FormatCSV && e.format != FormatTSV {
		return nil
	}
	var b []byte
	put := func(name string) { b = append(e.appendField(b, []byte(name)), e.delim) }
	for _, i := range e.keep {
		put(e.shape.Columns[i])
	}
	for i, c := range e.columns {
		if !e.placed[i] {
			put(c.Name)
		}
	}
	for _, name := range metaColumns {
		put(name)
	}
	b[len(b)-1] = '\n'
	return b
}

// AppendRow appends a result: a row for each of those that the record is made of.
func (e *Encoder) AppendRow(dst []byte, rec *jobs.Record, o *Outcome) []byte {
	switch e.format {
	case FormatText:
		var text []byte
		if o.Status == jobs.StatusOK || e.failed {
			text = o.Text
		}
		if e.framed {
			return AppendFrame(dst, rec.Seq, text)
		}
		return append(dst, text...)
	case FormatJSONL:
		for row := range rec.Rows() {
			dst = e.appendObject(dst, row, o)
		}
	default:
		for row := range rec.Rows() {
			dst = e.appendRow(dst, row, o)
		}
	}
	return dst
}

func (e *Encoder) appendRow(dst []byte, rec *jobs.Record, o *Outcome) []byte {
	value := rec.Value
	if e.shape.Kind == jobs.Objects {
		values := e.cells.Values(rec)
		value = func(i int) []byte { return values[i] }
	}
	for k, i := range e.keep {
		v := value(i)
		if at := e.instead[k]; at >= 0 && at < len(o.Values) {
			v = e.cell(at, o)
		}
		dst = append(e.appendField(dst, v), e.delim)
	}
	for i := range e.columns {
		if !e.placed[i] {
			dst = append(e.appendField(dst, e.cell(i, o)), e.delim)
		}
	}
	dst = append(strconv.AppendUint(dst, uint64(rec.Seq), 10), e.delim)
	dst = append(append(dst, o.Status.String()...), e.delim)
	dst = append(e.appendField(dst, []byte(o.Class)), e.delim)
	dst = append(e.appendField(dst, []byte(o.Error)), e.delim)
	dst = append(strconv.AppendInt(dst, int64(o.Attempts), 10), e.delim)
	return append(strconv.AppendInt(dst, o.Elapsed.Milliseconds(), 10), '\n')
}

// cell is the value of a column of the job, as a table shows it.
func (e *Encoder) cell(i int, o *Outcome) []byte {
	if i >= len(o.Values) {
		return nil
	}
	if e.columns[i].JSON {
		return jsonAsText(o.Values[i])
	}
	return o.Values[i]
}

// jsonAsText is a JSON value as a table shows it: strings without quotes, null
// as nothing, everything else as it is written.
func jsonAsText(v []byte) []byte {
	if len(v) == 0 {
		return nil
	}
	switch c := v[0]; {
	case c == '-', '0' <= c && c <= '9', c == 't', c == 'f', c == '{', c == '[':
		return v // most are numbers: their first byte says it
	}
	switch r := gjson.ParseBytes(v); r.Type {
	case gjson.String:
		return []byte(r.Str)
	case gjson.Null:
		return nil
	default:
		return v
	}
}

// appendField appends one field, in quotes where RFC 4180 asks for them and
// where a reader might take away white space.
func (e *Encoder) appendField(dst, v []byte) []byte { return appendField(dst, e.delim, v) }

// AppendTableRow appends a row of CSV or TSV. One that is nothing but an empty
// field is written with quotes, as a blank line is no row.
func AppendTableRow(dst []byte, delim byte, values [][]byte) []byte {
	if len(values) == 1 && len(values[0]) == 0 {
		return append(dst, "\"\"\n"...)
	}
	for i, v := range values {
		if i > 0 {
			dst = append(dst, delim)
		}
		dst = appendField(dst, delim, v)
	}
	return append(dst, '\n')
}

func appendField(dst []byte, delim byte, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	quote := v[0] == ' ' || v[0] == '\t'
	for _, c := range v {
		if c == delim || c == '"' || c == '\n' || c == '\r' {
			quote = true
			break
		}
	}
	if !quote {
		return append(dst, v...)
	}
	dst = append(dst, '"')
	for {
		i := bytes.IndexByte(v, '"')
		if i < 0 {
			break
		}
		dst = append(append(dst, v[:i]...), '"', '"')
		v = v[i+1:]
	}
	return append(append(dst, v...), '"')
}
