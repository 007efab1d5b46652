package report

import (
	"brood/jobs/figures"
	"brood/runner/ledger"
	"fmt"
	"math"
	"slices"
	"time"
)

// mostColumns is how many columns a timeline has at most.
const mostColumns = 120

// column is a piece of the timeline.
type column struct {
	from, to time.Time
	// Of these records a second became final.
	ok, failed, skipped, unknown float64
}

func (c *column) sum() float64 { return c.ok + c.failed + c.skipped + c.unknown }

// columns parts the time that was worked in pieces as long as each other, pauses between sessions left
// out; cuts are where those were, in pieces.
func (r *Run) columns() (out []column, length time.Duration, cuts []float64) {
	var total time.Duration
	for i := range r.course {
		total += r.course[i].Lasted
	}
	if total <= 0 {
		return nil, 0, nil
	}
	length = max(total/mostColumns, time.Second)
	n := int(math.Ceil(float64(total) / float64(length)))
	out = make([]column, n)
	at := time.Duration(0) // worked so far
	for i := range r.course {
		s := &r.course[i]
		if i > 0 && s.At.Sub(r.course[i-1].At.Add(r.course[i-1].Lasted)) > time.Second {
			cuts = append(cuts, float64(at)/float64(length))
		}
		// A stretch may lie in several pieces: each gets its part.
		for from := at; from < at+s.Lasted; {
			k := min(int(from/length), n-1)
			to := min(at+s.Lasted, time.Duration(k+1)*length)
			if k == n-1 {
				to = at + s.Lasted
			}
			part := float64(to-from) / float64(s.Lasted)
			c := &out[k]
			if c.from.IsZero() {
				c.from = s.At.Add(from - at)
			}
			c.to = s.At.Add(to - at)
			c.ok, c.failed = c.ok+part*float64(s.OK), c.failed+part*float64(s.Failed)
			c.skipped, c.unknown = c.skipped+part*float64(s.Skipped), c.unknown+part*float64(s.Unknown)
			from = to
		}
		at += s.Lasted
	}
	for i := range out {
		c := &out[i]
		seconds := length.Seconds()
		if i == n-1 {
			seconds = max((total - time.Duration(n-1)*length).Seconds(), 0.001)
			if n == 1 {
				seconds = total.Seconds()
			}
		}
		c.ok, c.failed, c.skipped, c.unknown = c.ok/seconds, c.failed/seconds, c.skipped/seconds, c.unknown/seconds
	}
	// A last piece that is much shorter than the others would say more than it knows.
	if n > 1 && total-time.Duration(n-1)*length < length/4 {
		out = out[:n-1]
	}
	return out, length, cuts
}

// timeline is records a second over time, by status.
func (r *Run) timeline() figures.Section {
	s := figures.Section{Title: "Over time"}
	columns, length, cuts := r.columns()
	if len(columns) == 0 {
		if r.final() > 0 {
			s.Text = []string{"How many records a second became final is not known: this run was worked on by a brood that did not keep it, or was cut off before it could."}
		}
		return s
	}
	peak := 0.0
	for i := range columns {
		peak = max(peak, columns[i].sum())
	}
	g := newGraph(peak)
	parts := []struct {
		tint figures.Tint
		name string
		of   func(*column) float64
	}{
		{figures.TintGood, "ok", func(c *column) float64 { return c.ok }},
		{figures.TintMeh, "skipped", func(c *column) float64 { return c.skipped }},
		{figures.TintBad, "failed", func(c *column) float64 { return c.failed }},
		{figures.TintDoubt, "unknown", func(c *column) float64 { return c.unknown }},
	}
	below := make([]float64, len(columns))
	for _, p := range parts {
		var boxes [][]figures.XY
		for i := range columns {
			if v := p.of(&columns[i]); v > 0 {
				boxes = append(boxes, g.box(float64(i), float64(i+1), float64(len(columns)), below[i], below[i]+v))
				below[i] += v
			}
		}
		if boxes != nil {
			g.d.Shapes = append(g.d.Shapes, figures.Shape{Kind: figures.Area, Tint: p.tint, Lines: boxes})
			g.d.Keys = append(g.d.Keys, figures.Key{Tint: p.tint, Text: p.name})
		}
	}
	for _, at := range cuts {
		x := g.x(at, float64(len(columns)))
		g.d.Shapes = append(g.d.Shapes, figures.Shape{Kind: figures.Line, Tint: figures.TintPlain, Size: 1.5, Lines: [][]figures.XY{{{X: x, Y: g.top}, {X: x, Y: g.bottom}}}})
	}
	layout := time.TimeOnly
	if columns[len(columns)-1].to.Sub(columns[0].from) > 24*time.Hour {
		layout = "2 Jan 15:04"
	}
	for _, at := range []struct {
		x      float64
		i      int
		anchor figures.Anchor
	}{{0, 0, figures.AtStart}, {0.5, len(columns) / 2, figures.AtMiddle}, {1, len(columns) - 1, figures.AtEnd}} {
		t := columns[at.i].from
		if at.anchor == figures.AtEnd {
			t = columns[at.i].to
		}
		g.below(at.x, t.In(r.Location).Format(layout), at.anchor)
	}
	g.d.Title = "Records a second, each column " + duration(length)
	g.d.Alt = fmt.Sprintf("%s to %s, in columns of %s: most %s, average %s. %s",
		r.when(columns[0].from), r.when(columns[len(columns)-1].to), duration(length), perSecond(peak), rate(r.courseOf, r.worked()), spark(columns, peak))
	s.Drawings = []figures.Drawing{g.d}
	if len(cuts) > 0 {
		s.Notes = append(s.Notes, "A line stands where the run was interrupted; what lies between is left out.")
	}
	if final := r.final(); r.courseOf < final {
		s.Notes = append(s.Notes, fmt.Sprintf("Of %s records it is not known when they became final.", count(final-r.courseOf)))
	}
	return s
}

