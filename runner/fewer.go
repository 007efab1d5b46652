package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/reasons"
)

// turnedAway sees to it that fewer work, as the far side has no place for a slot's worker.
// The answer then becomes a throttle that holds nobody up; if no other slot works it stays
// what it is.
func (r *session) turnedAway(s *feed.Seat, t *try, res *jobs.Result) {
	if r.feed.TurnAway(s, &t.Item, reasons.Where(t.Seq, r.placeOf(&t.Item))+": "+res.Error) {
		res.Verdict = jobs.VerdictThrottle
	}
}

// letIn notes that the far side has let a slot's worker in.
func (r *session) letIn(s *feed.Seat) {
	if n, why := r.feed.LetIn(s); why != "" {
		r.Term.Logf("%d at work from now on, as the far side takes no more at a time; one more tries now and then: %s", n, why)
	}
}
