package jobs

import (
	"bytes"
	"iter"

	"github.com/tidwall/gjson"
)

// RowsColumn is what the rows of a record are called, see Shape.Rows: a list of objects
// beside the columns of the first of them.
const RowsColumn = "rows"

// Row is the shape of a single row of records that are several.
func (s *Shape) Row() *Shape {
	row := *s
	row.Rows = false
	return &row
}

// Rows are the rows that the record is made of, see Shape.Rows, each as a record of the same
// number; any other record is itself. They borrow its bytes. Raw is known of objects only.
func (r *Record) Rows() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		if !r.Shape.Rows {
			yield(r)
			return
		}
		row := Record{Seq: r.Seq, Attempt: r.Attempt, Shape: r.Shape.Row()}
		if r.Shape.Kind == Objects {
			for row.Raw = range bytes.SplitSeq(r.Raw, []byte{'\n'}) {
				if !yield(&row) {
					return
				}
			}
			return
		}
		width := len(r.Shape.Columns)
		for i := range r.CountRows() {
			row.Values = r.Values[min(i*width, len(r.Values)):min((i+1)*width, len(r.Values))]
			if !yield(&row) {
				return
			}
		}
	}
}

// CountRows is how many rows there are, see Rows.
func (r *Record) CountRows() int {
	switch {
	case !r.Shape.Rows:
		return 1
	case r.Shape.Kind == Objects:
		return 1 + bytes.Count(r.Raw, []byte{'\n'})
	default: // one that is bad input may have fewer values than columns
		return max(1, len(r.Values)/max(1, len(r.Shape.Columns)))
	}
}

// Object is the JSON object of the record, the first of several.
func (r *Record) Object() []byte {
	if !r.Shape.Rows {
		return r.Raw
	}
	first, _, _ := bytes.Cut(r.Raw, []byte{'\n'})
	return first
}

// appendWithRows appends the record as AppendJSON does, with its rows as a member.
func (r *Record) appendWithRows(dst []byte) []byte {
	dst = append(dst, '{')
	for row := range r.Rows() {
		row.eachJSON(func(name string, value []byte) {
			dst = append(append(AppendJSONString(dst, []byte(name)), ':'), value...)
			dst = append(dst, ',')
		})
		break // the first has the columns of the record
	}
	dst = append(append(AppendJSONString(dst, []byte(RowsColumn)), ':'), '[')
	first := true
	for row := range r.Rows() {
		if !first {
			dst = append(dst, ',')
		}
		dst, first = row.AppendJSON(dst), false
	}
	return append(dst, ']', '}')
}

// eachJSON calls f for each column but that of the rows, with its value in JSON on one line.
func (r *Record) eachJSON(f func(name string, value []byte)) {
	if r.Shape.Kind == Objects {
		r.members(func(name string, v gjson.Result) bool {
			if name != RowsColumn {
				f(name, AppendOneLine(nil, v.Raw))
			}
			return true
		})
		return
	}
	for i, c := range r.Shape.Columns {
		f(c, AppendJSONString(nil, r.Value(i)))
	}
}
