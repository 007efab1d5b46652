package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"time"
)

// deliveries completes a commit of a run that works off a queue: by what has come of answers, and by what has become
// final on this day.
func (b *Book) deliveries(c *ledger.Commit, now time.Time) {
	if b.cfg.Owed == nil {
		return
	}
	c.Replied = b.cfg.Replied()
	t := b.Totals()
	d := ledger.Day{
		Day: now.Format(time.DateOnly), Input: t.Input - b.counted.Input, OK: t.OK - b.counted.OK, Failed: t.Failed - b.counted.Failed,
		Skipped: t.Skipped - b.counted.Skipped, Unknown: t.Unknown - b.counted.Unknown,
	}
	for i := range c.Owed {
		if o := &c.Owed[i]; o.Status == jobs.StatusSkipped && o.Verb == ledger.VerbLater {
			d.Released++
		}
	}
	for i := range c.Outcomes {
		if c.Outcomes[i].Class == jobs.ClassDuplicate {
			d.Again++
		}
	}
	if b.counted = t; d != (ledger.Day{Day: d.Day}) {
		c.Day = &d
	}
}
