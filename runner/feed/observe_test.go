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

// breaker is the spec of a breaker.
func breaker(t *testing.T, s string) pace.BreakerSpec {
	t.Helper()
	b, err := pace.ParseBreaker(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	policy = jobs.Result{Verdict: jobs.VerdictRetry, Class: "policy"}
	good   = jobs.Result{Verdict: jobs.VerdictOK}
)

// trip makes the breaker stop the run, whose policy is "100%/1 of policy".
func (x *fixture) trip(seq jobs.Seq) {
	x.t.Helper()
	if x.feed.Observe(seq, &policy, policy.Class, time.Millisecond) == "" {
		x.t.Fatal("the breaker has not opened")
	}
	x.want(x.take(1), "")
}

// Breaker: a pause when too many fail, then one record to try, and on if that goes well. Only
// failures of its class count.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Breaker: breaker(t, "50%/4 of policy for 1m")})
		x.push("a", "b", "c", "d", "e", "f", "g", "h")
		other := jobs.Result{Verdict: jobs.VerdictFailed, Class: "bounce"}
		x.want(x.take(5), "0/1 1/1 2/1 3/1 4/1")
		for seq, res := range []jobs.Result{other, other, policy, good} {
			time.Sleep(time.Second)
			if got := x.feed.Observe(jobs.Seq(seq), &res, res.Class, time.Millisecond); got != "" {
				t.Fatalf("after record %d, one of policy: %s", seq, got)
			}
		}
		if x.feed.Observe(4, &policy, policy.Class, time.Millisecond) == "" {
			t.Fatal("two of four were refused for policy, and nobody was told")
		}
		x.want(x.take(1), "")
		if x.feed.State().Waits == "" {
			t.Error("it does not say why it waits")
		}
		time.Sleep(time.Minute)
		x.want(x.take(9), "5/1") // the trial
		x.want(x.take(9), "")
		x.feed.Undecided(5) // it comes back untried: another is the trial
		x.want(x.take(9), "6/1")
		time.Sleep(time.Second)
		if x.feed.Observe(6, &good, "", time.Millisecond) == "" {
			t.Error("the trial went well, and nobody was told")
		}
		x.want(x.take(9), "7/1")
	})
}

// A trial that was told to slow down, or to stop, has decided nothing: another is made.
func TestBreakerUndecided(t *testing.T) {
	for _, verdict := range []jobs.Verdict{jobs.VerdictThrottle, jobs.VerdictAbort} {
		synctest.Test(t, func(t *testing.T) {
			x := newFixture(t, Config{Breaker: breaker(t, "100%/1 of policy for 1m")})
			x.push("a", "b", "c")
			x.want(x.take(1), "0/1")
			x.trip(0)
			time.Sleep(time.Minute)
			x.want(x.take(1), "1/1")
			x.want(x.take(1), "")
			if news := x.feed.Observe(1, &jobs.Result{Verdict: verdict}, "", time.Millisecond); news != "" {
				t.Errorf("%s is news: %s", verdict, news)
			}
			x.want(x.take(1), "2/1")
		})
	}
}

// A retry may be the trial, and then there is no other.
func TestBreakerTriesARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Breaker: breaker(t, "100%/1 of policy for 1m")})
		x.push("a")
		x.want(x.take(1), "0/1")
		x.again(retry(7, time.Now()))
		x.again(retry(8, time.Now()))
		x.trip(0)
		time.Sleep(time.Minute)
		x.want(x.take(9), "7/2")
		x.want(x.take(9), "")
		if x.feed.Observe(7, &good, "", time.Millisecond) == "" {
			t.Error("the trial went well, and nobody was told")
		}
		x.want(x.take(9), "8/2")
	})
}
