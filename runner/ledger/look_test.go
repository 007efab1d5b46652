package ledger

import (
	"brood/jobs"
	"testing"
	"time"
)

// TestLook asks a ledger what a report says of a run.
func TestLook(t *testing.T) {
	l := create(t)
	ctx, r := t.Context(), l.Reader()
	beginSession(t, l, 1)
	hand := jobs.Seq(3)
	dead := []Death{
		{At: after(time.Hour), Slot: 1, PID: 7, How: "signal: killed", Seq: &hand, CPU: 5 * time.Millisecond, MaxRSS: 9, Said: "oh"},
		{At: after(2 * time.Hour), Slot: 2, PID: 8, How: "signal: killed"},
	}
	ended := []Outcome{
		{Seq: 1, Status: jobs.StatusFailed, Class: "b", Error: "no", Attempts: 1, At: after(time.Hour)},
		{Seq: 2, Status: jobs.StatusFailed, Class: "a", Error: "no", Attempts: 2, At: after(time.Hour)},
		{Seq: 3, Status: jobs.StatusUnknown, Class: "crash", Error: "?", Attempts: 1, Crashes: 1, Place: Place{File: 1, Line: 4, Offset: 40}, At: after(time.Hour)},
		{Seq: 4, Status: jobs.StatusFailed, Class: "a", Error: "nay", Attempts: 1, At: after(time.Hour)},
	}
	tries := []Attempt{
		{Seq: 2, Attempt: 1, At: after(0), Verdict: Answered(jobs.VerdictRetry), Class: "a"},
		{Seq: 2, Attempt: 2, At: after(0), Verdict: Answered(jobs.VerdictFailed), Class: "a"},
		{Seq: 4, Attempt: 1, At: after(0), Verdict: Answered(jobs.VerdictFailed), Class: "a"},
	}
	commit(t, l, &Commit{Totals: Totals{Input: 5, OK: 1, Failed: 3, Unknown: 1}, Outcomes: ended, Attempts: tries, Deaths: dead})
	same(t, "outcomes", must[[]Counted](t)(r.CountOutcomes(ctx)), []Counted{{"failed", "a", 2}, {"failed", "b", 1}, {"unknown", "crash", 1}})
	same(t, "tries", must[[]Counted](t)(r.CountTries(ctx)), []Counted{{"failed", "a", 2}, {"retry", "a", 1}})
	same(t, "deaths", must[[]Counted](t)(r.CountDeaths(ctx)), []Counted{{"signal: killed", "", 2}})
	same(t, "the deaths", must[[]Death](t)(r.Deaths(ctx, 5)), dead)
	same(t, "the unknown", must[[]Outcome](t)(r.FirstOf(ctx, jobs.StatusUnknown, 5)), ended[2:3])
	same(t, "the first failed", must[[]Outcome](t)(r.FirstOf(ctx, jobs.StatusFailed, 2)), ended[:2])
	same(t, "decisions", must[[]Counted](t)(r.CountDecisions(ctx)), []Counted(nil))
	s := must[[]PastSession](t)(r.Sessions(ctx))
	if len(s) != 1 || !s[0].EndedAt.IsZero() || s[0].Known || s[0].Version != "v1" || !s[0].StartedAt.Equal(after(time.Hour)) {
		t.Errorf("%+v", s)
	}
	use := Usage{Workers: 2, CPU: 3 * time.Second, MaxRSS: 4 << 20}
	if err := l.EndSession(ctx, StateDone, "", true, use); err != nil {
		t.Fatal(err)
	}
	if s := must[[]PastSession](t)(r.Sessions(ctx)); s[0].EndedAt.IsZero() || !s[0].Known || s[0].Usage != use || s[0].EndedAs != StateDone {
		t.Errorf("%+v", s)
	}
}
