package sink

import (
	"brood/jobs"
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

func (e *Encoder) appendObject(dst []byte, rec *jobs.Record, o *Outcome) []byte {
	dst = append(dst, '{')
	dst, placed := e.appendMembers(dst, rec, o)
	for i, c := range e.columns {
		if placed == nil || !placed[i] {
			dst = e.appendValue(appendName(dst, c.Name), i, o)
		}
	}
	dst = strconv.AppendUint(appendName(dst, "_seq"), uint64(rec.Seq), 10)
	dst = jobs.AppendJSONString(appendName(dst, "_status"), []byte(o.Status.String()))
	dst = jobs.AppendJSONString(appendName(dst, "_class"), []byte(o.Class))
	dst = jobs.AppendJSONString(appendName(dst, "_error"), []byte(o.Error))
	dst = strconv.AppendInt(appendName(dst, "_attempts"), int64(o.Attempts), 10)
	dst = strconv.AppendInt(appendName(dst, "_ms"), o.Elapsed.Milliseconds(), 10)
	return append(dst, '}', '\n')
}

// appendValue appends the value of a column of the job.
func (e *Encoder) appendValue(dst []byte, i int, o *Outcome) []byte {
	var v []byte
	if i < len(o.Values) {
		v = o.Values[i]
	}
	switch c := &e.columns[i]; {
	case c.JSON && len(v) == 0:
		return append(dst, "null"...)
	case c.JSON && isJSON(v, jobs.DepthLimit-1): // it stands in an object
		return jobs.AppendOneLine(dst, v)
	}
	return jobs.AppendJSONString(dst, v)
}

func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(jobs.AppendJSONString(dst, []byte(name)), ':')
}

// appendMembers appends the input's columns, and in their place those of the job that replace them. It
// returns which of the job's these are; nil: none.
func (e *Encoder) appendMembers(dst []byte, rec *jobs.Record, o *Outcome) ([]byte, []bool) {
	if e.shape.Kind != jobs.Objects {
		for k, i := range e.keep {
			dst = appendName(dst, e.shape.Columns[i])
			at, v := e.instead[k], rec.Value(i)
			switch {
			case at >= 0 && at < len(o.Values):
				dst = e.appendValue(dst, at, o)
			case at >= 0 && e.columns[at].JSON && isJSON(v, jobs.DepthLimit-1): // of the type that it has beside
				dst = jobs.AppendOneLine(dst, v)
			default:
				dst = jobs.AppendJSONString(dst, v)
			}
		}
		return dst, e.placed
	}
	raw := rec.Raw
	if !utf8.Valid(raw) { // a bad line, which is shown all the same
		raw = bytes.ToValidUTF8(raw, []byte("\ufffd"))
	}
	if !isJSON(raw, jobs.DepthLimit) {
		return dst, nil // another; the error says what is wrong with it
	}
	obj := gjson.ParseBytes(raw)
	if !obj.IsObject() {
		return dst, nil // a list, say, which has no members
	}
	var placed []bool
	obj.ForEach(func(k, v gjson.Result) bool {
		if slices.Contains(e.taken, k.Str) {
			return true
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(append(dst, k.Raw...), ':')
		at := e.replacing(k.Str)
		if at >= 0 && placed == nil {
			placed = make([]bool, len(e.columns))
		}
		switch {
		case at < 0:
			dst = jobs.AppendOneLine(dst, v.Raw)
		case at < len(o.Values):
			dst = e.appendValue(dst, at, o)
			placed[at] = true
		default: // as it was
			dst = jobs.AppendOneLine(dst, v.Raw)
			placed[at] = true
		}
		return true
	})
	return dst, placed
}

// isJSON reports whether v can stand in a row as it is: a JSON value in UTF-8, as RFC 8259
// has it, nested no deeper than depth. A job's word for it is not taken:
// a row that cannot be read spoils the file for those who read all of it.
func isJSON(v []byte, depth int) bool {
	return jobs.TooDeep(v, depth) < 0 && utf8.Valid(v) && gjson.ValidBytes(v)
}
