package exec

import (
	"brood/jobs"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// partKind is what a part of an argument stands for.
type partKind uint8

const (
	partLiteral   partKind = iota
	partColumn             // {name}, or {N} for the Nth column
	partLine               // {}
	partNoExt              // {.}
	partBase               // {/}
	partDir                // {//}
	partBaseNoExt          // {/.}
	partSeq                // {#}
	partSlot               // {%}
)

var parts = map[string]partKind{
	"": partLine, ".": partNoExt, "/": partBase, "//": partDir, "/.": partBaseNoExt,
	"#": partSeq, "%": partSlot,
}

type part struct {
	kind partKind
	text string // the literal, or the column's name
	// dashless says that a value that begins with a dash would be an option that
	// runs code: see codeIn.
	dashless bool
}

// counted says that the value is a number of brood's own.
func (p *part) counted() bool { return p.kind == partSeq || p.kind == partSlot }

// String is the placeholder as it may be written.
func (p *part) String() string {
	if p.kind == partColumn {
		return "{" + p.text + "}"
	}
	for name, k := range parts {
		if k == p.kind {
			return "{" + name + "}"
		}
	}
	return p.text
}

// template is one argument with its placeholders found.
type template []part

// parseTemplate finds the placeholders of one argument. Braces around what can
// neither be a placeholder nor a column's name are left alone, so that awk and
// JSON can be written as they are; a backslash before "{" takes away its
// meaning.
func parseTemplate(arg string, shape *jobs.Shape) (template, error) {
	var t template
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			t = append(t, part{kind: partLiteral, text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(arg); {
		if strings.HasPrefix(arg[i:], `\{`) {
			lit.WriteByte('{')
			i += 2
			continue
		}
		if arg[i] != '{' {
			lit.WriteByte(arg[i])
			i++
			continue
		}
		end := strings.IndexByte(arg[i:], '}')
		if end < 0 {
			lit.WriteString(arg[i:])
			break
		}
		p, known, err := placeholder(arg[i+1:i+end], shape)
		if err != nil {
			return nil, err
		}
		if !known {
			lit.WriteByte('{')
			i++
			continue
		}
		flush()
		t = append(t, p)
		i += end + 1
	}
	flush()
	return t, nil
}

func placeholder(name string, shape *jobs.Shape) (part, bool, error) {
	if k, ok := parts[name]; ok {
		return part{kind: k}, true, nil
	}
	if shape.Index(name) >= 0 {
		return part{kind: partColumn, text: name}, true, nil
	}
	if n, err := strconv.Atoi(name); err == nil && n > 0 && shape.Kind != jobs.Objects {
		if n > len(shape.Columns) {
			return part{}, false, fmt.Errorf("{%d}: the dataset has %d columns: %s", n, len(shape.Columns), strings.Join(shape.Columns, ", "))
		}
		return part{kind: partColumn, text: shape.Columns[n-1]}, true, nil
	}
	if !isName(name) {
		return part{}, false, nil
	}
	if shape.Kind == jobs.Objects {
		return part{kind: partColumn, text: name}, true, nil // members may differ from object to object
	}
	if shape.Kind == jobs.Lines {
		return part{}, false, fmt.Errorf("{%s}: the dataset is plain lines, with no columns but {line}; if it is a table say so with --format csv. For a plain brace write \\{%s}", name, name)
	}
	return part{}, false, fmt.Errorf("{%s}: the dataset has no such column; it has %s. For a plain brace write \\{%s}", name, strings.Join(shape.Columns, ", "), name)
}

// isName says whether s looks as if it was meant to be a column.
func isName(s string) bool {
	for i, c := range s {
		first := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 127
		later := i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.')
		if !first && !later {
			return false
		}
	}
	return s != ""
}

func (t template) literal() bool {
	for _, p := range t {
		if p.kind != partLiteral {
			return false
		}
	}
	return true
}

func (t template) usesRaw() bool {
	for _, p := range t {
		if p.kind >= partLine && p.kind <= partBaseNoExt {
			return true
		}
	}
	return false
}

var errZeroByte = errors.New("a value holds a zero byte, which no argument can")

// appendTo appends the argument for one record. With quote, every value is
// quoted for a POSIX shell.
func (t template) appendTo(dst []byte, rec *jobs.Record, slot int, quote bool) ([]byte, error) {
	for _, p := range t {
		var v []byte
		switch p.kind {
		case partLiteral:
			dst = append(dst, p.text...)
			continue
		case partColumn:
			v, _ = rec.Lookup(p.text)
		case partLine:
			v = rec.Raw
		case partNoExt:
			v = noExt(rec.Raw)
		case partBase:
			v = base(rec.Raw)
		case partDir:
			v = dir(rec.Raw)
		case partBaseNoExt:
			v = noExt(base(rec.Raw))
		case partSeq:
			v = strconv.AppendUint(nil, uint64(rec.Seq), 10)
		case partSlot:
			v = strconv.AppendInt(nil, int64(slot), 10)
		}
		if bytes.IndexByte(v, 0) >= 0 {
			return dst, errZeroByte
		}
		if p.dashless && len(v) > 0 && v[0] == '-' {
			return dst, fmt.Errorf("the value of %s begins with a dash, and the program would take it for an option; put -- before %s", p.String(), p.String())
		}
		if quote && !p.counted() {
			dst = appendQuoted(dst, v)
		} else {
			dst = append(dst, v...)
		}
	}
	return dst, nil
}

func base(b []byte) []byte { return b[bytes.LastIndexByte(b, '/')+1:] }

func dir(b []byte) []byte {
	switch i := bytes.LastIndexByte(b, '/'); i {
	case -1:
		return []byte(".")
	case 0:
		return b[:1]
	default:
		return b[:i]
	}
}

func noExt(b []byte) []byte {
	i := bytes.LastIndexByte(b, '.')
	if i < 0 || i < bytes.LastIndexByte(b, '/') {
		return b
	}
	return b[:i]
}

// appendQuoted appends v so that a POSIX shell reads it as one word.
func appendQuoted(dst, v []byte) []byte {
	dst = append(dst, '\'')
	for _, c := range v {
		if c == '\'' {
			dst = append(dst, `'\''`...)
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '\'')
}
