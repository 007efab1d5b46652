package sepa

import (
	"bytes"
	"encoding/xml"
)

// markup is XML that is written element by element, two blanks deeper in each.
type markup struct {
	bytes.Buffer
	open []string
}

func (m *markup) indent() {
	m.WriteByte('\n')
	for range m.open {
		m.WriteString("  ")
	}
}

// begin opens elements, each within the one before.
func (m *markup) begin(names ...string) {
	for _, name := range names {
		m.indent()
		m.WriteString("<" + name + ">")
		m.open = append(m.open, name)
	}
}

// end closes as many.
func (m *markup) end(n int) {
	for range n {
		name := m.open[len(m.open)-1]
		m.open = m.open[:len(m.open)-1]
		m.indent()
		m.WriteString("</" + name + ">")
	}
}

// leaf writes an element with a text; with none it writes nothing.
func (m *markup) leaf(name, text string) {
	if text != "" {
		m.with(name, "", text)
	}
}

// with writes an element with an attribute, as in ` Ccy="EUR"`, and a text. Texts are spelt with characters that need no escape;
// they are escaped nonetheless, so that what may stand in them is decided in one place only.
func (m *markup) with(name, attribute, text string) {
	m.indent()
	m.WriteString("<" + name + attribute + ">")
	_ = xml.EscapeText(m, []byte(text)) // a buffer takes all
	m.WriteString("</" + name + ">")
}

// path writes a leaf within elements of its own.
func (m *markup) path(text string, names ...string) {
	if text == "" {
		return
	}
	last := len(names) - 1
	m.begin(names[:last]...)
	m.leaf(names[last], text)
	m.end(last)
}
