package fill

import (
	"brood/jobs"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// appendValue appends a value as the place asks for.
func (t *Template) appendValue(dst []byte, p *part, v []byte, rec *jobs.Record) ([]byte, error) {
	switch t.escape {
	case Encoded:
		return appendPercent(dst, v), nil
	case JSON:
		return p.appendJSON(dst, v, rec)
	case XML:
		return appendXML(dst, v), nil
	case Header:
		if i := bytes.IndexFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); i >= 0 {
			return dst, fmt.Errorf("the value of %s has a control character (%q), which no header can", p.name(), v[i])
		}
	case Host:
		for _, c := range v {
			if c < utf8.RuneSelf && !isUnreserved(c) && c != ':' || c == '~' {
				return dst, fmt.Errorf("the value of %s has %q in it, which no host has", p.name(), c)
			}
		}
		if len(v) == 0 {
			return dst, fmt.Errorf("the value of %s %w", p.name(), ErrEmpty)
		}
	case Path:
		if bytes.ContainsAny(v, "/\\\x00\r\n") || len(v) == 0 || string(v) == "." || string(v) == ".." {
			return dst, fmt.Errorf("the value of %s (%.40q) is no name of a file", p.name(), v)
		}
	case Plain, URL:
	}
	return append(dst, v...), nil
}

// isUnreserved reports whether a byte stands for itself everywhere in a URL: RFC 3986, section 2.3.
func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func appendPercent(dst, v []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range v {
		if isUnreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// Encode percent-encodes a text, as a value is that stands in a URL.
func Encode(s string) string { return string(appendPercent(nil, []byte(s))) }

// appendJSON appends a value as a string, as a part of one, or, of a dataset of objects and where :json
// says so, as the JSON that it is.
func (p *part) appendJSON(dst, v []byte, rec *jobs.Record) ([]byte, error) {
	if p.quoted {
		at := len(dst)
		dst = jobs.AppendJSONString(dst, v)
		copy(dst[at:], dst[at+1:]) // without the quotes
		return dst[:len(dst)-2], nil
	}
	switch {
	case p.asJSON:
		if len(bytes.TrimSpace(v)) == 0 {
			return dst, fmt.Errorf("the value of {%s%s} %w, which is no JSON", p.text, asJSON, ErrEmpty)
		}
		if jobs.TooDeep(v, jobs.DepthLimit) >= 0 || !json.Valid(v) {
			return dst, fmt.Errorf("the value of {%s%s} (%.40q) is no JSON", p.text, asJSON, v)
		}
		return jobs.AppendOneLine(dst, v), nil
	case p.kind == number:
		return append(dst, v...), nil
	case p.kind == column && rec.Shape.Kind == jobs.Objects:
		if typed := member(rec, p.text); typed.Exists() && typed.Type != gjson.String {
			return jobs.AppendOneLine(dst, typed.Raw), nil
		}
	}
	return jobs.AppendJSONString(dst, v), nil
}

// member is a member of a record of JSON, with its type.
func member(rec *jobs.Record, name string) (found gjson.Result) {
	object := gjson.ParseBytes(rec.Object())
	if !object.IsObject() {
		return found
	}
	object.ForEach(func(k, v gjson.Result) bool {
		if k.Str == name {
			found = v
			return false
		}
		return true
	})
	return found
}

// appendXML escapes what means something in text and attributes. Control characters that XML cannot
// have become U+FFFD: XML 1.0, section 2.2.
func appendXML(dst, v []byte) []byte {
	for _, r := range string(v) {
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&#34;"...)
		case r == '\'':
			dst = append(dst, "&#39;"...)
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// CheckJSON refuses a template that gives no JSON, whatever the values are.
func (t *Template) CheckJSON() error {
	var b []byte
	for i := range t.parts {
		switch p := &t.parts[i]; {
		case p.kind == literal:
			b = append(b, p.text...)
		case p.quoted:
			b = append(b, 'x')
		case p.asJSON || p.kind == number:
			b = append(b, '0')
		default:
			b = append(b, `"x"`...)
		}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	for {
		var v json.RawMessage
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			at := min(int(d.InputOffset()), len(b))
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				at = min(int(syntax.Offset), len(b))
			}
			return fmt.Errorf("this is no JSON: %w, near %q", err, b[max(0, at-20):min(len(b), at+20)])
		}
	}
}
