package invoice

import (
	"bytes"
	"fmt"

	"codeberg.org/go-pdf/fpdf"
)

// draw makes the PDF of a view.
func (f *face) draw(v *View) ([]byte, error) {
	l, err := f.lay(v)
	if err != nil {
		return nil, err
	}
	d := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: l.paper.width, Ht: l.paper.height}})
	d.SetCatalogSort(true)
	d.SetCompression(len(l.pages) > 1 || len(f.sheets) > 1 && f.sheetsOf(l) > 1)
	d.SetAutoPageBreak(false, 0)
	d.SetCreationDate(v.created)
	d.SetModificationDate(v.created)
	d.SetProducer("brood", true)
	d.SetTitle(v.Title+" "+v.Number, true)
	d.SetAuthor(v.Seller.Name, true)
	d.SetLang(string(v.Language))
	p := pen{face: f, doc: d, used: make([]bool, len(f.sheets))}
	for _, page := range l.pages {
		d.AddPage()
		p.forget()
		for i := range page {
			if err := p.mark(&page[i]); err != nil {
				return nil, err
			}
		}
	}
	var b bytes.Buffer
	const usual = 16 << 10
	b.Grow(usual)
	if err := d.Output(&b); err != nil {
		return nil, fmt.Errorf("write the PDF: %w", err)
	}
	return b.Bytes(), nil
}

// sheetsOf is how many sheets a document is drawn from.
//
// One page with one sheet is small as it is (16 kB), and to compress it (13 kB) would take as long as all the rest: fpdf
// makes a compressor of 1.2 MB for each stream.
func (f *face) sheetsOf(l *layout) int {
	used := make([]bool, len(f.sheets))
	n := 0
	for _, page := range l.pages {
		for i := range page {
			for _, r := range page[i].text {
				if s := f.place(r).sheet; !used[s] {
					used[s] = true
					n++
				}
			}
		}
	}
	return n
}

// pen draws marks on the page of a document.
type pen struct {
	face  *face
	doc   *fpdf.Fpdf
	used  []bool // sheets that are in the document
	sheet int
	style style
	codes []byte
}

// forget is called with a new page, which begins without a font, colour or mode.
func (p *pen) forget() { p.sheet, p.style = -1, style{} }

const ink, grey = 26, 95

func (p *pen) mark(m *mark) error {
	if m.width > 0 {
		p.doc.SetLineWidth(0.6)
		p.doc.SetDrawColor(grey, grey, grey)
		p.doc.Line(m.x, m.y, m.x+m.width, m.y)
		p.style = style{} // the width and the colour of lines are those of bold letters too
		return nil
	}
	x := m.x
	at := -1
	wide := 0
	p.codes = p.codes[:0]
	flush := func() {
		if len(p.codes) > 0 {
			p.use(at, m.style)
			p.doc.Text(x, m.y, string(p.codes))
			x += float64(wide) * m.style.size / 1000
			p.codes, wide = p.codes[:0], 0
		}
	}
	for _, r := range m.text {
		place := p.face.place(r)
		if place.width == 0 {
			return fmt.Errorf("the font of the run has no glyph for %q (U+%04X): plan again with a font that has it", r, r)
		}
		if int(place.sheet) != at && (r != ' ' || at < 0) {
			flush()
			at = int(place.sheet)
		}
		p.codes = append(p.codes, place.code)
		wide += int(place.width)
	}
	flush()
	return nil
}

// use sets the font and how it is drawn, where that is not so already.
func (p *pen) use(sheet int, s style) {
	if !p.used[sheet] {
		p.doc.AddFontFromBytes(p.face.sheets[sheet].name, "", p.face.sheets[sheet].definition, p.face.sheets[sheet].font)
		p.used[sheet] = true
	}
	if sheet != p.sheet || s.size != p.style.size {
		p.doc.SetFont(p.face.sheets[sheet].name, "", s.size)
		p.sheet = sheet
	}
	if s == p.style {
		return
	}
	shade := ink
	if s.quiet {
		shade = grey
	}
	p.doc.SetTextColor(shade, shade, shade)
	if s.bold {
		// An outline makes the letters of the one font bold.
		const outline = 0.028
		p.doc.SetDrawColor(shade, shade, shade)
		p.doc.SetLineWidth(s.size * outline)
		p.doc.SetTextRenderingMode(2)
	} else {
		p.doc.SetTextRenderingMode(0)
	}
	p.style = s
}
