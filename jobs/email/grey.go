package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"time"
)

// greyMost is the longest wait that is made of --greylist-wait.
const greyMost = time.Hour

// fitGrey fits the wait for greylisting, which a reply was judged to be: as long as the server
// says, or else as the user does, and twice as long after each further try, as some let a
// sender wait for half an hour. Where it is greylisting by its own words the record alone
// waits; otherwise all of its domain do, as it may be about them.
func (c *config) fitGrey(o *reply.Outcome, attempt int) {
	if o.Class != reply.ClassGrey || o.Verdict != jobs.VerdictRetry {
		return
	}
	if c.GreyWait > 0 {
		o.After = c.GreyWait
	}
	o.After = max(o.After, min(o.After<<min(max(attempt-1, 0), 10), greyMost))
	if stated, ok := reply.StatedWait(o.Text); ok {
		o.After = stated + time.Second // clocks are read at different moments
	}
	if reply.IsGreylisting(o.Text) {
		o.Holds = jobs.DelaysRecord
	}
}
