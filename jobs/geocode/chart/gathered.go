package chart

import (
	"brood/jobs/geocode/geo"
	"strings"
	"unicode/utf8"
)

const (
	// maxListed is how many rows are listed that were not found, or not well.
	maxListed = 5000
	// maxText is how much is shown of one value, in bytes.
	maxText = 240
	// maxColumns is how many other columns a page has.
	maxColumns = 30
	// maxValues is how many bytes all other columns may have in a page: what comes after has
	// none.
	maxValues = 24 << 20
)

// gathered are the rows of a page, as they come.
type gathered struct {
	most   int
	counts counts
	// points are rows that were found: every one, every second, third, … of all.
	points []Row
	every  int
	seen   int64 // rows that would be among them
	// listed are those that were not found well, with a point or without; left is how many
	// there were after them that have no place on the page.
	listed []Row
	left   int64
	values int // bytes of Row.Values in all
}

// counts are how many rows there are, of all.
type counts struct {
	Rows          int64    `json:"rows"`
	Located       int64    `json:"located"`
	LowLocated    int64    `json:"low_located"`
	Precision     [6]int64 `json:"precision"` // of those that are located
	NoMatch       int64    `json:"no_match"`
	LowConfidence int64    `json:"low_confidence"`
	Failed        int64    `json:"error"`
}

func newGathered(most int) *gathered {
	if most <= 0 {
		most = DefaultMost
	}
	return &gathered{most: max(most, 1), every: 1}
}

func (c *counts) add(r *Row) {
	c.Rows++
	if r.Located {
		c.Located++
		c.Precision[r.Precision]++
		if r.Status == LowConfidence {
			c.LowLocated++
		}
	}
	switch r.Status {
	case NoMatch:
		c.NoMatch++
	case LowConfidence:
		c.LowConfidence++
	case Failed:
		c.Failed++
	case Found:
	}
}

// add takes a row, whose texts may be anything.
func (g *gathered) add(r Row) {
	r.Located = r.Located && r.Point.Valid()
	if r.Precision > geo.PrecisionRooftop {
		r.Precision = geo.PrecisionNone
	}
	if !r.Located && r.Status != Failed && r.Status != LowConfidence {
		r.Status = NoMatch
	}
	g.counts.add(&r)
	well := r.Located && r.Status == Found
	switch {
	case !well && len(g.listed) < maxListed:
		g.listed = append(g.listed, g.cut(r))
		return
	case !well:
		g.left++
	}
	if !r.Located {
		return
	}
	if g.seen++; (g.seen-1)%int64(g.every) != 0 {
		return
	}
	g.points = append(g.points, g.cut(r))
	if len(g.points) > g.most {
		g.thin()
	}
}

// thin leaves out every second point.
func (g *gathered) thin() {
	g.every *= 2
	kept := g.points[:0]
	for i, r := range g.points {
		if i%2 == 0 {
			kept = append(kept, r)
		}
	}
	clear(g.points[len(kept):])
	g.points = kept
}

// cut keeps of a row what comes into the page.
func (g *gathered) cut(r Row) Row {
	r.Query, r.Formatted, r.Why, r.Provider = text(r.Query), text(r.Formatted), text(r.Why), text(r.Provider)
	if len(r.Values) > maxColumns {
		r.Values = r.Values[:maxColumns]
	}
	values := make([]string, 0, len(r.Values))
	if g.values < maxValues {
		for _, v := range r.Values {
			v = text(v)
			g.values += len(v)
			values = append(values, v)
		}
	}
	r.Values = values
	return r
}

// text is what is shown of a value.
func text(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= maxText {
		return strings.Clone(strings.ToValidUTF8(s, "\uFFFD"))
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.ToValidUTF8(s[:end], "\uFFFD") + "…"
}
