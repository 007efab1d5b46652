package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/spec"
	"testing"
	"time"
)

// fate is what a decision comes to, in short.
func (d *decision) fate() string {
	switch {
	case d.aborts:
		return "abort"
	case d.status != jobs.StatusPending && d.freesKey:
		return d.status.String() + ", key freed"
	case d.status != jobs.StatusPending:
		return d.status.String()
	case d.suspect:
		return "again alone"
	}
	return "again"
}

func testPolicy(effect jobs.Effect, onUnknown spec.OnUnknown) *policy {
	return &policy{
		effect: effect, onUnknown: onUnknown, retries: 2, maxCrashes: 2,
		backoffMin: time.Second, backoffMax: 5 * time.Second, random: func() float64 { return 0 },
	}
}

var (
	effects  = []jobs.Effect{jobs.EffectNone, jobs.EffectKeyed, jobs.EffectOnce}
	unknowns = []spec.OnUnknown{spec.OnUnknownHold, spec.OnUnknownRetry, spec.OnUnknownSkip}
)

// The whole table of answers: verdict, --on-unknown, effect none, keyed, once; of a record
// that has tries left, and of one that has none.
func TestAnswered(t *testing.T) {
	table := []struct {
		verdict   jobs.Verdict
		onUnknown spec.OnUnknown
		left      [3]string // with tries left, by effect
		out       [3]string // without
	}{
		{jobs.VerdictOK, spec.OnUnknownHold, same("ok"), same("ok")},
		{jobs.VerdictOK, spec.OnUnknownRetry, same("ok"), same("ok")},
		{jobs.VerdictOK, spec.OnUnknownSkip, same("ok"), same("ok")},
		{jobs.VerdictRetry, spec.OnUnknownHold, same("again"), same("failed, key freed")},
		{jobs.VerdictRetry, spec.OnUnknownRetry, same("again"), same("failed, key freed")},
		{jobs.VerdictRetry, spec.OnUnknownSkip, same("again"), same("failed, key freed")},
		{jobs.VerdictFailed, spec.OnUnknownHold, same("failed, key freed"), same("failed, key freed")},
		{jobs.VerdictFailed, spec.OnUnknownRetry, same("failed, key freed"), same("failed, key freed")},
		{jobs.VerdictFailed, spec.OnUnknownSkip, same("failed, key freed"), same("failed, key freed")},
		{jobs.VerdictSkipped, spec.OnUnknownHold, same("skipped, key freed"), same("skipped, key freed")},
		{jobs.VerdictSkipped, spec.OnUnknownRetry, same("skipped, key freed"), same("skipped, key freed")},
		{jobs.VerdictSkipped, spec.OnUnknownSkip, same("skipped, key freed"), same("skipped, key freed")},
		{jobs.VerdictThrottle, spec.OnUnknownHold, same("again"), same("again")},
		{jobs.VerdictThrottle, spec.OnUnknownRetry, same("again"), same("again")},
		{jobs.VerdictThrottle, spec.OnUnknownSkip, same("again"), same("again")},
		{jobs.VerdictAbort, spec.OnUnknownHold, same("abort"), same("abort")},
		{jobs.VerdictAbort, spec.OnUnknownRetry, same("abort"), same("abort")},
		{jobs.VerdictAbort, spec.OnUnknownSkip, same("abort"), same("abort")},
		{jobs.VerdictUnknown, spec.OnUnknownHold, same("unknown"), same("unknown")},
		{jobs.VerdictUnknown, spec.OnUnknownRetry, same("again"), [3]string{"failed, key freed", "unknown", "unknown"}},
		{jobs.VerdictUnknown, spec.OnUnknownSkip, same("skipped"), same("skipped")},
	}
	if want := 7 * len(unknowns); len(table) != want {
		t.Fatalf("the table has %d rows, there are %d cases", len(table), want)
	}
	for _, row := range table {
		for i, effect := range effects {
			p := testPolicy(effect, row.onUnknown)
			res := jobs.Result{Verdict: row.verdict, Class: "c", Error: "e"}
			for _, c := range []struct {
				attempt, crashes int
				want             string
			}{
				{1, 0, row.left[i]},
				{2, 0, row.left[i]},
				{2, 1, row.left[i]},
				{3, 0, row.out[i]},
				{3, 1, row.left[i]},
				{4, 1, row.out[i]}, // deaths are no tries of the job's
			} {
				d := p.answered(c.attempt, c.crashes, &res)
				if d.fate() != c.want {
					t.Errorf("%s, effect %s, on unknown %s, try %d with %d deaths: %s, want %s", row.verdict, effect, row.onUnknown, c.attempt, c.crashes, d.fate(), c.want)
				}
				final := d.status != jobs.StatusPending
				costsTry := d.next == c.attempt+1
				if !final && costsTry != (c.want == "again" && row.verdict != jobs.VerdictThrottle) {
					t.Errorf("%s: the next try is number %d after %d", row.verdict, d.next, c.attempt)
				}
				wantClass, wantError := jobs.Class(""), ""
				if final && d.status != jobs.StatusOK {
					wantClass, wantError = "c", "e"
				}
				if row.verdict == jobs.VerdictUnknown && d.status == jobs.StatusSkipped {
					wantError = "it may or may not have been done: e"
				}
				if d.class != wantClass || d.error != wantError {
					t.Errorf("%s, on unknown %s: class %q, error %q, want %q, %q", row.verdict, row.onUnknown, d.class, d.error, wantClass, wantError)
				}
				// All is worth a row but what went well and what costs no try.
				if want := row.verdict != jobs.VerdictOK && row.verdict != jobs.VerdictThrottle; d.recorded != want {
					t.Errorf("%s, try %d: recorded %v", row.verdict, c.attempt, d.recorded)
				}
				// The wait grows with the tries that were answered; a death is none.
				wait := time.Duration(0)
				switch {
				case row.verdict == jobs.VerdictThrottle:
					wait = time.Second
				case c.want == "again":
					wait = map[int]time.Duration{1: time.Second, 2: 2 * time.Second}[c.attempt-c.crashes]
				}
				if d.after != wait {
					t.Errorf("%s, try %d with %d deaths: after %s, want %s", row.verdict, c.attempt, c.crashes, d.after, wait)
				}
			}
		}
	}
}

