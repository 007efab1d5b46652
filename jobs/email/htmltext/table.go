package htmltext

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// table writes a table. One that holds data has cells of a few words: they stay in columns. In any
// other, which is there for the layout, cells are paragraphs one below the other.
func (w *writer) table(n *html.Node) {
	rows, ok := w.cells(n)
	if !ok {
		w.newLine()
		w.children(n)
		w.newLine()
		return
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell))
		}
	}
	room := w.width - columns(w.rest())
	for _, n := range widths {
		room -= n + 2
	}
	w.paragraph()
	w.separate()
	for _, row := range rows {
		if room+2 < 0 { // it does not fit: a line is broken where it must
			for i, cell := range row {
				if i > 0 {
					w.inline(" | ")
				}
				w.inline(cell)
			}
			w.newLine()
			continue
		}
		line := w.first()
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-columns(cell))
			if i > 0 {
				line += "  "
			}
			if numeric(rows, i) {
				line += pad + cell
			} else {
				line += cell + pad
			}
		}
		w.put(line)
	}
	w.paragraph()
}

// holdsData reports whether there is nothing in a table but words. It is asked before anything of
// the table is written, so that tables in tables are written once.
func holdsData(table *html.Node) bool {
	if strings.EqualFold(attribute(table, "role"), "presentation") {
		return false
	}
	for n := range table.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Td, atom.Th:
			if span := attribute(n, "rowspan"); span != "" && span != "1" {
				return false
			}
		case atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot, atom.Colgroup, atom.Col, atom.B, atom.Strong, atom.I, atom.Em, atom.Span, atom.Font, atom.A, atom.Br, atom.Small, atom.Sup, atom.Sub, atom.Code, atom.U, atom.P, atom.Abbr, atom.Time:
		default:
			return false
		}
	}
	return true
}

// cells are those of a table that holds data, row by row; otherwise there is a false.
func (w *writer) cells(table *html.Node) (rows [][]string, ok bool) {
	if !holdsData(table) {
		return nil, false
	}
	most := 0
	for n := range table.Descendants() {
		switch n.DataAtom {
		case atom.Tr:
			rows = append(rows, nil)
		case atom.Td, atom.Th:
			if len(rows) == 0 {
				return nil, false
			}
			cell := &writer{width: 1 << 20}
			cell.children(n)
			text := cell.text()
			if strings.Contains(text, "\n") || columns(text) > w.width/2 {
				return nil, false
			}
			rows[len(rows)-1] = append(rows[len(rows)-1], text)
			most = max(most, len(rows[len(rows)-1]))
		default: // is within a cell, or around one
		}
	}
	if most < 2 {
		return nil, false
	}
	filled := rows[:0]
	for _, row := range rows {
		if strings.TrimSpace(strings.Join(row, "")) != "" {
			filled = append(filled, row)
		}
	}
	return filled, len(filled) > 0
}

// numeric reports whether a column holds numbers, below its head.
func numeric(rows [][]string, column int) bool {
	some := false
	for i, row := range rows {
		if column >= len(row) || i == 0 && len(rows) > 1 {
			continue
		}
		cell := strings.Trim(row[column], " \u00a0%€$£¥+-−")
		if cell == "" {
			continue
		}
		if strings.Trim(cell, "0123456789.,'’ \u00a0\u202f") != "" {
			letters := strings.TrimLeft(strings.TrimRight(cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			if len(cell)-len(letters) != 3 || strings.Trim(letters, "0123456789.,'’ \u00a0\u202f") != "" || strings.TrimSpace(letters) == "" {
				return false
			}
		}
		some = true
	}
	return some
}
