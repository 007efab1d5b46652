package query

import (
	"brood/jobs"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// kind is how the text that a database writes for a value becomes JSON.
type kind uint8

const (
	text    kind = iota
	integer      // digits
	float        // of eight bytes, or four
	truth        // t, f
	moment       // with a zone: 2026-11-30 15:04:05.25+00
	local        // without one
	document
	bits // an integer in bytes, the highest first
)

// safe is the biggest integer that is one in a double, with its neighbours (RFC 8259, section 6).
const safe = 1<<53 - 1

func appendString(dst, s []byte) []byte { return jobs.AppendJSONString(dst, s) }

// appendText appends what a database wrote, as its kind has it. What is not of the form of its kind is a string as it is.
func appendText(dst, s []byte, k kind) []byte {
	switch k {
	case integer:
		if n, err := strconv.ParseInt(string(s), 10, 64); err == nil {
			return appendInt(dst, n)
		}
	case float:
		if f, err := strconv.ParseFloat(string(s), 64); err == nil && json.Valid(s) && !math.IsInf(f, 0) {
			return append(dst, s...)
		}
	case truth:
		if len(s) == 1 && s[0] == 't' {
			return append(dst, "true"...)
		} else if len(s) == 1 && s[0] == 'f' {
			return append(dst, "false"...)
		}
	case moment, local:
		return appendMoment(dst, s, k == moment)
	case document:
		if len(s) > 0 && utf8.Valid(s) {
			buf := bytes.NewBuffer(dst)
			if json.Compact(buf, s) == nil { // which leaves dst's part as it is
				return buf.Bytes()
			}
		}
	case bits:
		if len(s) > 0 && len(s) <= 8 {
			var n uint64
			for _, b := range s {
				n = n<<8 | uint64(b)
			}
			if n <= safe {
				return strconv.AppendUint(dst, n, 10)
			}
			return append(strconv.AppendUint(append(dst, '"'), n, 10), '"')
		}
	case text:
	}
	return appendBytes(dst, s)
}

// appendBytes appends UTF-8 as a string, and anything else as base64.
func appendBytes(dst, s []byte) []byte {
	if utf8.Valid(s) {
		return appendString(dst, s)
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, s)
	return append(dst, '"')
}

func appendInt(dst []byte, n int64) []byte {
	if n >= -safe && n <= safe {
		return strconv.AppendInt(dst, n, 10)
	}
	return append(strconv.AppendInt(append(dst, '"'), n, 10), '"')
}

// appendFloat appends the shortest number that is the same double.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(strconv.AppendFloat(append(dst, '"'), f, 'g', -1, 64), '"')
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// appendMoment makes RFC 3339 of YYYY-MM-DD HH:MM:SS[.f][+00]; what is not of that form, such as infinity or a year
// before 1, stays as it is.
func appendMoment(dst, s []byte, zoned bool) []byte {
	t := bytes.TrimSuffix(bytes.TrimSuffix(s, []byte("+00")), []byte("Z"))
	if len(t) < len("2026-11-30 15:04:05") {
		return appendBytes(dst, s)
	}
	var buf [40]byte
	out := append(buf[:0], t...)
	if out[10] == ' ' {
		out[10] = 'T'
	}
	if _, err := time.Parse("2006-01-02T15:04:05.999999999", string(out)); err != nil {
		return appendBytes(dst, s)
	}
	if zoned {
		out = append(out, 'Z')
	}
	return appendString(dst, out)
}
