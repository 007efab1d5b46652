package statement

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	deepest     = 48       // elements within each other
	longestText = 64 << 10 // of an element
)

// document reads one message: it is told of each element's begin, and of its end with the text and the currency that it
// had. Paths are the names below Document, with slashes.
type document interface {
	begin(path string)
	end(path, text, currency string, line int) error
}

const isoNamespace = "urn:iso:std:iso:20022:tech:xsd:"

// open finds the reader of a message by its namespace.
func open(namespace string, p *printer) (document, error) {
	message, ok := strings.CutPrefix(namespace, isoNamespace)
	switch {
	case !ok:
	case strings.HasPrefix(message, "pain.002."):
		return &report{p: p}, nil
	case strings.HasPrefix(message, "camt.053."), strings.HasPrefix(message, "camt.054."):
		return &booked{p: p}, nil
	case strings.HasPrefix(message, "camt.052."):
		return nil, errors.New("a camt.052 tells of the day that is not over; take the camt.053 of the evening")
	case strings.HasPrefix(message, "pain.001."), strings.HasPrefix(message, "pain.008."):
		return nil, fmt.Errorf("a %.40s is what is sent to the bank; take what the bank has sent back", message)
	}
	return nil, fmt.Errorf("a document of the kind %.80q is not known here; there are pain.002, camt.053 and camt.054 of ISO 20022", namespace)
}

// readXML reads the messages of a file; they may stand within an envelope of the bank.
func readXML(r io.Reader, p *printer) error {
	m := &meter{r: r, most: longest, beyond: "an element"}
	dec := xml.NewDecoder(m)
	dec.CharsetReader = charset
	w := &walk{p: p, dec: dec}
	for {
		token, err := dec.Token()
		line, _ := dec.InputPos()
		if err == io.EOF {
			if w.documents == 0 {
				return errors.New("there is no message of ISO 20022 in the file: no element Document")
			}
			return nil
		}
		if err == nil {
			err = w.token(token, line)
		}
		if err != nil {
			return fmt.Errorf("line %d%s: %w", line, w.where(), err)
		}
		m.past(dec.InputOffset())
	}
}

// walk is the way through a file.
type walk struct {
	p         *printer
	dec       *xml.Decoder
	documents int
	outside   int // elements of the envelope that are open
	doc       document
	lengths   []int // of the path before each element that is open
	path      []byte
	text      []byte
	currency  string
}

func (w *walk) where() string {
	if w.doc == nil {
		return ""
	}
	return ", element " + string(w.path)
}

func (w *walk) token(token xml.Token, line int) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("it has a document type, which no message of a bank has")
	case xml.StartElement:
		return w.start(t)
	case xml.CharData:
		if w.doc != nil {
			if w.text = append(w.text, t...); len(w.text) > longestText {
				return fmt.Errorf("a text of more than %d bytes", longestText)
			}
		}
	case xml.EndElement:
		return w.end(line)
	}
	return nil
}

func (w *walk) start(t xml.StartElement) error {
	if len(w.lengths)+w.outside >= deepest {
		return fmt.Errorf("more than %d elements within each other", deepest)
	}
	if w.doc == nil {
		if t.Name.Local != "Document" {
			w.outside++
			return nil
		}
		doc, err := open(t.Name.Space, w.p)
		w.doc = doc
		w.documents++
		return err
	}
	w.lengths = append(w.lengths, len(w.path))
	if len(w.path) > 0 {
		w.path = append(w.path, '/')
	}
	w.path = append(w.path, t.Name.Local...)
	w.text, w.currency = w.text[:0], ""
	for _, a := range t.Attr {
		if a.Name.Local == "Ccy" {
			w.currency = a.Value
		}
	}
	w.doc.begin(string(w.path))
	return nil
}

func (w *walk) end(line int) error {
	switch {
	case w.doc == nil:
		w.outside--
		return nil
	case len(w.lengths) == 0:
		w.doc = nil
		return nil
	}
	err := w.doc.end(string(w.path), strings.TrimSpace(string(w.text)), w.currency, line)
	if err != nil {
		return err
	}
	last := len(w.lengths) - 1
	w.path, w.lengths = w.path[:w.lengths[last]], w.lengths[:last]
	w.text, w.currency = w.text[:0], ""
	return nil
}
