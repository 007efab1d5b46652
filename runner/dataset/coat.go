package dataset

// Pack is what a file is packed with. The empty one is what is told by the first bytes
// whenever the file is opened: gzip, zstd, or nothing.
type Pack string

// The packs that are kept with a run.
const (
	PackXZ    Pack = "xz"
	PackBzip2 Pack = "bzip2"
	PackZip   Pack = "zip"  // with one file in it
	PackSheet Pack = "xlsx" // of which one sheet is read
	PackNone  Pack = "none" // nothing, as brood itself has written it: there need not be any bytes yet to tell
)

// Coat is what has to be taken off a file to get at its records, as was found when the run
// began. Positions are in what comes out.
type Coat struct {
	Pack   Pack   `json:"pack,omitempty"`
	Member string `json:"member,omitempty"` // the file in a zip archive, the sheet of a workbook
	// Charset is utf-16le or utf-16be, or an encoding with a byte for each character, see ParseCharset; empty: it
	// is UTF-8, or nobody knows.
	Charset string `json:"charset,omitempty"`
	CR      bool   `json:"cr,omitempty"`   // lines end with a carriage return alone
	CRLF    bool   `json:"crlf,omitempty"` // of plain lines: the return before a line end is no part of them
	BOM     bool   `json:"bom,omitempty"`  // of plain lines: nor is the mark before the first
	Sep     bool   `json:"sep,omitempty"`  // the first line says what separates fields, and is no row
}

// coat is how a file of the dataset is read.
func (s *Spec) coat(file int) Coat {
	if file < len(s.Coats) {
		return s.Coats[file]
	}
	return Coat{} // of a run that was begun before there were any
}
