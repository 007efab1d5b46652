package jobs

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Seq is a record's 0-based position in its dataset.
type Seq uint64

// ShapeKind says how the records of a dataset are built.
type ShapeKind uint8

// The kinds of record.
const (
	Lines   ShapeKind = iota // one column, "line": the raw bytes
	Fields                   // a row of text fields, one per column
	Objects                  // one JSON object
)

var kindNames = [...]string{"lines", "fields", "objects"}

func (k ShapeKind) String() string { return kindNames[k] }

// MarshalJSON gives the word.
func (k ShapeKind) MarshalJSON() ([]byte, error) { return MarshalWord(k.String()) }

// UnmarshalJSON reads the word.
func (k *ShapeKind) UnmarshalJSON(b []byte) error {
	i, err := UnmarshalWord(b, kindNames[:], "kind of record")
	*k = ShapeKind(i)
	return err
}

// Shape is what all records of a dataset have in common.
type Shape struct {
	Kind ShapeKind `json:"kind"`
	// Columns are the column names. For Objects they are those of the first
	// record, and others may come.
	Columns []string `json:"columns"`
	// End is what terminates a record in the dataset: "\n", or "\x00".
	End string `json:"end"`
	// Join says that a record is several values, and stands between them in Raw: the
	// lines of a group, or the fields that the sources of a combination gave.
	Join string `json:"join,omitempty"`
	// Most is how many lines a group has at most; 0: any number.
	Most int `json:"most,omitempty"`
	// Rows says that a record is several rows, which Values has one after the other, or Raw,
	// of objects, one a line. The columns of the record are those of the first: see
	// Record.Rows.
	Rows bool `json:"rows,omitempty"`
	// Queued says that the records are the jobs of a queue, with JobColumn before the members of
	// their bodies: see Record.Whole.
	Queued bool `json:"queued,omitempty"`
	// Header is the line of the dataset that names the columns, where it is no table.
	Header string `json:"-"`
}

// JobColumn is the member of a record that has what a queue calls its job.
const JobColumn = "_job"

// LineColumn is the only column of a dataset of plain lines.
const LineColumn = "line"

// Index returns the position of a column, or -1.
func (s *Shape) Index(name string) int {
	for i, c := range s.Columns {
		if c == name {
			return i
		}
	}
	return -1
}

// Record is one unit of the dataset. Its byte slices are borrowed: they are
// valid until the call that was given the record returns.
type Record struct {
	Seq     Seq
	Attempt int // 1 for the first try
	// Raw is the record as it stands in the dataset, without its terminator.
	// In a worker it is nil if the job did not ask for it and has fields.
	Raw    []byte
	Values [][]byte // one per column, of each row if it is several; only for Fields
	Shape  *Shape
}

// Value returns column i as text. A JSON string is given unquoted, null and
// absent members as nothing, other JSON values as they are written.
func (r *Record) Value(i int) []byte {
	switch r.Shape.Kind {
	case Fields:
		if i < len(r.Values) {
			return r.Values[i]
		}
		return nil
	case Objects:
		v, _ := r.Lookup(r.Shape.Columns[i])
		return v
	default:
		return r.line()
	}
}

// line is the column of plain lines. Those of a group that are separated by zero bytes have
// line ends there: few can read the others.
func (r *Record) line() []byte {
	if r.Shape.Join == "\x00" {
		return bytes.ReplaceAll(r.Raw, []byte{0}, []byte{'\n'})
	}
	return r.Raw
}

// Several are the values that the record is made of, one if it is not of several.
func (r *Record) Several() [][]byte {
	switch {
	case r.Shape.Join == "":
		return [][]byte{r.Raw}
	case r.Shape.Kind == Fields:
		return r.Values
	default:
		return bytes.Split(r.Raw, []byte(r.Shape.Join))
	}
}

