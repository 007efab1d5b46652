package dataset

import "bytes"

// Dress is how a table is written down beside what stands in it, for who writes one like it.
type Dress struct {
	// Charset is as in Coat; empty: UTF-8.
	Charset   string `json:"charset,omitempty"`
	BOM       bool   `json:"bom,omitempty"`       // it begins with a mark
	CRLF      bool   `json:"crlf,omitempty"`      // its lines end as on Windows
	Sep       bool   `json:"sep,omitempty"`       // its first line says what separates fields
	Delimiter byte   `json:"delimiter,omitempty"` // 0: that of its format
}

// dressOf is how a table is written whose first bytes are head, without its other coats; marked says that
// there was the mark of UTF-8 before them.
func dressOf(head []byte, marked bool, s *Spec, c *Coat) Dress {
	if c.Pack == PackSheet || s.Format != FormatCSV && s.Format != FormatTSV {
		return Dress{}
	}
	d := Dress{Charset: c.Charset, Sep: c.Sep, Delimiter: s.Delimiter}
	d.BOM = marked || c.Charset == UTF16LE || c.Charset == UTF16BE
	// The first line tells: there may be line ends of another kind in quotes.
	if i := bytes.IndexByte(head, '\n'); i > 0 {
		d.CRLF = head[i-1] == '\r'
	}
	if d.Delimiter == s.Format.delimiter() {
		d.Delimiter = 0
	}
	return d
}
