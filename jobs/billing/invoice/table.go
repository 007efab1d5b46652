package invoice

import "brood/jobs/billing/money"

// columns are the right edges of a table's columns; 0 is one that is not there.
type columns struct{ text, quantity, unit, rate, amount float64 }

// columns gives each column the width of its widest value, and the description what is left.
func (l *layout) columns() columns {
	v := l.view
	quantity, unit, rate, amount := l.width(v.Words.Quantity, bold), l.width(v.Words.UnitPrice, bold), l.width(v.Words.Rate, bold), l.width(v.Columns.Amount, bold)
	for i := range v.Lines {
		line := &v.Lines[i]
		quantity = max(quantity, l.width(line.Quantity, plain))
		unit = max(unit, l.width(line.UnitPrice, plain))
		rate = max(rate, l.width(line.Rate, plain))
		amount = max(amount, l.width(line.Amount, plain))
	}
	const widest = 105.0 // what is wider is wrapped
	c := columns{amount: l.right()}
	edge := c.amount - min(amount, widest) - gap
	if v.Columns.Rate {
		c.rate = edge
		edge -= min(rate, widest) + gap
	}
	if v.Columns.UnitPrice {
		c.unit = edge
		edge -= min(unit, widest) + gap
	}
	if v.Columns.Quantity {
		c.quantity = edge
		edge -= min(quantity, widest) + gap
	}
	c.text = edge
	return c
}

// table draws the lines, and carries what has been summed from page to page.
func (l *layout) table() {
	c := l.columns()
	l.tableHead(c)
	var sum int64
	for i := range l.view.Lines {
		line := &l.view.Lines[i]
		text := l.wrap(line.Description, plain, c.text-left)
		height := leading * float64(len(text))
		// The carried sum takes a line too.
		if fresh := l.bottom - top - 5*leading; l.y+height+leading > l.bottom && (height <= fresh || l.y+2*leading > l.bottom) {
			l.carry(c, sum)
		}
		from := l.y
		l.cells(c, line)
		deepest := l.y
		l.y = from
		sum = l.carried(sum, line.minor)
		for j, part := range text {
			if j > 0 && l.y+leading > l.bottom {
				l.carry(c, sum)
				deepest = l.y
			}
			l.put(left, l.y, part, plain)
			l.y += leading
		}
		l.y = max(l.y, deepest) + 3
		if l.err != nil || len(l.pages) > maxPages {
			return
		}
	}
	l.rule(left, l.right(), l.y-leading+2)
	l.y += 4
}

func (l *layout) tableHead(c columns) {
	w := l.view.Words
	head := &Line{Quantity: w.Quantity, UnitPrice: w.UnitPrice, Rate: w.Rate, Amount: l.view.Columns.Amount}
	l.put(left, l.y, w.Description, bold)
	l.cellsIn(c, head, bold)
	l.rule(left, l.right(), l.y-leading+4.5)
	l.y += 5
}

func (l *layout) cells(c columns, line *Line) { l.cellsIn(c, line, plain) }

// cellsIn draws the cells beside a description, each ending at its column's edge, and wrapped where it is too wide.
func (l *layout) cellsIn(c columns, line *Line, s style) {
	from, deepest := l.y, l.y+leading
	before := c.text
	for _, cell := range [...]struct {
		edge float64
		text string
	}{{c.quantity, line.Quantity}, {c.unit, line.UnitPrice}, {c.rate, line.Rate}, {c.amount, line.Amount}} {
		if cell.edge == 0 {
			continue
		}
		l.y = from
		for _, part := range l.wrap(cell.text, s, cell.edge-before-gap) {
			l.end(cell.edge, l.y, part, s)
			l.y += leading
		}
		deepest = max(deepest, l.y)
		before = cell.edge
	}
	l.y = deepest
}

// carry ends a page with the sum so far, and begins the next with it.
func (l *layout) carry(c columns, sum int64) {
	text := l.view.Language.decimal(money.Format(sum, l.view.digits))
	l.rule(left, l.right(), l.y-leading+2)
	l.end(c.amount-l.width(text, quiet)-gap, l.y+2, l.view.Words.Carried, quiet)
	l.end(c.amount, l.y+2, text, quiet)
	l.turn()
	l.tableHead(c)
	l.end(c.amount-l.width(text, quiet)-gap, l.y, l.view.Words.Brought, quiet)
	l.end(c.amount, l.y, text, quiet)
	l.y += leading + 3
}

// totals draws the sums and the total, together.
func (l *layout) totals() {
	v := l.view
	from := left + (l.right()-left)*0.42
	total := style{size: 11, bold: true}
	l.room(leading*float64(len(v.Sums)+2) + 10)
	for _, sum := range v.Sums {
		l.sum(from, sum, plain)
	}
	if len(v.Sums) > 0 {
		l.rule(from, l.right(), l.y-leading+4)
		l.y += 6
	}
	l.sum(from, v.Total, total)
	l.y += 2 * leading
}

// sum draws one row of them; the label wraps where it does not fit beside the value.
func (l *layout) sum(from float64, sum Fact, s style) {
	width := l.width(sum.Value, s)
	l.room(leading)
	l.end(l.right(), l.y, sum.Value, s)
	for _, line := range l.wrap(sum.Label, s, l.right()-from-width-gap) {
		l.room(leading)
		l.put(from, l.y, line, s)
		l.y += leading
	}
	l.y += 2
}

// payment draws the note, and how it is paid.
func (l *layout) payment() {
	if l.view.Note != "" {
		l.paragraph(left, l.right()-left, l.view.Note, plain)
		l.y += leading
	}
	l.room(leading * float64(len(l.view.Payment)))
	for _, line := range l.view.Payment {
		l.paragraph(left, l.right()-left, line, plain)
	}
}
