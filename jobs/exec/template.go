package exec

import (
	"brood/jobs"
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// partKind is what a part of an argument stands for.
type partKind uint8

const (
	partLiteral partKind = iota
	partColumn           // {name}, or {N} for the Nth column
	partLine             // {}
	partSeq              // {#}, from 1
	partSeqZero          // {#} of a run that was begun when it counted from 0
	partSlot             // {%}
	partNth              // {2} or {-1} of a record that is a group of lines
)

// taking is what of a value is taken, as of the name of a file.
type taking uint8

const (
	takeAll       taking = iota
	takeNoExt            // {.}, {name.}
	takeBase             // {/}, {name/}
	takeDir              // {//}, {name//}
	takeBaseNoExt        // {/.}, {name/.}
)

// takings is how they are written, behind a column or alone. Whoever tries them one after the
// other finds the longest first.
var takings = [...]string{takeAll: "", takeDir: "//", takeBaseNoExt: "/.", takeBase: "/", takeNoExt: "."}

type part struct {
	kind partKind
	take taking
	text string // the literal, the column's name, or what stands for {}
	nth  int    // of partNth, from 1; from the end if it is negative
	// dashless says that a value that begins with a dash would be an option that
	// runs code (see codeIn), or that nobody has said that it may be one.
	dashless bool
	// appended says that the user has not written it: it was put behind the command.
	appended bool
}

// counted says that the value is a number of brood's own.
func (p *part) counted() bool {
	return p.kind == partSeq || p.kind == partSeqZero || p.kind == partSlot
}

// String is the placeholder as it may be written.
func (p *part) String() string {
	switch p.kind {
	case partColumn:
		return "{" + p.text + takings[p.take] + "}"
	case partLine:
		if p.text != "" {
			return p.text
		}
		return "{" + takings[p.take] + "}"
	case partNth:
		return "{" + strconv.Itoa(p.nth) + takings[p.take] + "}"
	case partSeq, partSeqZero:
		return "{#}"
	case partSlot:
		return "{%}"
	default:
		return p.text
	}
}

// template is one argument with its placeholders found.
type template []part

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
		if p.kind == partLine || p.kind == partNth {
			return true
		}
	}
	return false
}

var errZeroByte = errors.New("a value holds a zero byte, which no argument can")

// fill is the argument for one record. With quote, every value is quoted for a
// POSIX shell.
func (t template) fill(rec *jobs.Record, slot int, quote bool) ([]byte, error) {
	return t.appendOne(nil, rec, whole(rec), slot, quote)
}

// appendOne appends it, with what {} stands for.
func (t template) appendOne(dst []byte, rec *jobs.Record, value []byte, slot int, quote bool) ([]byte, error) {
	for i := range t {
		p := &t[i]
		var v []byte
		there := true
		switch p.kind {
		case partLiteral:
			dst = append(dst, p.text...)
			continue
		case partColumn:
			v, _ = rec.Lookup(p.text)
		case partLine:
			if quote && rec.Shape.Join != "" {
				var err error
				if dst, err = p.appendAll(dst, rec); err != nil {
					return dst, err
				}
				continue
			}
			v = value
		case partNth:
			v, there = nth(rec, p.nth)
		case partSeq:
			v = strconv.AppendUint(nil, uint64(rec.Seq)+1, 10)
		case partSeqZero:
			v = strconv.AppendUint(nil, uint64(rec.Seq), 10)
		case partSlot:
			v = strconv.AppendInt(nil, int64(slot), 10)
		}
		if !there {
			continue
		}
		var err error
		if dst, err = p.append(dst, v, quote && !p.counted()); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// append appends what is taken of a value.
func (p *part) append(dst, v []byte, quote bool) ([]byte, error) {
	if bytes.IndexByte(v, 0) >= 0 {
		return dst, errZeroByte
	}
	v = p.take.of(v)
	if p.dashless && len(v) > 0 && v[0] == '-' {
		return dst, p.dashError()
	}
	if quote {
		return appendQuoted(dst, v), nil
	}
	return append(dst, v...), nil
}

// dashError says why a value that begins with a dash is not given to a program.
func (p *part) dashError() error {
	if p.appended {
		return errors.New("the record begins with a dash, and the program may take it for an option; write {} where it belongs, behind -- if the program knows that")
	}
	return fmt.Errorf("the value of %s begins with a dash, and the program would take it for an option; put -- before %s", p.String(), p.String())
}

// of is what is taken of a value.
func (t taking) of(v []byte) []byte {
	switch t {
	case takeNoExt:
		return noExt(v)
	case takeBase:
		return base(v)
	case takeDir:
		return dir(v)
	case takeBaseNoExt:
		return noExt(base(v))
	default:
		return v
	}
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
