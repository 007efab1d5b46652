package report

import (
	"brood/jobs/figures"
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// textWidth is how wide a line of text is meant to be.
const textWidth = 100

// paper writes plain text. A bufio.Writer keeps its first error.
type paper struct{ *bufio.Writer }

func (w *paper) line(format string, args ...any) {
	_, _ = w.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// writeText writes the page as plain text.
func (p *Page) writeText(to io.Writer) error {
	w := &paper{bufio.NewWriter(to)}
	title := TextMark + harmless(p.Title)
	if p.Badge != "" {
		title += " (" + harmless(p.Badge) + ")"
	}
	w.line("%s", title)
	w.line("%s", strings.Repeat("=", width(title)))
	w.line("%s", harmless(p.Subtitle))
	w.line("")
	w.facts(p.Cards)
	for i := range p.Sections {
		w.section(&p.Sections[i])
	}
	w.line("")
	w.line("Made %s by brood %s", p.Made.Format("2006-01-02 15:04:05 MST"), harmless(p.Version))
	return w.Flush()
}

func (w *paper) section(s *figures.Section) {
	title := harmless(s.Title)
	w.line("")
	w.line("%s", title)
	w.line("%s", strings.Repeat("-", width(title)))
	for _, t := range s.Text {
		w.wrapped("", harmless(t))
	}
	w.facts(s.Facts)
	for i := range s.Drawings {
		w.titled(s.Drawings[i].Title)
		w.wrapped("  ", harmless(s.Drawings[i].Alt))
	}
	for i := range s.Bars {
		w.bars(&s.Bars[i])
	}
	for i := range s.Tables {
		w.table(&s.Tables[i])
	}
	for _, n := range s.Notes {
		w.wrapped("", "* "+harmless(n))
	}
	for i := range s.Signatures {
		w.signature(&s.Signatures[i])
	}
}

func (w *paper) titled(title string) {
	if title != "" {
		w.line("%s:", harmless(title))
	}
}

// wrapped writes a text in lines that are not too long.
func (w *paper) wrapped(indent, text string) {
	line := indent
	for _, word := range strings.Fields(text) {
		if width(line)+1+width(word) > textWidth && line != indent {
			w.line("%s", line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	w.line("%s", line)
}

func (w *paper) facts(facts []figures.Fact) {
	widest := 0
	for i := range facts {
		widest = max(widest, min(width(harmless(facts[i].Name)), 48))
	}
	for i := range facts {
		w.line("  %s  %s", padded(harmless(facts[i].Name), widest, false), harmless(facts[i].Value))
	}
}

// bars writes amounts as lengths, of up to 30 characters.
func (w *paper) bars(b *figures.Bars) {
	const longest = 30
	w.titled(b.Title)
	most, names, texts := 0.0, 0, 0
	for i := range b.Bars {
		most = max(most, sumOf(&b.Bars[i]))
		names, texts = max(names, min(width(harmless(b.Bars[i].Name)), 44)), max(texts, width(harmless(b.Bars[i].Text)))
	}
	for i := range b.Bars {
		bar := &b.Bars[i]
		n := 0
		if most > 0 {
			n = int(sumOf(bar)/most*longest + 0.5)
		}
		if n == 0 && sumOf(bar) > 0 {
			n = 1
		}
		w.line("  %s  %s  %s", padded(harmless(bar.Name), names, false), padded(harmless(bar.Text), texts, true), strings.Repeat("#", n))
	}
	for _, k := range b.Keys {
		w.line("  %s", harmless(k.Text))
	}
	w.left(b.Left)
}

func (w *paper) left(n uint64) {
	if n > 0 {
		w.line("  … and %s more", count(n))
	}
}

func sumOf(b *figures.Bar) (sum float64) {
	for _, p := range b.Parts {
		sum += max(p.Amount, 0)
	}
	return sum
}

// widestCell is how wide a column is at most; a value that is wider stands out.
const widestCell = 40

func (w *paper) table(t *figures.Table) {
	w.titled(t.Title)
	all := [][]string{}
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Name
	}
	all = append(append(all, head), t.Rows...)
	if t.Total != nil {
		all = append(all, t.Total)
	}
	widths := make([]int, len(t.Columns))
	for r, row := range all {
		all[r] = make([]string, len(t.Columns))
		for i := range t.Columns {
			if i < len(row) {
				all[r][i] = harmless(row[i])
			}
			widths[i] = max(widths[i], min(width(all[r][i]), widestCell))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, c := range t.Columns {
			line.WriteString("  " + padded(row[i], widths[i], c.Number))
		}
		w.line("%s", line.String())
	}
	w.left(t.Left)
}

func (w *paper) signature(s *figures.Signature) {
	w.line("")
	w.facts(s.Over)
	who := harmless(s.Role)
	if s.Name != "" {
		who += ": " + harmless(s.Name)
	}
	w.line("")
	w.line("  %s", who)
	w.line("  signed ______________________________   date ______________")
}

// width is how many characters a text has.
func width(s string) int { return utf8.RuneCountInString(s) }

func padded(s string, to int, right bool) string {
	space := strings.Repeat(" ", max(to-width(s), 0))
	if right {
		return space + s
	}
	return s + space
}