// members calls f for each member of the JSON object, in order, until it returns false. Of
// what is no object there are none.
func (r *Record) members(f func(name string, value gjson.Result) bool) {
	// gjson goes over the elements of a list in the same way, without names.
	if obj := gjson.ParseBytes(r.Object()); obj.IsObject() {
		obj.ForEach(func(k, v gjson.Result) bool { return f(k.Str, v) })
	}
}

// Lookup returns a column by name and whether the record has it.
func (r *Record) Lookup(name string) ([]byte, bool) {
	if r.Shape.Kind != Objects {
		i := r.Shape.Index(name)
		if i < 0 {
			return nil, false
		}
		return r.Value(i), true
	}
	var out []byte
	found := false
	r.members(func(member string, v gjson.Result) bool {
		if member != name {
			return true
		}
		out, found = JSONText(v), true
		return false
	})
	return out, found
}

// First returns the first of several columns that is not empty: spec is their names,
// with a | between.
func (r *Record) First(spec string) []byte {
	v, there := r.Lookup(spec)
	if there || strings.IndexByte(spec, '|') < 0 {
		return v
	}
	for name := range strings.SplitSeq(spec, "|") {
		if v, _ = r.Lookup(name); !isNothing(bytes.TrimSpace(v)) {
			return v
		}
	}
	return nil
}

// isNothing reports whether a value is empty, as JSON has it too.
func isNothing(v []byte) bool {
	return len(v) == 0 || string(v) == "{}" || string(v) == "[]"
}

// Cells finds the values of all columns of a record at a time, in one pass over an object
// however many it has. It only reads, so several goroutines may use it.
type Cells struct {
	columns []string
	at      map[string]int // the first column of a name
}

// NewCells returns the cells of records of a shape.
func NewCells(s *Shape) *Cells {
	c := &Cells{columns: s.Columns, at: make(map[string]int, len(s.Columns))}
	for i, name := range slices.Backward(s.Columns) {
		c.at[name] = i
	}
	return c
}

// Values returns what Record.Value gives for each column.
func (c *Cells) Values(r *Record) [][]byte {
	out := make([][]byte, len(c.columns))
	if r.Shape.Kind != Objects {
		for i := range out {
			out[i] = r.Value(i)
		}
		return out
	}
	found := make([]bool, len(c.columns))
	r.members(func(name string, v gjson.Result) bool {
		if i, ok := c.at[name]; ok && !found[i] { // the first member of a name counts
			out[i], found[i] = JSONText(v), true
		}
		return true
	})
	for i, name := range c.columns {
		out[i] = out[c.at[name]] // the first record had two members of this name
	}
	return out
}

// JSONText is a JSON value as text: a string without quotes, null as nothing, others as they
// are written.
func JSONText(v gjson.Result) []byte {
	switch v.Type {
	case gjson.String:
		return []byte(v.Str)
	case gjson.Null:
		return nil
	default:
		return []byte(v.Raw)
	}
}

// AppendJSON appends the record as a JSON object on one line: for Objects the bytes of
// the dataset, for the others an object of strings in column order. One that is several rows
// has them as the member RowsColumn.
func (r *Record) AppendJSON(dst []byte) []byte {
	if r.Shape.Rows {
		return r.appendWithRows(dst)
	}
	if r.Shape.Kind == Objects {
		return AppendOneLine(dst, bytes.TrimSpace(r.Raw))
	}
	dst = append(dst, '{')
	for i, c := range r.Shape.Columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONString(dst, []byte(c))
		dst = append(dst, ':')
		dst = AppendJSONString(dst, r.Value(i))
	}
	return append(dst, '}')
}

// Each calls f for each column that the record has, with its text: of Objects
// also those that the first record did not have.
func (r *Record) Each(f func(name string, value []byte)) {
	if r.Shape.Kind != Objects {
		for i, name := range r.Shape.Columns {
			f(name, r.Value(i))
		}
		return
	}
	r.members(func(name string, v gjson.Result) bool {
		f(name, JSONText(v))
		return true
	})
}