// spark is a timeline in characters.
func spark(columns []column, peak float64) string {
	const width = 60
	marks := []rune("▁▂▃▄▅▆▇█")
	n := min(width, len(columns))
	out := make([]rune, n)
	for i := range n {
		high := 0.0
		for k := i * len(columns) / n; k < (i+1)*len(columns)/n; k++ {
			high = max(high, columns[k].sum())
		}
		out[i] = marks[min(int(high/max(peak, 1e-9)*float64(len(marks))), len(marks)-1)]
	}
	return string(out)
}

// waited says what held the run up.
func (r *Run) waited() figures.Section {
	s := figures.Section{Title: "What the run waited for"}
	sum := make(map[ledger.Wait]time.Duration)
	var total, busy, committing time.Duration
	commits := 0
	for i := range r.course {
		c := &r.course[i]
		total, busy, committing = total+c.Lasted, busy+c.Busy, committing+c.Committing
		commits += c.Commits
		for w, d := range c.Waits {
			sum[w] += d
		}
	}
	if total <= 0 {
		return s
	}
	rest := total
	var bars figures.Bars
	for _, w := range waits {
		if d := min(sum[w.word], rest); d > 0 {
			rest -= d
			bars.Bars = append(bars.Bars, figures.Bar{Name: w.text, Text: duration(d) + ", " + percent(d, total), Parts: []figures.Part{{Amount: d.Seconds(), Tint: figures.TintMeh}}})
		}
	}
	slices.SortStableFunc(bars.Bars, func(a, b figures.Bar) int {
		return int(1000 * (b.Parts[0].Amount - a.Parts[0].Amount))
	})
	work := figures.Bar{Name: "nothing: workers had records", Text: duration(rest) + ", " + percent(rest, total), Parts: []figures.Part{{Amount: rest.Seconds(), Tint: figures.TintGood}}}
	bars.Bars = append([]figures.Bar{work}, bars.Bars...)
	s.Bars = []figures.Bars{bars}
	slots := 0
	for i := range r.sessions {
		slots = max(slots, r.sessions[i].Slots)
	}
	s.Facts = []figures.Fact{
		{Name: "records in hand, on the average", Value: fmt.Sprintf("%s of %d", threeFigures(busy.Seconds()/total.Seconds()), slots)},
		{Name: "commits", Value: count(commits)},
	}
	if commits > 0 {
		s.Facts = append(s.Facts, figures.Fact{Name: "a commit took, on the average", Value: duration(committing / time.Duration(commits))})
	}
	s.Notes = []string{"Looked at with each commit, so it is about right, and not to the second."}
	return s
}

func percent(d, of time.Duration) string { return share(uint64(d), uint64(of)) }

// waits are what a run waits for, in words.
var waits = [...]struct {
	word ledger.Wait
	text string
}{
	{ledger.WaitPaused, "somebody had paused it, or the first records were looked at"},
	{ledger.WaitMachine, "the machine: load or memory"},
	{ledger.WaitThrottle, "the far side, which asked all to wait"},
	{ledger.WaitLimit, "limits: rate, quota, hours, breaker"},
	{ledger.WaitFewer, "the far side takes no more at a time"},
	{ledger.WaitRetry, "the next try of what is left"},
	{ledger.WaitInput, "the dataset"},
	{ledger.WaitIntent, "the disk, before records may leave"},
}
