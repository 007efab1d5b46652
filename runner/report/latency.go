package report

import (
	"brood/jobs/figures"
	"brood/runner/ledger"
	"fmt"
	"time"
)

// shares are the percentiles that are told.
var shares = [...]struct {
	name string
	of   float64
}{{"50 %", 0.5}, {"75 %", 0.75}, {"90 %", 0.9}, {"95 %", 0.95}, {"99 %", 0.99}, {"99.9 %", 0.999}}

// least is the time below which so much of all are.
func (r *Run) least(of float64) string {
	d := r.took.At(of)
	if least := ledger.TookBound(1); d < least && r.took[0] > 0 {
		return duration(least)
	}
	if r.tookBy == tookResults && d < time.Millisecond {
		d = time.Millisecond
	}
	return duration(d)
}

// latency is how long tries took.
func (r *Run) latency() figures.Section {
	s := figures.Section{Title: "How long it took"}
	n := r.took.Count()
	if n == 0 {
		if r.final() > 0 {
			s.Text = []string{"How long records took is not known: this run was worked on by a brood that did not keep it, and there are no results with a column _ms."}
		}
		return s
	}
	t := figures.Table{Columns: []figures.Heading{{Name: "so many"}, {Name: "took less than", Number: true}}}
	for _, p := range shares {
		if p.of > 0.99 && n < 1000 || p.of > 0.9 && n < 20 {
			continue
		}
		t.Rows = append(t.Rows, []string{p.name, r.least(p.of)})
	}
	s.Drawings = []figures.Drawing{r.histogram(n)}
	s.Tables = []figures.Table{t}
	if r.tookBy == tookCourse {
		s.Notes = []string{fmt.Sprintf("Of %s tries, those among them that were followed by another; to within an eighth.", count(n))}
	} else {
		s.Notes = []string{fmt.Sprintf("Of the last try of %s records, as the results have it.", count(n))}
	}
	if r.took[0] > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("Times below %s are not told apart.", duration(ledger.TookBound(1))))
	}
	return s
}

// histogram draws how many tries took how long: a column for each half of a doubling.
func (r *Run) histogram(n uint64) figures.Drawing {
	const together = 4
	first, last := -1, 0
	var sums []uint64
	for from := 0; from < ledger.TookBuckets; {
		to := from + together
		if from == 0 {
			to = 1 // those too short to be told apart
		}
		to = min(to, ledger.TookBuckets)
		var sum uint64
		for i := from; i < to; i++ {
			sum += uint64(r.took[i])
		}
		sums = append(sums, sum)
		if sum > 0 {
			if last = len(sums) - 1; first < 0 {
				first = last
			}
		}
		from = to
	}
	bound := func(k int) time.Duration { // where the k-th begins
		if k <= 0 {
			return 0
		}
		return ledger.TookBound(min((k-1)*together+1, ledger.TookBuckets-1))
	}
	// Some room on both sides, so that one column is not the whole picture.
	for last-first < 7 {
		first, last = max(first-1, 0), min(last+1, len(sums)-1)
	}
	peak := uint64(0)
	for k := first; k <= last; k++ {
		peak = max(peak, sums[k])
	}
	g := newGraph(float64(peak))
	var boxes [][]figures.XY
	width := float64(last - first + 1)
	for k := first; k <= last; k++ {
		if sums[k] > 0 {
			boxes = append(boxes, g.box(float64(k-first), float64(k-first+1), width, 0, float64(sums[k])))
		}
	}
	g.d.Shapes = append(g.d.Shapes, figures.Shape{Kind: figures.Area, Tint: figures.TintOne, Lines: boxes})
	for i, a := range []figures.Anchor{figures.AtStart, figures.AtMiddle, figures.AtEnd} {
		part := float64(i) / 2
		k := first + int(part*width)
		g.below(float64(k-first)/width, duration(bound(k)), a)
	}
	g.d.Title = "Tries by how long they took"
	g.d.Alt = fmt.Sprintf("%s tries from %s to %s, half of them below %s.", count(n), duration(bound(firstOf(sums))), duration(bound(lastOf(sums)+1)), r.least(0.5))
	return g.d
}

func firstOf(sums []uint64) int {
	for i, n := range sums {
		if n > 0 {
			return i
		}
	}
	return 0
}

func lastOf(sums []uint64) int {
	for i := len(sums) - 1; i > 0; i-- {
		if sums[i] > 0 {
			return i
		}
	}
	return 0
}
