package sink

import (
	"brood/jobs"
	"bytes"
	"maps"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"
)

// SeqOf tells which record a row of results is about. Row is as it stands in
// the file; values are its fields if the format is a table.
func (f Format) SeqOf(row []byte, values [][]byte) (jobs.Seq, bool) {
	var text string
	switch {
	case f == FormatJSONL:
		_, meta, ok := cutMeta(row)
		if !ok {
			return 0, false
		}
		text = meta.Get(metaColumns[0]).Raw
	case len(values) >= len(metaColumns):
		text = string(values[len(values)-len(metaColumns)])
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return jobs.Seq(n), err == nil
}

// EndOf tells which record a row of results is about, and how that ended; see SeqOf.
func (f Format) EndOf(row []byte, values [][]byte) (seq jobs.Seq, status jobs.Status, ok bool) {
	if seq, ok = f.SeqOf(row, values); !ok {
		return 0, 0, false
	}
	var word string
	if f == FormatJSONL {
		at := bytes.LastIndex(row, metaStart)
		word = gjson.GetBytes(slices.Concat([]byte{'{'}, row[at:]), metaColumns[1]).String()
	} else {
		word = string(values[len(values)-len(metaColumns)+1])
	}
	status, err := jobs.ParseStatus(word)
	return seq, status, err == nil
}

// metaStart is where the engine's members begin in a row of JSON. Inside a
// string its quotes would be escaped, and nothing of the job's comes after it.
var metaStart = []byte(`"` + metaColumns[0] + `":`)

// cutMeta returns the engine's own members at the end of a row of JSON, as an object, and
// what stands before them; or that the row does not end with them, all of them.
func cutMeta(row []byte) (before []byte, meta gjson.Result, ok bool) {
	at := bytes.LastIndex(row, metaStart)
	if at < 0 {
		return nil, meta, false
	}
	end := slices.Concat([]byte{'{'}, row[at:])
	if !gjson.ValidBytes(end) {
		return nil, meta, false
	}
	meta = gjson.ParseBytes(end)
	n := 0
	ok = true
	meta.ForEach(func(name, _ gjson.Result) bool {
		ok = n < len(metaColumns) && name.Str == metaColumns[n]
		n++
		return ok
	})
	return row[:at], meta, ok && n == len(metaColumns)
}

// WithoutOwn returns a row of JSON without the engine's own members and without the brace at its end.
func WithoutOwn(row []byte) []byte {
	before, _, ok := cutMeta(row)
	if !ok {
		return bytes.TrimSuffix(bytes.TrimSpace(row), []byte{'}'})
	}
	return bytes.TrimSuffix(before, []byte{','})
}

// With returns a row of results in which columns have other values, by their names. Of two columns of one name it is
// the last, as those of a job stand behind those of the input. A table has no place for a column that it has not;
// an object gets it.
func (f Format) With(row []byte, values [][]byte, columns []string, changed map[string]string) ([]byte, [][]byte) {
	if len(changed) == 0 {
		return row, values
	}
	if f == FormatJSONL {
		return withMembers(row, changed), values
	}
	values = slices.Clone(values)
	left := maps.Clone(changed)
	for i, name := range slices.Backward(columns) {
		if v, ok := left[name]; ok && i < len(values) {
			values[i] = []byte(v)
			delete(left, name)
		}
	}
	return row, values
}

// withMembers is With of an object.
func withMembers(row []byte, changed map[string]string) []byte {
	before, _, ok := cutMeta(row)
	if !ok {
		return row
	}
	last := make(map[string]int)
	n := 0
	object := slices.Concat(bytes.TrimSuffix(before, []byte{','}), []byte{'}'})
	gjson.ParseBytes(object).ForEach(func(name, _ gjson.Result) bool {
		last[name.Str] = n
		n++
		return true
	})
	out := []byte{'{'}
	n = 0
	gjson.ParseBytes(object).ForEach(func(name, v gjson.Result) bool {
		out = append(append(out, name.Raw...), ':')
		if text, other := changed[name.Str]; other && last[name.Str] == n {
			out = jobs.AppendJSONString(out, []byte(text))
		} else {
			out = append(out, v.Raw...)
		}
		out = append(out, ',')
		n++
		return true
	})
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		if _, there := last[name]; !there {
			out = append(jobs.AppendJSONString(append(jobs.AppendJSONString(out, []byte(name)), ':'), []byte(changed[name])), ',')
		}
	}
	return append(out, row[len(before):]...)
}

// Row is what With has returned as a row, with its line end.
func (f Format) Row(row []byte, values [][]byte) []byte {
	if f == FormatJSONL {
		return append(row[:len(row):len(row)], '\n')
	}
	delim := byte(',')
	if f == FormatTSV {
		delim = '\t'
	}
	return AppendTableRow(nil, delim, values)
}

// Patch returns a row of results with another status, class and error, as SeqOf
// has taken it.
func (f Format) Patch(row []byte, values [][]byte, status jobs.Status, class jobs.Class, text string) []byte {
	if f == FormatJSONL {
		before, meta, _ := cutMeta(row)
		out := append([]byte(nil), before...)
		out = append(append(out, metaStart...), meta.Get(metaColumns[0]).Raw...)
		out = jobs.AppendJSONString(appendName(out, metaColumns[1]), []byte(status.String()))
		out = jobs.AppendJSONString(appendName(out, metaColumns[2]), []byte(class))
		out = jobs.AppendJSONString(appendName(out, metaColumns[3]), []byte(text))
		for _, name := range metaColumns[4:] {
			out = append(appendName(out, name), meta.Get(name).Raw...)
		}
		return append(out, '}', '\n')
	}
	values = slices.Clone(values)
	meta := values[len(values)-len(metaColumns):]
	meta[1], meta[2], meta[3] = []byte(status.String()), []byte(class), []byte(text)
	return f.Row(nil, values)
}
