package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// stretches are those of all commits so far.
func (x *fixture) stretches() (out []ledger.Stretch) {
	for _, c := range x.made() {
		out = append(out, c.Course...)
	}
	return out
}

// TestCourse: what has happened is told by the stretch, each thing once, and what is left at the end.
func TestCourse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := ledger.WaitNothing
		x := open(t, func(c *Config, _ *world) { c.Waits = func() ledger.Wait { return held } })
		began := time.Now()
		x.book.NoteInput(5, 0)
		u := final(0, 1)
		u.Took(20 * time.Millisecond)
		u.Took(40 * time.Millisecond)
		x.updates <- u
		settleFor(500 * time.Millisecond)
		if got := x.stretches(); got != nil {
			t.Errorf("after half a second: %+v", got)
		}
		u = failed(2, jobs.StatusFailed)
		u.Took(time.Second)
		u.Retries = append(u.Retries, ledger.Retry{Seq: 3})
		u.Throttled = 1
		x.updates <- u
		settleFor(600 * time.Millisecond)
		held = ledger.WaitLimit
		x.updates <- failed(3, jobs.StatusSkipped)
		settleFor(time.Second)
		got := x.stretches()
		if len(got) != 1 {
			t.Fatalf("%d stretches after two seconds", len(got))
		}
		s := got[0]
		if s.OK != 2 || s.Failed != 1 || s.Skipped != 1 || s.Unknown != 0 || s.Again != 1 || s.Throttled != 1 || s.Busy != 1060*time.Millisecond {
			t.Errorf("%+v", s)
		}
		if !s.At.Equal(began) || s.Lasted != 1220*time.Millisecond || s.Commits != 2 || s.Took.Count() != 3 {
			t.Errorf("from %s for %s, %d commits, %d tries", s.At.Sub(began), s.Lasted, s.Commits, s.Took.Count())
		}
		if want := map[ledger.Wait]time.Duration{ledger.WaitLimit: 600 * time.Millisecond}; !reflect.DeepEqual(s.Waits, want) {
			t.Errorf("it waited %v", s.Waits)
		}
		x.updates <- failed(4, jobs.StatusUnknown)
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		if got := x.stretches(); len(got) != 2 || got[1].Unknown != 1 || got[1].OK+got[1].Failed+got[1].Skipped != 0 || !got[1].At.Equal(s.At.Add(s.Lasted)) {
			t.Errorf("at the end: %+v", got)
		}
	})
}

// TestCourseOfDays: stretches get longer, so that there are not too many of them.
func TestCourseOfDays(t *testing.T) {
	var c course
	now := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	c.begin(now, nil)
	n, sum := 0, uint64(0)
	for end := now.Add(48 * time.Hour); now.Before(end); now = now.Add(200 * time.Millisecond) {
		c.now.OK++
		for _, s := range c.take(now, false) {
			n++
			sum += s.OK
		}
	}
	last := c.take(now, true)
	if len(last) != 1 || sum+last[0].OK != 48*3600*5 || n > 2300 {
		t.Errorf("%d stretches of %d records", n, sum)
	}
	if c.take(now.Add(time.Hour), true) != nil {
		t.Error("nothing has happened, and is told")
	}
}
