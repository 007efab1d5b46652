package arrivals

import "time"

// pace is how fast jobs end, to know how many should be on their way so that no slot waits for one.
type pace struct {
	since  time.Time // of this stretch, and the last end in it
	last   time.Time
	n      int
	took   time.Duration
	rate   float64 // a second
	mean   time.Duration
	inited bool
}

// stretch is over how long the pace is measured.
const stretch = 100 * time.Millisecond

// ended counts a job that took so long.
func (p *pace) ended(now time.Time, took time.Duration) {
	if p.since.IsZero() {
		p.since = now
	}
	p.n++
	p.took += took
	p.last = now
	d := now.Sub(p.since)
	if d < stretch {
		return
	}
	rate, mean := float64(p.n)/d.Seconds(), p.took/time.Duration(p.n)
	if p.inited {
		rate, mean = (rate+p.rate)/2, (mean+p.mean)/2
	}
	*p = pace{since: now, rate: rate, mean: mean, inited: true}
}

const (
	// quick is how long a job takes at most that is worth having ready before a slot is free: what is taken and not
	// begun is kept from others who could begin it.
	quick = 20 * time.Millisecond
	// ahead is for how long there is work ready then, and mostAhead how much that is at most.
	ahead     = 200 * time.Millisecond
	mostAhead = 20000
)

// growth is how many times as many as have ended there may be ready while it is not known how fast they are.
const growth = 4

// most is how many jobs may be taken and not final, for so many slots. A stretch need not be over for its pace to count, where
// that is higher than before.
func (p *pace) most(slots int) int {
	mean, more := p.mean, growth*p.n
	if !p.inited && p.n > 0 {
		mean = p.took / time.Duration(p.n)
	}
	if mean > quick {
		return slots
	}
	if d := p.last.Sub(p.since); d > 0 {
		more = min(more, int(float64(p.n)/d.Seconds()*ahead.Seconds()))
	}
	return slots + min(max(int(p.rate*ahead.Seconds()), more), mostAhead)
}
