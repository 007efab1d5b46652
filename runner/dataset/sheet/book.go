// Package sheet reads the rows of a workbook as Excel and others write it (.xlsx; ECMA-376,
// part 1, SpreadsheetML), one after the other. What a cell holds comes as text: what the
// number is and not how it is shown, dates as in ISO 8601. Memory does not grow with the
// rows; the texts that cells share are kept, up to a limit. Formulas are not computed: what
// the program that saved the workbook has computed is read. It leaves to others what a row
// means.
package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxText is how much text that cells share is kept in memory, in bytes.
const maxText = 256 << 20

// Book is an open workbook.
type Book struct {
	files   map[string]*zip.File
	sheets  []place
	strings strings.Builder // the texts that cells share, one after the other,
	ends    []uint32        // and where each ends
	loaded  bool
	shared  string   // the file that they are in
	styles  []format // of cells, by number
	date04  bool     // days are counted from 1904
}

// place is where a sheet is.
type place struct {
	name   string
	file   string
	hidden bool
}

// Open reads what the workbook says of itself.
func Open(z *zip.Reader) (*Book, error) {
	b := &Book{files: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		b.files[strings.TrimPrefix(f.Name, "/")] = f
	}
	main := "xl/workbook.xml"
	roots, err := b.relations("_rels/.rels", "")
	if err != nil {
		return nil, err
	}
	for _, r := range roots {
		if strings.HasSuffix(r.kind, "/officeDocument") {
			main = r.target
		}
	}
	if err := b.readWorkbook(main); err != nil {
		return nil, err
	}
	return b, nil
}

// relation says where a part of the workbook is.
type relation struct{ id, kind, target string }

// relations reads who is called what. A missing file has none.
func (b *Book) relations(file, dir string) ([]relation, error) {
	var out []relation
	err := b.elements(file, func(e *element) error {
		if e.name == "Relationship" && !e.end {
			target := e.attr("Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join(dir, target)
			}
			out = append(out, relation{e.attr("Id"), e.attr("Type"), strings.TrimPrefix(target, "/")})
		}
		return nil
	})
	return out, err
}

func (b *Book) readWorkbook(main string) error {
	if b.files[main] == nil {
		return fmt.Errorf("there is no %s in it", main)
	}
	dir := path.Dir(main)
	rels, err := b.relations(path.Join(dir, "_rels", path.Base(main)+".rels"), dir)
	if err != nil {
		return err
	}
	sheets := make(map[string]string, len(rels)) // by id: charts have sheets too
	for _, r := range rels {
		switch r.kind[strings.LastIndexByte(r.kind, '/')+1:] {
		case "worksheet":
			sheets[r.id] = r.target
		case "sharedStrings":
			b.shared = r.target
		case "styles":
			if err := b.readStyles(r.target); err != nil {
				return err
			}
		}
	}
	return b.elements(main, func(e *element) error {
		switch {
		case e.end:
		case e.name == "workbookPr":
			b.date04 = isTrue(e.attr("date1904"))
		case e.name == "sheet":
			if file, ok := sheets[e.attr("id")]; ok {
				state := e.attr("state")
				b.sheets = append(b.sheets, place{e.attr("name"), file, state != "" && state != "visible"})
			}
		}
		return nil
	})
}

func isTrue(s string) bool { return s == "1" || s == "true" || s == "on" }

// Sheets are the names of the sheets that have rows, those that are shown before those that
// are hidden, and how many are shown.
func (b *Book) Sheets() (names []string, shown int, err error) {
	var hidden []string
	for _, p := range b.sheets {
		used, err := b.used(p)
		switch {
		case err != nil:
			return nil, 0, err
		case used && p.hidden:
			hidden = append(hidden, p.name)
		case used:
			names = append(names, p.name)
		}
	}
	return append(names, hidden...), len(names), nil
}

// used reports whether a sheet has a cell with something in it.
func (b *Book) used(p place) (bool, error) {
	r, err := b.rows(p, 1<<20)
	if err != nil {
		return false, err
	}
	_, err = r.Next()
	err = errors.Join(ignoreEOF(err), r.Close())
	return r.any, err
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Rows opens a sheet. Max is how many bytes of a row are kept.
func (b *Book) Rows(name string, most int) (*Rows, error) {
	if err := b.loadStrings(); err != nil {
		return nil, err
	}
	for _, p := range b.sheets {
		if p.name == name {
			return b.rows(p, most)
		}
	}
	return nil, fmt.Errorf("there is no sheet %q in it", name)
}

// loadStrings reads the texts that cells share.
func (b *Book) loadStrings() error {
	if b.loaded || b.shared == "" {
		b.loaded = true
		return nil
	}
	b.loaded = true
	inText, phonetic := false, false
	var item []byte
	return b.elements(b.shared, func(e *element) error {
		switch e.name {
		case "rPh": // how it is read aloud
			phonetic = !e.end
		case "t":
			inText = !e.end && !phonetic
		case "si":
			if !e.end {
				item = item[:0]
				return nil
			}
			b.strings.Write(unescape(item))
			b.ends = append(b.ends, uint32(b.strings.Len())) //nolint:gosec // at most maxText
		case "":
			if inText {
				item = append(item, e.text...)
			}
		}
		if b.strings.Len()+len(item) > maxText || len(b.ends) > maxText/8 {
			return fmt.Errorf("its texts have more than %d MiB; save the sheet as CSV", maxText>>20)
		}
		return nil
	})
}

// text is one of the texts that cells share.
func (b *Book) text(i int) (string, bool) {
	if i < 0 || i >= len(b.ends) {
		return "", false
	}
	from := uint32(0)
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.strings.String()[from:b.ends[i]], true
}

// readStyles reads which styles are of dates.
func (b *Book) readStyles(file string) error {
	custom := make(map[string]format)
	inCells := false
	return b.elements(file, func(e *element) error {
		switch e.name {
		case "numFmt":
			if !e.end {
				custom[e.attr("numFmtId")] = formatOf(e.attr("formatCode"))
			}
		case "cellXfs":
			inCells = !e.end
		case "xf":
			if inCells && !e.end {
				id := e.attr("numFmtId")
				f, ok := custom[id]
				if !ok {
					f = builtin(id)
				}
				b.styles = append(b.styles, f)
			}
		}
		if len(b.styles) > 1<<20 || len(custom) > 1<<20 {
			return errors.New("it has too many styles")
		}
		return nil
	})
}
