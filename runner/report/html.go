package report

import (
	"brood/jobs/figures"
	_ "embed"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

// pageTemplate is read when a page is made: workers have this package in their program as well.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"say": harmless, "tint": tintClass, "path": pathOf, "dots": dotsOf, "number": number, "first": firstPoint, "style": func() template.CSS { return template.CSS(styleText) }, //nolint:gosec // our own file
		"parts": parts, "anchor": anchorOf, "count": count[uint64], "stroke": strokeOf, "cell": func(t *figures.Table, i int) bool { return i < len(t.Columns) && t.Columns[i].Number },
	}).Parse(pageText))
})

// writeHTML writes the page.
func (p *Page) writeHTML(w io.Writer) error { return pageTemplate().Execute(w, p) }

// tintClass is the class of a tint in the style sheet. What is none of the tints is plain.
func tintClass(t figures.Tint) string {
	switch t {
	case figures.TintGood, figures.TintMeh, figures.TintBad, figures.TintDoubt, figures.TintSoft,
		figures.TintOne, figures.TintTwo, figures.TintThree, figures.TintFour, figures.TintFive, figures.TintSix,
		figures.TintSea, figures.TintLand, figures.TintBorder:
		return "t-" + string(t)
	case figures.TintPlain:
	}
	return "t-plain"
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// short is a coordinate, to a tenth.
func short(v float64) string { return strconv.FormatFloat(round(v), 'f', -1, 64) }

// pathOf is the d of a path: https://www.w3.org/TR/SVG11/paths.html. Lines of an area are closed.
func pathOf(s figures.Shape) string {
	var b strings.Builder
	for _, line := range s.Lines {
		for i, p := range line {
			if i == 0 {
				b.WriteString("M")
			} else {
				b.WriteString("L")
			}
			b.WriteString(short(p.X) + " " + short(p.Y))
		}
		if s.Kind == figures.Area {
			b.WriteString("Z")
		}
	}
	return b.String()
}

// dotsOf is dots as a path: lines of no length whose ends are round.
func dotsOf(s figures.Shape) string {
	var b strings.Builder
	for _, line := range s.Lines {
		for _, p := range line {
			b.WriteString("M" + short(p.X) + " " + short(p.Y) + "h0")
		}
	}
	return b.String()
}

// strokeOf is how wide a line is, or a dot.
func strokeOf(s figures.Shape) string {
	v := s.Size
	if v <= 0 {
		v = 1
	}
	if s.Kind == figures.Dots {
		v *= 2
	}
	return number(v)
}

func firstPoint(s figures.Shape) figures.XY {
	if len(s.Lines) > 0 && len(s.Lines[0]) > 0 {
		return s.Lines[0][0]
	}
	return figures.XY{}
}

func anchorOf(a figures.Anchor) string {
	switch a {
	case figures.AtMiddle, figures.AtEnd:
		return string(a)
	case figures.AtStart:
	}
	return "start"
}

// part is a part of a bar, in percent of the longest.
type part struct {
	Percent string
	Tint    figures.Tint
}

// parts are the parts of a bar among others.
func parts(bars figures.Bars, b figures.Bar) (out []part) {
	most := 0.0
	for i := range bars.Bars {
		most = max(most, sumOf(&bars.Bars[i]))
	}
	for _, p := range b.Parts {
		if p.Amount > 0 && most > 0 {
			out = append(out, part{strconv.FormatFloat(max(100*p.Amount/most, 0.15), 'f', 2, 64), p.Tint})
		}
	}
	return out
}
