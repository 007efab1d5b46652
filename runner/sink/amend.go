package sink

import (
	"brood/jobs"
	"bytes"
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
	delim := byte(',')
	if f == FormatTSV {
		delim = '\t'
	}
	values = slices.Clone(values)
	meta := values[len(values)-len(metaColumns):]
	meta[1], meta[2], meta[3] = []byte(status.String()), []byte(class), []byte(text)
	return AppendTableRow(nil, delim, values)
}
