package report

import (
	"brood/jobs/figures"
	"math"
)

// graph is a drawing with amounts from the bottom up, and lines at round ones.
type graph struct {
	d                        figures.Drawing
	left, right, top, bottom float64
	most                     float64 // what the top is
}

// newGraph is an empty one, up to an amount.
func newGraph(most float64) *graph {
	g := &graph{left: 58, right: 716, top: 18, bottom: 178, d: figures.Drawing{Width: 720, Height: 208}}
	step := roundStep(most / 3.2)
	g.most = max(math.Ceil(most/step-1e-9)*step, step)
	var lines [][]figures.XY
	for v := 0.0; v <= g.most+step/2; v += step {
		y := g.y(v)
		lines = append(lines, []figures.XY{{X: g.left, Y: y}, {X: g.right, Y: y}})
		g.d.Shapes = append(g.d.Shapes, figures.Shape{Kind: figures.Label, Tint: figures.TintSoft, Text: amount(v), Anchor: figures.AtEnd, Lines: [][]figures.XY{{{X: g.left - 6, Y: y + 4}}}})
	}
	g.d.Shapes = append(g.d.Shapes, figures.Shape{Kind: figures.Line, Tint: figures.TintBorder, Size: 1, Lines: lines})
	return g
}

// roundStep is the least of 1, 2, 5, 10, 20, … that is not below v.
func roundStep(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// amount is a round number in a few characters.
func amount(v float64) string {
	switch {
	case v >= 1e6:
		return threeFigures(v/1e6) + " M"
	case v >= 1e4:
		return threeFigures(v/1e3) + " k"
	case v == 0:
		return "0"
	}
	return threeFigures(v)
}

func (g *graph) y(v float64) float64 { return g.bottom - (g.bottom-g.top)*min(v/g.most, 1) }

// x is where the i-th of n stands.
func (g *graph) x(i, n float64) float64 { return g.left + (g.right-g.left)*i/n }

// box is from one place to another of n, and from an amount to another.
func (g *graph) box(from, to, n, low, high float64) []figures.XY {
	x0, x1 := round(g.x(from, n)), round(g.x(to, n))
	if x1-x0 > 4 {
		x1-- // a gap to the next
	}
	y0, y1 := round(g.y(low)), round(g.y(high))
	if y0-y1 < 1 && high > low {
		y1 = y0 - 1 // a few of many are seen
	}
	return []figures.XY{{X: x0, Y: y0}, {X: x0, Y: y1}, {X: x1, Y: y1}, {X: x1, Y: y0}}
}

func round(v float64) float64 { return math.Round(10*v) / 10 }

// below writes below the bottom, at a part of its width.
func (g *graph) below(at float64, text string, a figures.Anchor) {
	g.d.Shapes = append(g.d.Shapes, figures.Shape{Kind: figures.Label, Tint: figures.TintSoft, Text: text, Anchor: a, Lines: [][]figures.XY{{{X: g.left + (g.right-g.left)*at, Y: g.bottom + 22}}}})
}
