package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"testing"
	"time"
)

func TestGrey(t *testing.T) {
	for _, c := range []struct {
		text    string
		wait    time.Duration // of the flag; 0: a run that was begun before there was one
		attempt int
		after   time.Duration
		holds   jobs.Delays
	}{
		{"later", 5 * time.Minute, 1, 5 * time.Minute, jobs.DelaysKey},
		{"later", 0, 1, reply.GreyTime, jobs.DelaysKey},
		{"later", 5 * time.Minute, 3, 20 * time.Minute, jobs.DelaysKey},
		{"later", 5 * time.Minute, 1000, greyMost, jobs.DelaysKey},
		{"later", 3 * time.Hour, 2, 3 * time.Hour, jobs.DelaysKey},
		{"Greylisted, see help", time.Second, 1, time.Second, jobs.DelaysRecord},
		{"Greylisted for 60 seconds", 5 * time.Minute, 2, 61 * time.Second, jobs.DelaysRecord},
	} {
		o := reply.Outcome{Verdict: jobs.VerdictRetry, Class: reply.ClassGrey, After: reply.GreyTime, Holds: jobs.DelaysKey, Text: c.text}
		(&config{GreyWait: c.wait}).fitGrey(&o, c.attempt)
		if o.After != c.after || o.Holds != c.holds {
			t.Errorf("%q, try %d: after %s for %d, want %s for %d", c.text, c.attempt, o.After, o.Holds, c.after, c.holds)
		}
	}
	o := reply.Outcome{Verdict: jobs.VerdictRetry, Class: reply.ClassBusy, After: time.Second, Holds: jobs.DelaysAll, Text: "not greylisted"}
	if was := o; true {
		if (&config{GreyWait: time.Hour}).fitGrey(&o, 1); o != was {
			t.Errorf("another reply became %+v", o)
		}
	}
}
