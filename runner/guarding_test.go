package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/guard"
	"brood/runner/ledger"
	"brood/runner/pace"
	"brood/runner/spec"
	"brood/worker/wire"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// dying are hands that die with the first record that they get.
func dying(n int) (out []*scripted) {
	for range n {
		out = append(out, &scripted{do: func(h *scripted, rec *jobs.Record) { h.die(rec.Seq, rec.Attempt) }})
	}
	return out
}

// lines are n records that are well.
func lines(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint("ok ", i))
	}
	return out
}

// stops begins a run, which must be stopped by its guard.
func (f *fakeRun) stops(why string) Report {
	f.t.Helper()
	rep, err := f.begin(patient(f.t))
	var aborted *spec.AbortError
	if !errors.As(err, &aborted) || !strings.Contains(err.Error(), why) || rep.State != ledger.StateAborted || rep.Reason != err.Error() {
		f.t.Fatalf("%s, %s, %v\n%s", rep.State, rep.Totals, err, f.log.String())
	}
	if !strings.Contains(aborted.Hint, "brood resume "+f.cfg.Name+" --no-guard") {
		f.t.Errorf("the hint is %q", aborted.Hint)
	}
	return rep
}

// Where no worker ever answers nothing is held against a record that can be tried again, and
// a resume finds all of it as it was.
func TestNothingWorks(t *testing.T) {
	f := newRetryRun(t, lines(9)...)
	f.follows(dying(9)...)
	if rep := f.stops("nothing works: 3 tries and not one answer, the last: "); rep.Totals.Pending() != 9 {
		t.Errorf("%s", rep.Totals)
	}
	waits, tries := f.ledger()
	for _, w := range waits {
		if w.Attempts != 0 || w.Crashes != 0 {
			t.Errorf("%+v", w)
		}
	}
	if want := []string{"0 crash 1", "1 crash 1", "2 crash 1"}; len(waits) != 3 || !slices.Equal(tries, want) {
		t.Errorf("%d wait, tries %q, want %q", len(waits), tries, want)
	}
	f.set.NewHand = f.newHand
	rep, err := f.resume(patient(t))
	if err != nil || rep.State != ledger.StateDone || rep.Totals.OK != 9 {
		t.Errorf("a resume: %s, %s, %v", rep.State, rep.Totals, err)
	}
}

// Where nobody knows what came of them, no more are lost than it takes to see that.
func TestNothingWorksOnce(t *testing.T) {
	f := newFakeRun(t, lines(9)...)
	f.cfg.Effect, f.cfg.OnUnknown, f.cfg.Plan.OwnProgram = jobs.EffectOnce, spec.OnUnknownHold, true
	f.follows(dying(9)...)
	if rep := f.stops("nothing works: 3 tries"); rep.Totals.Unknown != 3 || rep.Totals.Pending() != 6 {
		t.Errorf("%s", rep.Totals)
	}
}

// It is not said of a list that is over by then, nor after an answer, nor where it is not
// to be.
func TestSomethingWorks(t *testing.T) {
	for name, c := range map[string]struct {
		records, before, deaths int
		noGuard                 bool
	}{
		"a short list":    {2, 0, 2, false},
		"after an answer": {9, 1, 4, false},
		"no guard":        {9, 0, 4, true},
	} {
		f := newFakeRun(t, lines(c.records)...)
		f.cfg.Effect, f.cfg.OnUnknown, f.cfg.NoGuard = jobs.EffectOnce, spec.OnUnknownHold, c.noGuard
		hands := dying(c.deaths)
		if c.before > 0 {
			one := true
			hands[0].do = func(h *scripted, rec *jobs.Record) {
				if one {
					one = false
					h.answer(rec.Seq, jobs.VerdictOK)
					return
				}
				h.die(rec.Seq, rec.Attempt)
			}
		}
		f.follows(hands...)
		rep, err := f.begin(patient(t))
		if err != nil || rep.State != ledger.StateDone || rep.Totals.Unknown != uint64(c.deaths) {
			t.Errorf("%s: %s, %s, %v", name, rep.State, rep.Totals, err)
		}
	}
}

// failing is a hand that answers all records alike.
func failing(class jobs.Class, text string) *scripted {
	return &scripted{do: func(h *scripted, rec *jobs.Record) {
		res := &jobs.Result{}
		res.Fail(jobs.VerdictFailed, class, "%s", text)
		p := wire.AppendAnswersHead(nil, rec.Seq, 1, time.Millisecond)
		h.frames <- wire.AppendAnswer(p, res)
	}}
}