// The whole table of losses: effect, --on-unknown, deaths (0: not to blame).
func TestLost(t *testing.T) {
	type key struct {
		effect    jobs.Effect
		onUnknown spec.OnUnknown
	}
	table := map[key][3]string{ // no blame, first death, second death of --max-crashes 2
		{jobs.EffectNone, spec.OnUnknownHold}:   {"unknown", "unknown", "unknown"},
		{jobs.EffectNone, spec.OnUnknownRetry}:  {"again", "again alone", "failed, key freed"},
		{jobs.EffectNone, spec.OnUnknownSkip}:   {"skipped", "skipped", "skipped"},
		{jobs.EffectKeyed, spec.OnUnknownHold}:  {"unknown", "unknown", "unknown"},
		{jobs.EffectKeyed, spec.OnUnknownRetry}: {"again", "again alone", "unknown"},
		{jobs.EffectKeyed, spec.OnUnknownSkip}:  {"skipped", "skipped", "skipped"},
		{jobs.EffectOnce, spec.OnUnknownHold}:   {"unknown", "unknown", "unknown"},
		{jobs.EffectOnce, spec.OnUnknownRetry}:  {"again", "again alone", "unknown"},
		{jobs.EffectOnce, spec.OnUnknownSkip}:   {"skipped", "skipped", "skipped"},
	}
	for _, effect := range effects {
		for _, onUnknown := range unknowns {
			want := table[key{effect, onUnknown}]
			for crashes := range 3 {
				d := testPolicy(effect, onUnknown).lost(1, crashes, &hand.Loss{Class: jobs.ClassCrash, Text: "boom", Blamed: crashes > 0})
				if d.fate() != want[crashes] {
					t.Errorf("effect %s, on unknown %s, %d deaths: %s, want %s", effect, onUnknown, crashes, d.fate(), want[crashes])
				}
				if next := 1 + min(crashes, 1); d.status == jobs.StatusPending && d.next != next {
					t.Errorf("%d deaths: the next try is number %d, want %d", crashes, d.next, next)
				}
				if d.after != 0 || !d.recorded {
					t.Errorf("%d deaths: after %s, recorded %v", crashes, d.after, d.recorded)
				}
				text := "boom"
				if onUnknown == spec.OnUnknownSkip {
					text = "it may or may not have been done: boom"
				}
				if d.status == jobs.StatusUnknown && effect != jobs.EffectNone {
					text += " (if repeating it does no harm: --effect none)"
				}
				if d.class != jobs.ClassCrash || d.error != text {
					t.Errorf("on unknown %s: class %q, error %q, want %q", onUnknown, d.class, d.error, text)
				}
			}
		}
	}
	for _, effect := range effects {
		if got := spec.DefaultOnUnknown(effect); (got == spec.OnUnknownHold) != (effect == jobs.EffectOnce) || got == spec.OnUnknownSkip {
			t.Errorf("by default what is done of effect %s is %s", effect, got)
		}
	}
}

