package invoice

import (
	"brood/jobs/billing/money"
	"errors"
	"fmt"
	"strconv"
)

// Measures in points (1/72 inch).
const (
	left, top     = 62.0, 56.0
	size, leading = 9.5, 13.0
	small         = 7.5
	gap           = 12.0 // between columns
	maxPages      = 1000
)

// style is how a text is drawn.
type style struct {
	size  float64
	bold  bool
	quiet bool // in grey
}

// mark is a text at a place, or a rule from there if there is a width.
type mark struct {
	x, y  float64
	text  string
	style style
	width float64
}

// sheetOfPaper is how large a page is.
type sheetOfPaper struct{ width, height float64 }

// layout puts what a view says onto pages.
type layout struct {
	face   *face
	view   *View
	paper  sheetOfPaper
	pages  [][]mark
	y      float64 // the baseline of the next line
	bottom float64 // below which nothing but the foot stands
	foot   []string
	err    error
}

var (
	plain   = style{size: size}
	bold    = style{size: size, bold: true}
	quiet   = style{size: size, quiet: true}
	footing = style{size: small, quiet: true}
)

// lay lays out all pages.
func (f *face) lay(v *View) (*layout, error) {
	l := &layout{face: f, view: v, paper: sheetOfPaper{595.28, 841.89}} // A4, ISO 216
	if f.letter {
		l.paper = sheetOfPaper{612, 792}
	}
	for _, line := range v.Footer {
		l.foot = append(l.foot, l.wrap(line, footing, l.right()-left)...)
	}
	const footLead = 10.0
	l.bottom = l.paper.height - 48 - footLead*float64(len(l.foot)+1)
	if l.bottom < l.paper.height/2 {
		return nil, fmt.Errorf("the footer has %d lines and takes half of the page: make it shorter", len(l.foot))
	}
	l.pages = append(l.pages, nil)
	l.heads()
	l.table()
	l.totals()
	l.payment()
	if l.err == nil && len(l.pages) > maxPages {
		l.err = fmt.Errorf("it has more than %d pages: part it", maxPages)
	}
	if l.err != nil {
		return nil, l.err
	}
	l.feet(footLead)
	return l, nil
}

func (l *layout) right() float64 { return l.paper.width - left }

// put draws a text on the page that is written.
func (l *layout) put(x, y float64, text string, s style) {
	if text != "" {
		last := len(l.pages) - 1
		l.pages[last] = append(l.pages[last], mark{x: x, y: y, text: text, style: s})
	}
}

// end draws a text that ends at a place.
func (l *layout) end(x, y float64, text string, s style) { l.put(x-l.width(text, s), y, text, s) }

func (l *layout) rule(x, to, y float64) {
	last := len(l.pages) - 1
	l.pages[last] = append(l.pages[last], mark{x: x, y: y, width: to - x})
}

// heads draws the two parties, the facts and the title.
func (l *layout) heads() {
	v := l.view
	half := (l.right() - left) * 0.55
	l.y = top + 6
	name := style{size: 14, bold: true}
	for _, line := range l.wrap(v.Seller.Name, name, half) {
		l.put(left, l.y, line, name)
		l.y += 18
	}
	from := l.y
	for _, line := range v.Seller.Address {
		l.paragraph(left, half, line, plain)
	}
	after := l.y
	l.y = from
	column := left + half + gap
	for _, line := range []string{v.Seller.Email, labelled(v.Words.TaxID, v.Seller.TaxID)} {
		l.paragraph(column, l.right()-column, line, quiet)
	}
	l.y = max(after, l.y) + 3*leading
	from = l.y
	l.paragraph(left, half, v.Customer.Name, bold)
	for _, line := range v.Customer.Address {
		l.paragraph(left, half, line, plain)
	}
	l.paragraph(left, half, labelled(v.Words.TaxID, v.Customer.TaxID), quiet)
	after = l.y
	l.y = from
	for _, fact := range v.Facts {
		l.fact(column, fact)
	}
	l.y = max(after, l.y) + 2.5*leading
	title := style{size: 15, bold: true}
	for _, line := range l.wrap(v.Title+" "+v.Number, title, l.right()-left) {
		l.put(left, l.y, line, title)
		l.y += 20
	}
	l.y += 8
}

func labelled(label, value string) string {
	if value == "" {
		return ""
	}
	return label + " " + value
}

// paragraph draws a text in as many lines as it takes.
func (l *layout) paragraph(x, width float64, text string, s style) {
	for _, line := range l.wrap(text, s, width) {
		l.room(leading)
		l.put(x, l.y, line, s)
		l.y += leading
	}
}

// fact draws a label and its value at the right edge, below the label where there is no room beside it.
func (l *layout) fact(x float64, fact Fact) {
	l.room(leading)
	l.put(x, l.y, fact.Label, quiet)
	room := l.right() - x - l.width(fact.Label, quiet) - gap
	if l.width(fact.Value, plain) > room {
		l.y += leading
		room = l.right() - x
	}
	for _, line := range l.wrap(fact.Value, plain, room) {
		l.room(leading)
		l.end(l.right(), l.y, line, plain)
		l.y += leading
	}
}

// room begins a page if there is none left for so much.
func (l *layout) room(height float64) {
	if l.y+height > l.bottom+leading {
		l.turn()
	}
}

// turn begins a page, with the title small above it.
func (l *layout) turn() {
	if len(l.pages) > maxPages {
		l.y = top // the error is said at the end; nothing grows any more
		l.pages[len(l.pages)-1] = nil
		return
	}
	l.pages = append(l.pages, nil)
	l.y = top
	l.put(left, l.y, l.view.Title+" "+l.view.Number, footing)
	l.end(l.right(), l.y, l.view.Seller.Name, footing)
	l.y += 2 * leading
}

// feet draws the footer and the number of each page.
func (l *layout) feet(lead float64) {
	pages := l.pages
	count := strconv.Itoa(len(pages))
	for i := range pages {
		l.pages = pages[:i+1]
		y := l.bottom + 26
		l.rule(left, l.right(), y-lead-2)
		for _, line := range l.foot {
			l.put((l.paper.width-l.width(line, footing))/2, y, line, footing)
			y += lead
		}
		l.end(l.right(), y, with(l.view.Words.Page, strconv.Itoa(i+1), count), footing)
	}
	l.pages = pages
}

var errSum = errors.New("the sum of its lines is too large")

// carried adds a line's amount to what has been drawn.
func (l *layout) carried(sum, minor int64) int64 {
	a, err := money.Amount{Minor: sum, Currency: money.Currency(l.view.Currency)}.Add(money.Amount{Minor: minor, Currency: money.Currency(l.view.Currency)})
	if err != nil {
		l.err = errSum
	}
	return a.Minor
}
