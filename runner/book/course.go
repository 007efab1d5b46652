package book

import (
	"brood/runner/ledger"
	"time"
)

// course is what has happened in the session, by the stretch, for those who look back at it. It is kept with the
// commits there are anyway, and costs a record one byte on its way here.
type course struct {
	began time.Time // the session
	now   ledger.Stretch
	asked time.Time // when it was asked last what holds the run up
	waits func() ledger.Wait
}

// lengths are how long stretches are, up to an age of the session each: some 2,000 in a day.
var lengths = [...]struct{ age, length time.Duration }{
	{5 * time.Minute, time.Second}, {time.Hour, 10 * time.Second}, {24 * time.Hour, time.Minute}, {1<<63 - 1, 10 * time.Minute},
}

func (c *course) begin(now time.Time, waits func() ledger.Wait) {
	*c = course{began: now, asked: now, waits: waits}
	c.now.At = now
}

// add counts what an update tells, of which so many records are ok.
func (c *course) add(u *Update, ok int) {
	s := &c.now
	s.OK += uint64(ok)
	for i := range u.Outcomes {
		switch u.Outcomes[i].Status.String() {
		case "failed":
			s.Failed++
		case "skipped":
			s.Skipped++
		default:
			s.Unknown++
		}
	}
	s.Again += uint64(len(u.Retries))
	s.Throttled += uint64(u.Throttled)
	s.Busy += u.busy
	for _, size := range u.took {
		s.Took[size]++
	}
}

// committed counts a commit.
func (c *course) committed(took time.Duration) {
	c.now.Commits++
	c.now.Committing += took
}

// take is asked at each commit. It returns the stretch at hand when that has been long enough, or is the last.
func (c *course) take(now time.Time, last bool) []ledger.Stretch {
	if c.waits != nil && !last {
		if w := c.waits(); w != ledger.WaitNothing {
			if c.now.Waits == nil {
				c.now.Waits = make(map[ledger.Wait]time.Duration)
			}
			c.now.Waits[w] += now.Sub(c.asked)
		}
	}
	c.asked = now
	age := now.Sub(c.began)
	length := time.Duration(0)
	for _, l := range lengths {
		if length = l.length; age < l.age {
			break
		}
	}
	s := c.now
	s.Lasted = now.Sub(s.At)
	if !last && s.Lasted < length || last && s.Empty() {
		return nil
	}
	c.now = ledger.Stretch{At: now}
	return []ledger.Stretch{s}
}