func TestWhoWaits(t *testing.T) {
	p := testPolicy(jobs.EffectNone, spec.OnUnknownRetry)
	for _, c := range []struct {
		res  jobs.Result
		want *slowing
		wait time.Duration // of the record itself
	}{
		{jobs.Result{Verdict: jobs.VerdictThrottle}, &slowing{wait: throttleTime, lessWillDo: true}, throttleTime},
		{jobs.Result{Verdict: jobs.VerdictThrottle, RetryAfter: 3 * time.Second}, &slowing{wait: 3 * time.Second}, 3 * time.Second},
		{jobs.Result{Verdict: jobs.VerdictThrottle, Delays: jobs.DelaysKey}, &slowing{who: jobs.DelaysKey, wait: throttleTime, lessWillDo: true}, throttleTime},
		{jobs.Result{Verdict: jobs.VerdictRetry}, nil, time.Second},
		{jobs.Result{Verdict: jobs.VerdictRetry, RetryAfter: time.Minute}, nil, time.Minute},
		{jobs.Result{Verdict: jobs.VerdictRetry, RetryAfter: time.Minute, Delays: jobs.DelaysRecord}, nil, time.Minute},
		{jobs.Result{Verdict: jobs.VerdictRetry, RetryAfter: time.Minute, Delays: jobs.DelaysKey}, &slowing{who: jobs.DelaysKey, wait: time.Minute, loud: true}, time.Minute},
		{jobs.Result{Verdict: jobs.VerdictRetry, RetryAfter: time.Minute, Delays: jobs.DelaysAll}, &slowing{who: jobs.DelaysAll, wait: time.Minute, loud: true}, time.Minute},
		{jobs.Result{Verdict: jobs.VerdictFailed, RetryAfter: time.Minute, Delays: jobs.DelaysAll}, nil, 0},
		{jobs.Result{Verdict: jobs.VerdictThrottle, RetryAfter: time.Minute, Delays: jobs.DelaysFewer}, nil, 0},
		{jobs.Result{Verdict: jobs.VerdictRetry, RetryAfter: time.Minute, Delays: jobs.DelaysFewer}, &slowing{who: jobs.DelaysAll, wait: time.Minute, loud: true}, time.Minute},
	} {
		d := p.answered(1, 0, &c.res)
		if (d.slows == nil) != (c.want == nil) || (d.slows != nil && *d.slows != *c.want) {
			t.Errorf("%s after %s, %d: %+v, want %+v", c.res.Verdict, c.res.RetryAfter, c.res.Delays, d.slows, c.want)
		}
		if d.after != c.wait {
			t.Errorf("%s after %s: the record waits %s, want %s", c.res.Verdict, c.res.RetryAfter, d.after, c.wait)
		}
	}
	// A record that may not be tried again can still be why others wait.
	if d := p.answered(3, 0, &jobs.Result{Verdict: jobs.VerdictRetry, Delays: jobs.DelaysAll, RetryAfter: time.Minute}); d.slows == nil || d.status != jobs.StatusFailed {
		t.Errorf("%+v", d)
	}
}

func TestBackoff(t *testing.T) {
	p := testPolicy(jobs.EffectNone, spec.OnUnknownRetry)
	for try, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 5 * time.Second, 90: 5 * time.Second} {
		if got := p.backoff(try); got != want {
			t.Errorf("after try %d: %s, want %s", try, got, want)
		}
	}
	p.random = func() float64 { return 0.999999 }
	if got := p.backoff(2); got < time.Second || got > 1001*time.Millisecond {
		t.Errorf("at the least: %s, want half of it", got)
	}
	p.backoffMin, p.backoffMax = 0, 0
	if got := p.backoff(3); got != 0 {
		t.Errorf("without a backoff: %s", got)
	}
}

func same(s string) [3]string { return [3]string{s, s, s} }
