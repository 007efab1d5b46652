package arrivals

import "time"

// pace is how fast jobs end, to know how many should be on their way so that no slot waits for one.
type pace struct {
	since  time.Time
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

// most is how many jobs may be taken and not final, for so many slots.
func (p *pace) most(slots int) int {
	if !p.inited || p.mean > quick {
		return slots
	}
	return slots + min(int(p.rate*ahead.Seconds()), mostAhead)
}
