package pipe

import (
	"brood/jobs/quickio"
	"time"
)

const (
	// quick is how long a record of a quick program takes at the most: to be woken for each of its
	// answers would cost as much as they do.
	quick = 100 * time.Microsecond
	// napLeast is the shortest nap that is worth it, and napMost the longest.
	napLeast = 40 * time.Microsecond
	napMost  = 500 * time.Microsecond
)

// gathering lets the answers of a quick program gather before they are read, while it still has
// enough to do: half of what it has been asked.
type gathering struct {
	each time.Duration // that a record takes, a moving average; 0 while nothing is known
	last time.Time
}

// note takes in that so many answers have just been read.
func (g *gathering) note(now time.Time, answers int) {
	if answers == 0 {
		return
	}
	if !g.last.IsZero() {
		each := now.Sub(g.last) / time.Duration(answers)
		if g.each == 0 {
			g.each = each
		}
		g.each += (each - g.each) / 8
	}
	g.last = now
}

// nap is how long to wait for more, with so many records asked and not answered; 0: not at all.
func (g *gathering) nap(asked int) time.Duration {
	if g.each == 0 || g.each > quick {
		return 0
	}
	d := min(g.each*time.Duration(asked)/2, napMost)
	if d < napLeast {
		return 0
	}
	return d
}

// gather waits for more answers, if that is worth it.
func (g *gathering) gather(answers, asked int) {
	g.note(time.Now(), answers)
	if d := g.nap(asked); d > 0 {
		quickio.Nap(d)
	}
}
