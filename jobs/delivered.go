package jobs

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// A job of a queue is an object: first the member JobColumn, then the members of its
// body, or, if that is no object, its text as the member LineColumn.

// Whole is the record as whoever wrote it has it: of a job of a queue its body, which is its text where it is no JSON object.
// One whose only member is LineColumn, a string, cannot be told from such a text, and is taken for it.
func (r *Record) Whole() []byte {
	if !r.Shape.Queued {
		return r.Raw
	}
	first, rest, ok := cutMember(r.Raw)
	if !ok || first != JobColumn {
		return r.Raw
	}
	if name, after, ok := cutMember(rest); ok && name == LineColumn && string(after) == "{}" {
		if text := gjson.GetBytes(rest, LineColumn); text.Type == gjson.String {
			return []byte(text.Str)
		}
	}
	return rest
}

// cutMember takes the first member off an object, and returns the object without it.
func cutMember(object []byte) (name string, rest []byte, ok bool) {
	object = bytes.TrimSpace(object)
	if len(object) == 0 || object[0] != '{' {
		return "", nil, false
	}
	end := 0
	gjson.ParseBytes(object).ForEach(func(k, v gjson.Result) bool {
		name, end, ok = k.Str, v.Index+len(v.Raw), true
		return false
	})
	if !ok || end <= 0 || end > len(object) {
		return "", nil, false
	}
	inner := bytes.TrimLeft(object[end:], " \t\r\n,")
	return name, append(append(make([]byte, 0, len(inner)+1), '{'), inner...), true
}

// TextOnly reports whether the jobs of a queue are plain text, by the first one.
func (s *Shape) TextOnly() bool {
	return s.Queued && len(s.Columns) == 2 && s.Columns[0] == JobColumn && s.Columns[1] == LineColumn
}
