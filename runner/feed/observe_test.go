package feed

import (
	"brood/jobs"
	"brood/runner/pace"
	"testing"
	"testing/synctest"
	"time"
)

// Adaptive: fewer at a time when the far side refuses, is slow or out of reach; more when all
// goes well, up to as many as there are slots.
func TestAdaptiveFollowsResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Slots: 64, Adaptive: true})
		allowed := func() int { return *x.feed.State().Adaptive }
		begin := allowed()
		ok := jobs.Result{Verdict: jobs.VerdictOK}
		for range 200 {
			time.Sleep(10 * time.Millisecond)
			x.feed.mu.Lock()
			x.feed.gate.working = x.feed.adapting.Allowed()
			x.feed.mu.Unlock()
			x.feed.Observe(1, &ok, "", 5*time.Millisecond)
		}
		if allowed() <= begin || allowed() > 64 {
			t.Fatalf("%d slots at first, %d after 200 that went well", begin, allowed())
		}
		for what, c := range map[string]struct {
			res   *jobs.Result
			class jobs.Class
			fewer bool
		}{
			"throttle":             {&jobs.Result{Verdict: jobs.VerdictThrottle}, "", true},
			"throttle of one":      {&jobs.Result{Verdict: jobs.VerdictThrottle, Delays: jobs.DelaysRecord}, "", false},
			"out of reach":         {&jobs.Result{Verdict: jobs.VerdictRetry, Class: jobs.ClassConnect}, jobs.ClassConnect, true},
			"too slow":             {nil, jobs.ClassTimeout, true},
			"a death":              {nil, jobs.ClassCrash, false},
			"abort":                {&jobs.Result{Verdict: jobs.VerdictAbort}, jobs.ClassConnect, false},
			"failed by the record": {&jobs.Result{Verdict: jobs.VerdictFailed}, "bounce", false},
		} {
			time.Sleep(time.Minute) // each counts by itself
			before := allowed()
			x.feed.Observe(1, c.res, c.class, time.Millisecond)
			if got := allowed() < before; got != c.fewer {
				t.Errorf("%s: %d slots before, %d after", what, before, allowed())
			}
		}
		x.feed.SetSlots(2)
		if allowed() > 2 {
			t.Errorf("%d of 2 slots", allowed())
		}
		for range 100 {
			time.Sleep(time.Minute)
			x.feed.Observe(1, nil, jobs.ClassTimeout, time.Millisecond)
		}
		if allowed() != 1 || !x.feed.AtFloor() {
			t.Errorf("%d slots are the least, at the floor: %v", allowed(), x.feed.AtFloor())
		}
	})
}

func TestFloorWithoutAdaptive(t *testing.T) {
	x := newFixture(t, Config{})
	if !x.feed.AtFloor() || x.feed.Adaptive() || x.feed.State().Adaptive != nil {
		t.Error("without --adaptive there is never less to do")
	}
	if news := x.feed.Observe(1, nil, jobs.ClassTimeout, 0); news != "" {
		t.Errorf("news of nobody: %q", news)
	}
}

// Breaker: a pause when too many fail, then one record to try, and on if that goes well.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec, err := pace.ParseBreaker("50%/4 of policy for 1m")
		if err != nil {
			t.Fatal(err)
		}
		x := newFixture(t, Config{Breaker: spec})
		x.push("a", "b", "c", "d", "e", "f", "g")
		bad := jobs.Result{Verdict: jobs.VerdictRetry, Class: "policy"}
		other := jobs.Result{Verdict: jobs.VerdictFailed, Class: "bounce"}
		good := jobs.Result{Verdict: jobs.VerdictOK}
		x.want(x.take(4), "0/1 1/1 2/1 3/1")
		news := ""
		for seq, res := range []jobs.Result{other, bad, good, bad} {
			time.Sleep(time.Second)
			if got := x.feed.Observe(jobs.Seq(seq), &res, res.Class, time.Millisecond); got != "" {
				news += got
			}
		}
		if news == "" {
			t.Fatal("two of four were refused for policy, and nobody was told")
		}
		x.want(x.take(1), "")
		if x.feed.State().Waits == "" {
			t.Error("it does not say why it waits")
		}
		time.Sleep(time.Minute)
		x.want(x.take(9), "4/1") // the trial
		x.want(x.take(9), "")
		x.feed.Undecided(4) // it comes back untried: another is the trial
		x.want(x.take(9), "5/1")
		time.Sleep(time.Second)
		if x.feed.Observe(5, &good, "", time.Millisecond) == "" {
			t.Error("the trial went well, and nobody was told")
		}
		x.want(x.take(9), "6/1")
	})
}
