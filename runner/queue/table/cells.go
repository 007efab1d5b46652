package table

import (
	"brood/jobs"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// kind is what a column has, and how that is written in a job's body.
type kind uint8

const (
	ofText    kind = iota
	ofNumber       // as the database writes it
	ofSingle       // a number of 32 bits, which the database writes with 64
	ofBool         // true or false, also as 1 or 0
	ofInstant      // a point in time, in UTC
	ofMoment       // a date and time of no zone
	ofEpoch        // a point in time, as seconds since 1970
	ofBytes        // text if they are UTF-8, and otherwise base64
	ofJSON         // as it is
	ofAny          // SQLite's columns of no type: each value has its own
)

// appendRow appends a job's body: an object of the columns' cells.
func appendRow(dst []byte, columns []*column, cells []any) []byte {
	dst = append(dst, '{')
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jobs.AppendJSONString(dst, []byte(c.name))
		dst = append(dst, ':')
		dst = appendCell(dst, c.kind, cells[i])
	}
	return append(dst, '}')
}

// appendCell appends a value as JSON. What is not what its column promises is text.
func appendCell(dst []byte, k kind, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case int64:
		if k == ofBool && (v == 0 || v == 1) {
			return strconv.AppendBool(dst, v == 1)
		}
		if k == ofEpoch {
			return appendText(dst, k, strconv.AppendInt(nil, v, 10))
		}
		return strconv.AppendInt(dst, v, 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Appendf(dst, "%q", fmt.Sprint(v))
		}
		if k == ofSingle {
			return appendFloat(dst, v, 32)
		}
		return appendFloat(dst, v, 64)
	case bool:
		return strconv.AppendBool(dst, v)
	case []byte:
		if k == ofAny {
			k = ofBytes
		}
		return appendText(dst, k, v)
	case string:
		return appendText(dst, k, []byte(v))
	default:
		return jobs.AppendJSONString(dst, fmt.Append(nil, v))
	}
}

func appendText(dst []byte, k kind, v []byte) []byte {
	switch k {
	case ofNumber:
		if n := bytes.TrimLeft(v, "0"); len(n) < len(v) { // MySQL's ZEROFILL
			if len(n) == 0 || n[0] == '.' || n[0] == 'e' {
				n = v[len(v)-len(n)-1:]
			}
			if isNumber(n) {
				return append(dst, n...)
			}
		}
		if isNumber(v) {
			return append(dst, v...)
		}
	case ofSingle:
		if f, err := strconv.ParseFloat(string(v), 32); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return appendFloat(dst, f, 32)
		}
	case ofBool:
		switch string(v) {
		case "t", "true", "1":
			return append(dst, "true"...)
		case "f", "false", "0":
			return append(dst, "false"...)
		}
	case ofInstant, ofMoment:
		return jobs.AppendJSONString(dst, []byte(rfc3339(string(v), k == ofInstant)))
	case ofEpoch:
		if t, ok := epoch(string(v)); ok {
			return jobs.AppendJSONString(dst, []byte(t))
		}
	case ofBytes:
		if !utf8.Valid(v) {
			return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v), '"')
		}
	case ofJSON:
		if json.Valid(v) {
			return jobs.AppendOneLine(dst, v)
		}
	case ofText, ofAny:
	}
	return jobs.AppendJSONString(dst, v)
}

// appendFloat appends the shortest text that is this number, as JSON has them (RFC 8259, section 6).
func appendFloat(dst []byte, f float64, bits int) []byte {
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

// isNumber reports whether a text is a number as JSON has them.
func isNumber(v []byte) bool {
	return len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') && v[len(v)-1] >= '0' && v[len(v)-1] <= '9' && json.Valid(v)
}

// rfc3339 makes of YYYY-MM-DD HH:MM:SS[.F] the form of RFC 3339, with a Z if it is in UTC; any other text is left as it is.
func rfc3339(v string, utc bool) string {
	const form = "0000-00-00 00:00:00"
	if len(v) < len(form) {
		return v
	}
	for i := range len(form) {
		if digit := v[i] >= '0' && v[i] <= '9'; digit != (form[i] == '0') || !digit && v[i] != form[i] && (i != 10 || v[i] != 'T') {
			return v
		}
	}
	rest := v[len(form):]
	if rest != "" && (rest[0] != '.' || len(rest) == 1 || strings.Trim(rest[1:], "0123456789") != "") {
		return v
	}
	if rest = strings.TrimRight(rest, "0"); rest == "." {
		rest = ""
	}
	out := v[:10] + "T" + v[11:len(form)] + rest
	if utc {
		out += "Z"
	}
	return out
}

// epoch reads seconds since 1970, with a fraction.
func epoch(v string) (string, bool) {
	whole, part, _ := strings.Cut(v, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || sec < 0 || sec > 253402300799 || len(part) > 9 || strings.Trim(part, "0123456789") != "" {
		return "", false
	}
	nano := int64(0)
	if part != "" {
		nano, _ = strconv.ParseInt(part+strings.Repeat("0", 9-len(part)), 10, 64)
	}
	return time.Unix(sec, nano).UTC().Format(time.RFC3339Nano), true
}
