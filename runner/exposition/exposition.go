// Package exposition writes metrics in the text format of Prometheus, version 0.0.4: for each
// family a line with its help, one with its kind, and a line for each sample,
//
//	# HELP brood_workers Workers that live.
//	# TYPE brood_workers gauge
//	brood_workers{job="exec",run="m"} 2
//
// The client library does that as well, but brings protocol buffers, a registry and a reader of
// /proc along, whose tables every process of brood would make at its start, whether anybody
// looks at metrics or not. Its parser reads in a test what is written here.
package exposition

import (
	"slices"
	"strconv"
	"strings"
)

// ContentType is what a server says that it sends.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Kind is what a family measures.
type Kind string

// The kinds there are.
const (
	Counter       Kind = "counter"
	Gauge         Kind = "gauge"
	histogramKind Kind = "histogram"
)

// Label is a name with its value.
type Label struct{ Name, Value string }

// Page is what one question is answered with. The samples of a family follow its beginning.
type Page struct {
	b      []byte
	name   string  // of the family that was begun last
	common []Label // of each sample, in order
}

// NewPage is an empty page. The labels are those of all its samples.
func NewPage(common ...Label) *Page {
	return &Page{common: slices.SortedFunc(slices.Values(common), byName)}
}

// Bytes is the page as far as it is written.
func (p *Page) Bytes() []byte { return p.b }

func byName(a, b Label) int { return strings.Compare(a.Name, b.Name) }

// Begin begins a family.
func (p *Page) Begin(name string, kind Kind, help string) {
	p.name = name
	p.b = append(p.b, "# HELP "+name+" "+escapeHelp.Replace(help)+"\n# TYPE "+name+" "+string(kind)+"\n"...)
}

// Sample is a value of the family.
func (p *Page) Sample(v float64, labels ...Label) {
	labels = append(labels, p.common...)
	slices.SortFunc(labels, byName)
	p.line("", v, labels)
}

// One is a family with one sample.
func (p *Page) One(name string, kind Kind, help string, v float64) {
	p.Begin(name, kind, help)
	p.Sample(v)
}

// line writes a sample as it stands.
func (p *Page) line(suffix string, v float64, labels []Label) {
	p.b = append(append(p.b, p.name...), suffix...)
	for i, l := range labels {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		p.b = append(p.b, before)
		p.b = append(p.b, l.Name+`="`+escapeValue.Replace(l.Value)+`"`...)
	}
	if len(labels) > 0 {
		p.b = append(p.b, '}')
	}
	p.b = append(append(append(p.b, ' '), number(v)...), '\n')
}

// number writes a value as short as it can be read back.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeValue = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)
