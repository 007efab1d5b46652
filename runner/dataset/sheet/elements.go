package sheet

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// element is where a file of XML stands: at the beginning or the end of an element, or at text.
type element struct {
	name  string // without its namespace; empty for text
	end   bool
	attrs []xml.Attr
	text  []byte
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// parser reads XML piece by piece. It holds no more than one piece, of maxPiece bytes at most.
type parser struct {
	in    io.ReadCloser
	xml   *xml.Decoder
	left  int // bytes that the piece at hand may still have
	depth int
	at    element
	// root is set when what the file consists of has begun.
	root bool
}

// maxPiece is more than the largest text of a cell, of 32,767 characters, has in XML.
const maxPiece = 4 << 20

var errPiece = fmt.Errorf("a text or tag in it is longer than %d MiB", maxPiece>>20)

func newParser(in io.ReadCloser) *parser {
	p := &parser{in: in}
	p.xml = xml.NewDecoder(p)
	p.xml.Entity = map[string]string{} // none but those of XML itself
	return p
}

func (p *parser) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, errPiece
	}
	n, err := p.in.Read(b[:min(len(b), p.left)])
	p.left -= n
	return n, err
}

// next goes on to the next piece. At the end of the file it returns io.EOF, if that is the
// end of what has begun.
func (p *parser) next() (*element, error) {
	for {
		p.left = maxPiece
		tok, err := p.xml.RawToken()
		if err != nil {
			if errors.Is(err, io.EOF) && (p.depth > 0 || !p.root) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			p.depth++
			p.root = true
			p.at = element{name: t.Name.Local, attrs: t.Attr}
		case xml.EndElement:
			p.depth--
			p.at = element{name: t.Name.Local, end: true}
		case xml.CharData:
			p.at = element{text: t}
		default:
			continue
		}
		return &p.at, nil
	}
}

// elements goes through a file of the workbook. One that is not there has none.
func (b *Book) elements(file string, visit func(*element) error) error {
	f := b.files[file]
	if f == nil {
		return nil
	}
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("%s in it: %w", file, err)
	}
	p := newParser(in)
	for err == nil {
		var e *element
		if e, err = p.next(); err == nil {
			err = visit(e)
		}
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return fmt.Errorf("%s in it: %w", file, err)
	}
	return nil
}
