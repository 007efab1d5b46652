package runfile

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// item is a table's head, or a key with its value, of a file.
type item struct {
	path  []string // with the table that it stands in
	at    Position // of its last key
	value *value   // nil: it is a table
}

// form is the type of a value as TOML has it.
type form string

const (
	formText    form = "a text"
	formSwitch  form = "true or false"
	formWhole   form = "a whole number"
	formNumber  form = "a number"
	formTime    form = "a time of day or a date"
	formList    form = "a list"
	formTable   form = "a table"
	formUnknown form = "something unknown"
)

// value is one of a file.
type value struct {
	form form
	text string // as it stands there; of a text what that says
	list []value
	at   Position
}

var mark = []byte("\ufeff") // that some editors put before a text in UTF-8

// syntaxError is what TOML itself forbids.
type syntaxError struct {
	at   Position
	text string
}

func (e *syntaxError) Error() string { return e.text }

// walk calls do for all that stands in a file, in its order. What TOML forbids is an error, of which
// the part before it may have been walked over.
func walk(text []byte, do func(*item)) error {
	text = bytes.TrimPrefix(text, mark)
	w := walker{text: text}
	p := &unstable.Parser{}
	p.Reset(text)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		keys, at := w.keys(e.Key())
		switch e.Kind {
		case unstable.Table:
			table = keys
			do(&item{path: keys, at: at})
		case unstable.ArrayTable:
			table = keys
			do(&item{path: keys, at: at, value: &value{form: formTable, at: at}})
		case unstable.KeyValue:
			v := w.value(e.Value(), at)
			do(&item{path: append(table[:len(table):len(table)], keys...), at: at, value: &v})
		default:
		}
	}
	return syntax(text)
}

// syntax checks all that TOML asks for, also what shows only between two places: a key that is there twice.
func syntax(text []byte) error {
	var all any
	err := toml.Unmarshal(text, &all)
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		if err != nil {
			return &syntaxError{at: Position{1, 1}, text: trimmed(err)}
		}
		return nil
	}
	line, column := wrong.Position()
	at := Position{max(line, 1), max(column, 1)}
	if lines := bytes.SplitN(text, []byte("\n"), at.Line+1); at.Line <= len(lines) {
		at.Column = characters(lines[at.Line-1], at.Column-1)
	}
	return &syntaxError{at: at, text: trimmed(wrong)}
}

// characters is in which character of a line a byte is, from 1.
func characters(line []byte, offset int) int {
	n := 0
	for len(line) > 0 && offset >= 0 {
		_, size := utf8.DecodeRune(line)
		line, offset = line[size:], offset-size
		n++
	}
	if offset >= 0 { // behind the end
		n++
	}
	return n
}

func trimmed(err error) string {
	return string(bytes.TrimPrefix([]byte(err.Error()), []byte("toml: ")))
}

// walker knows where things stand.
type walker struct {
	text []byte
	// What was counted last, as positions are asked for from the beginning to the end.
	offset    int
	line, col int
}

// position is that of a byte.
func (w *walker) position(offset int) Position {
	if w.line == 0 || offset < w.offset {
		w.offset, w.line, w.col = 0, 1, 1
	}
	for w.offset < offset && w.offset < len(w.text) {
		if w.text[w.offset] == '\n' {
			w.line, w.col = w.line+1, 0
		}
		_, n := utf8.DecodeRune(w.text[w.offset:])
		w.offset += n
		w.col++
	}
	return Position{w.line, w.col}
}

// keys are the parts of a key with dots, and where the last of them stands.
func (w *walker) keys(it unstable.Iterator) (keys []string, at Position) {
	for it.Next() {
		keys = append(keys, string(it.Node().Data))
		at = w.position(int(it.Node().Raw.Offset))
	}
	return keys, at
}

// value takes over a value. A list has no place of its own: it is that of its key.
func (w *walker) value(n *unstable.Node, at Position) value {
	v := value{form: formUnknown, text: string(n.Data), at: at}
	if n.Raw.Length > 0 {
		v.at = w.position(int(n.Raw.Offset))
	}
	switch n.Kind {
	case unstable.String:
		v.form = formText
	case unstable.Bool:
		v.form = formSwitch
	case unstable.Integer:
		v.form = formWhole
	case unstable.Float:
		v.form = formNumber
	case unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		v.form = formTime
	case unstable.InlineTable:
		v.form = formTable
	case unstable.Array:
		v.form = formList
		for it := n.Children(); it.Next(); {
			if c := it.Node(); c.Kind == unstable.Array { // lists in a list are none of ours, however deep
				v.list = append(v.list, value{form: formList, at: at})
			} else {
				v.list = append(v.list, w.value(c, at))
			}
		}
	default:
	}
	return v
}
