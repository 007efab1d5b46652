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
	dst = e.appendMembers(dst, rec)
	for i, c := range e.columns {
		dst = appendName(dst, c.Name)
		var v []byte
		if i < len(o.Values) {
			v = o.Values[i]
		}
		switch {
		case c.JSON && len(v) == 0:
			dst = append(dst, "null"...)
		case c.JSON && isJSON(v, jobs.DepthLimit-1): // it stands in an object
			dst = jobs.AppendOneLine(dst, v)
		default:
			dst = jobs.AppendJSONString(dst, v)
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

func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(jobs.AppendJSONString(dst, []byte(name)), ':')
}

// appendMembers appends the input's columns.
func (e *Encoder) appendMembers(dst []byte, rec *jobs.Record) []byte {
	if e.shape.Kind != jobs.Objects {
		for _, i := range e.keep {
			dst = jobs.AppendJSONString(appendName(dst, e.shape.Columns[i]), rec.Value(i))
		}
		return dst
	}
	raw := rec.Raw
	if !utf8.Valid(raw) { // a bad line, which is shown all the same
		raw = bytes.ToValidUTF8(raw, []byte("\ufffd"))
	}
	if !isJSON(raw, jobs.DepthLimit) {
		return dst // another; the error says what is wrong with it
	}
	obj := gjson.ParseBytes(raw)
	if !obj.IsObject() {
		return dst // a list, say, which has no members
	}
	obj.ForEach(func(k, v gjson.Result) bool {
		if !slices.Contains(e.taken, k.Str) {
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(append(dst, k.Raw...), ':')
			dst = jobs.AppendOneLine(dst, v.Raw)
		}
		return true
	})
	return dst
}

// isJSON reports whether v can stand in a row as it is: a JSON value in UTF-8, as RFC 8259
// has it, nested no deeper than depth. A job's word for it is not taken:
// a row that cannot be read spoils the file for those who read all of it.
func isJSON(v []byte, depth int) bool {
	return jobs.TooDeep(v, depth) < 0 && utf8.Valid(v) && gjson.ValidBytes(v)
}
