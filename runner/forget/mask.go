package forget

import (
	"brood/jobs"
	"brood/runner/ledger"
	"bytes"

	"github.com/tidwall/gjson"
)

// What is masked in a copy of the dataset keeps its length, so that no other record moves: the mark stands there, filled up
// or cut, and what separates and quotes fields and rows stays where it was.

// fill is what stands in place of n bytes of text.
func fill(n int) []byte {
	mark := ledger.ForgottenMark
	if n < len(mark) {
		return bytes.Repeat([]byte{'-'}, n)
	}
	return append([]byte(mark), bytes.Repeat([]byte{'.'}, n-len(mark))...)
}

// maskText masks text in place, but for line ends and zero bytes, which separate.
func maskText(b []byte) {
	for len(b) > 0 {
		n := bytes.IndexAny(b, "\n\r\x00")
		if n < 0 {
			n = len(b)
		}
		copy(b, fill(n))
		b = b[min(n+1, len(b)):]
	}
}

// maskTable masks fields of a row of a table, and rows behind it, in place. Keep says of a column, by its place, whether it
// stays; width is how many there are.
func maskTable(row []byte, delimiter byte, width int, keep func(int) bool) {
	column := 0
	for at := 0; at < len(row); {
		from, end := at, fieldEnd(row, at, delimiter)
		if column >= width || !keep(column) {
			maskField(row[from:end])
		}
		if end >= len(row) {
			return
		}
		column++
		if row[end] == '\n' {
			column = 0
		}
		at = end + 1
	}
}

// fieldEnd is where a field ends that begins at a place: at the delimiter, the end of the row, or that of all. Within quotes
// neither counts: RFC 4180.
func fieldEnd(row []byte, at int, delimiter byte) int {
	quoted := at < len(row) && row[at] == '"'
	if quoted {
		at++
	}
	for ; at < len(row); at++ {
		switch c := row[at]; {
		case c == '"' && quoted:
			if at+1 < len(row) && row[at+1] == '"' {
				at++
				continue
			}
			quoted = false
		case (c == delimiter || c == '\n') && !quoted:
			return at
		}
	}
	return at
}

// maskField masks a field with its quotes, which stay.
func maskField(f []byte) {
	if n := len(f); n > 0 && f[n-1] == '\r' {
		f = f[:n-1]
	}
	if n := len(f); n >= 2 && f[0] == '"' && f[n-1] == '"' {
		f = f[1 : n-1]
	}
	maskText(f)
}

// maskObject masks members of an object in place. White space follows what is shorter now.
func maskObject(object []byte, keep func(string) bool) {
	at := 0
	gjson.ParseBytes(object).ForEach(func(name, v gjson.Result) bool {
		// Nothing but white space and a colon stands between what has been passed and these.
		key := bytes.Index(object[at:], []byte(name.Raw))
		if key < 0 {
			return false
		}
		at += key + len(name.Raw)
		value := bytes.Index(object[at:], []byte(v.Raw))
		if value < 0 {
			return false
		}
		at += value
		if !keep(name.Str) {
			maskValue(object[at : at+len(v.Raw)])
		}
		at += len(v.Raw)
		return true
	})
}

// maskValue masks a JSON value in place: text is marked, anything else becomes null, or what has room.
func maskValue(v []byte) {
	with := "null"
	switch {
	case v[0] == '"' && len(v) >= len(ledger.ForgottenMark)+2:
		with = `"` + ledger.ForgottenMark + `"`
	case v[0] == '"':
		with = `""`
	case len(v) < len(with) && v[0] == '{':
		with = "{}"
	case len(v) < len(with) && v[0] == '[':
		with = "[]"
	case len(v) < len(with):
		with = "0"
	}
	n := copy(v, with)
	for i := range v[n:] {
		v[n+i] = ' '
	}
}

// maskOf masks a record in place as it stands in its dataset.
func maskOf(raw []byte, s *jobs.Shape, table bool, delimiter byte, bad bool, keep func(string) bool) {
	switch {
	case bad || s.Kind == jobs.Lines || s.Kind == jobs.Fields && !table:
		maskText(raw)
	case s.Kind == jobs.Objects:
		maskObject(raw, keep)
	default:
		maskTable(raw, delimiter, len(s.Columns), func(i int) bool { return keep(s.Columns[i]) })
	}
}