// What could not be started has done nothing: its records are tried again. A shell that
// cannot start something may have done something before.
func TestNothingCanBeStarted(t *testing.T) {
	for class, pending := range map[jobs.Class]int64{jobs.ClassStart: 9, "exit:127": 6} {
		f := newRetryRun(t, lines(9)...)
		f.follows(failing(class, "no such file"))
		if rep := f.stops("nothing works: 3 tries and not one answer, the last: no such file"); rep.Totals.Pending() != pending {
			t.Errorf("%s: %s", class, rep.Totals)
		}
	}
	f := newRetryRun(t, lines(2)...)
	f.follows(failing(jobs.ClassStart, "no such file"))
	f.done("0 failed exec 1", "1 failed exec 1")
}

// When the first records have all ended alike nothing more is begun, if there is more.
func TestAllAlike(t *testing.T) {
	f := newRetryRun(t, lines(50)...)
	f.follows(failing("wrong", "no"))
	if rep := f.stops("the first 20 records all ended alike: failed: record 0, "); rep.Totals.Failed != guard.Enough {
		t.Errorf("%s", rep.Totals)
	}
	for name, change := range map[string]func(f *fakeRun){
		"a list that ends there": func(f *fakeRun) { f.cfg.RecordLimit = guard.Enough },
		"no guard":               func(f *fakeRun) { f.cfg.NoGuard = true },
	} {
		f := newRetryRun(t, lines(30)...)
		change(f)
		f.follows(failing("wrong", "no"))
		if rep, err := f.begin(patient(t)); err != nil || rep.State != ledger.StateDone || rep.Totals.Failed != rep.Totals.Input {
			t.Errorf("%s: %s, %s, %v", name, rep.State, rep.Totals, err)
		}
	}
}

// Of a class of which the job says so, few records of different keys are enough, whatever the
// breaker says.
func TestFewAlike(t *testing.T) {
	suspect := &jobs.Suspect{Classes: []jobs.Class{"wrong"}, Column: "line"}
	f := newRetryRun(t, lines(50)...)
	f.cfg.Plan.Suspect = suspect
	f.cfg.Breaker, _ = pace.ParseBreaker("50%/20 of wrong for 1h")
	f.follows(failing("wrong", "no"))
	if rep := f.stops("3 records that have nothing in common ended alike, and none well: failed: record 0, "); rep.Totals.Failed != guard.SpreadEnough {
		t.Errorf("%s", rep.Totals)
	}
	for name, change := range map[string]func(f *fakeRun){
		"of one key":     func(f *fakeRun) { f.cfg.Plan.Suspect = &jobs.Suspect{Classes: suspect.Classes, Column: "no such"} },
		"of other class": func(f *fakeRun) { f.cfg.Plan.Suspect = &jobs.Suspect{Classes: []jobs.Class{"right"}, Column: "line"} },
		"no guard":       func(f *fakeRun) { f.cfg.NoGuard = true },
	} {
		f := newRetryRun(t, lines(9)...)
		f.cfg.Plan.Suspect = suspect
		change(f)
		f.follows(failing("wrong", "no"))
		if rep, err := f.begin(patient(t)); err != nil || rep.State != ledger.StateDone || rep.Totals.Failed != rep.Totals.Input {
			t.Errorf("%s: %s, %s, %v", name, rep.State, rep.Totals, err)
		}
	}
}

func TestSilentFor(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		h                  inHand
		now, resumed, want time.Duration
	}{
		{inHand{busy: true, since: 10 * s}, 45 * s, 0, 35 * s},
		{inHand{busy: true, since: 10 * s}, 45 * s, 40 * s, 5 * s}, // it was suspended
		{inHand{busy: true, since: 10 * s}, 45 * s, 3 * s, 35 * s},
		{inHand{since: 10 * s}, 45 * s, 0, 0}, // nothing is in hand
		{inHand{busy: true}, 45 * s, 0, 0},    // its answer is on the way
	} {
		if got := silentFor(c.now, c.h, c.resumed); got != c.want {
			t.Errorf("%+v at %s: %s, want %s", c.h, c.now, got, c.want)
		}
	}
}

// TestPutOffLate: a worker that dies with its record while another one answers for the first
// time is settled by its slot after that, at any moment.
func TestPutOffLate(t *testing.T) {
	f := newRetryRun(t, lines(3)...)
	s := &settler{guarding: newGuarding(f.cfg), feed: feed.New(feed.Config{Dir: t.TempDir(), Slots: 1})}
	s.workerWorks()
	s.guarding.putOff(ledger.Retry{Seq: 1})
	s.guarding.isFinal(1)
	if s.guarding.before != nil {
		t.Errorf("it is kept: %v", s.guarding.before)
	}
}
