package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/ledger"
	"brood/runner/pace"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// patient bounds a run that would wait for ever if it went wrong.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// newRetryRun is a run of which records may be done again.
func newRetryRun(t *testing.T, lines ...string) *fakeRun {
	f := newFakeRun(t, lines...)
	f.cfg.Effect, f.cfg.OnUnknown = jobs.EffectNone, spec.OnUnknownRetry
	return f
}

// done begins the run, and checks that it comes to these rows, and that nothing waits in the
// ledger when it is done.
func (f *fakeRun) done(want ...string) {
	f.t.Helper()
	rep, err := f.begin(patient(f.t))
	if err != nil || rep.State != ledger.StateDone || rep.Totals.Pending() != 0 {
		f.t.Fatalf("%s, %s, %v\n%s", rep.State, rep.Totals, err, f.log.String())
	}
	if got := f.rows(); !slices.Equal(got, want) {
		f.t.Errorf("%q\nwant %q", got, want)
	}
	if waits, _ := f.ledger(); len(waits) > 0 {
		f.t.Errorf("all is done, and the ledger has %+v waiting", waits)
	}
}

// An answer for another record than the one it is the turn of makes no sense: nothing of it
// counts, the hand ends, and the records are done by the next.
func TestAnswerOutOfStep(t *testing.T) {
	f := newRetryRun(t, "ok a", "ok b")
	h := &scripted{do: func(h *scripted, rec *jobs.Record) { h.answer(rec.Seq+1, jobs.VerdictFailed) }}
	s := f.follows(h)
	f.done("0 ok  1", "1 ok  1")
	if !strings.Contains(h.rest.How, "an answer for record 1, expected 0") {
		t.Errorf("it was said to have ended: %s", h.rest.How)
	}
	s.want(t, "begin 1", "clear 1")
}

// Answers that came before one that makes no sense count.
func TestAnswersBeforeTheBrokenOne(t *testing.T) {
	f := newRetryRun(t, "fail a", "ok b", "ok c")
	s := f.follows(&scripted{do: func(h *scripted, rec *jobs.Record) {
		if rec.Seq > 0 {
			rec.Seq += 7
		}
		h.answer(rec.Seq, jobs.VerdictFailed)
	}})
	f.done("0 failed scripted 1", "1 ok  1", "2 ok  1")
	s.want(t, "begin 1", "clear 1")
}

// What a hand leaves counts for the try that it is of, and no other.
func TestRemainsOfAnotherTry(t *testing.T) {
	for _, c := range []struct {
		name   string
		left   *wire.Note
		inHand int // the try that the second hand has in hand; 0: none
		want   string
		tries  []string
	}{
		{"the answer to this try", note(0, 2, jobs.VerdictFailed), 0, "0 failed scripted 2", []string{"0 retry 1", "0 failed 2"}},
		{"the answer to the one before", note(0, 1, jobs.VerdictFailed), 2, "0 ok  3", []string{"0 retry 1", "0 crash 2", "0 ok 3"}},
		{"only the answer to the one before", note(0, 1, jobs.VerdictFailed), 0, "0 ok  2", []string{"0 retry 1", "0 ok 2"}},
		{"this try in hand", nil, 2, "0 ok  3", []string{"0 retry 1", "0 crash 2", "0 ok 3"}},
		{"the one before in hand", nil, 1, "0 ok  2", []string{"0 retry 1", "0 ok 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newRetryRun(t, "ok a")
			h := &scripted{do: func(h *scripted, rec *jobs.Record) {
				if rec.Attempt == 1 {
					h.answer(rec.Seq, jobs.VerdictRetry)
					return
				}
				if c.left != nil {
					h.rest.Left = map[jobs.Seq]*wire.Note{0: c.left}
				}
				h.die(0, c.inHand)
			}}
			s := f.follows(h)
			f.done(c.want)
			if _, tries := f.ledger(); !slices.Equal(tries, c.tries) {
				t.Errorf("the ledger has %q, want %q", tries, c.tries)
			}
			events := []string{"begin 1", "loss 1 of record 0, try 2, death 1", "clear 1"}
			if c.inHand != 2 {
				events = slices.Delete(events, 1, 2)
			}
			s.want(t, events...)
		})
	}
}

// A loss is noted, and then forgotten by the page, before the next hand begins; also a hand
// that leaves in good order leaves a clear page.
func TestClearedBeforeTheNext(t *testing.T) {
	f := newRetryRun(t, "ok a")
	dies := func(h *scripted, rec *jobs.Record) { h.die(rec.Seq, rec.Attempt) }
	s := f.follows(&scripted{do: dies}, &scripted{do: func(h *scripted, rec *jobs.Record) { h.answer(rec.Seq, jobs.VerdictOK) }})
	f.done("0 ok  2")
	s.want(t, "begin 1", "loss 1 of record 0, try 1, death 1", "clear 1", "begin 2", "clear 2")

	f = newRetryRun(t, "ok a")
	s = f.follows(&scripted{do: dies}, &scripted{do: dies})
	f.done("0 failed crash 2")
	s.want(t, "begin 1", "loss 1 of record 0, try 1, death 1", "clear 1", "begin 2", "loss 2 of record 0, try 2, death 2", "clear 2")
}

// What waits for another try is in the ledger, with the tries that are over and the deaths,
// and a resume goes on from there.
func TestWaitingIsInTheLedger(t *testing.T) {
	f := newRetryRun(t, "ok a", "ok b")
	f.cfg.BackoffMin, f.cfg.BackoffMax = time.Hour, time.Hour
	f.follows(&scripted{do: func(h *scripted, rec *jobs.Record) {
		h.answer(rec.Seq, []jobs.Verdict{jobs.VerdictRetry, jobs.VerdictAbort}[rec.Seq])
	}})
	var aborted *spec.AbortError
	if _, err := f.begin(patient(t)); !errors.As(err, &aborted) {
		t.Fatal(err)
	}
	waits, tries := f.ledger()
	if len(waits) != 2 || waits[0].Attempts != 1 || waits[1].Attempts != 0 || waits[0].Crashes+waits[1].Crashes != 0 {
		t.Errorf("%+v", waits)
	}
	if d := time.Until(waits[0].Due); d < 25*time.Minute || d > time.Hour {
		t.Errorf("it is due in %s", d)
	}
	if want := []string{"0 retry 1", "1 abort 1"}; !slices.Equal(tries, want) {
		t.Errorf("the ledger has %q, want %q", tries, want)
	}
}

func TestDeathsAreInTheLedger(t *testing.T) {
	f := newRetryRun(t, "ok a")
	f.follows(
		&scripted{do: func(h *scripted, rec *jobs.Record) { h.die(rec.Seq, rec.Attempt) }},
		&scripted{do: func(h *scripted, rec *jobs.Record) { h.answer(rec.Seq, jobs.VerdictAbort) }},
	)
	var aborted *spec.AbortError
	if _, err := f.begin(patient(t)); !errors.As(err, &aborted) {
		t.Fatal(err)
	}
	waits, tries := f.ledger()
	if len(waits) != 1 || waits[0].Attempts != 1 || waits[0].Crashes != 1 {
		t.Errorf("%+v", waits)
	}
	if want := []string{"0 crash 1", "0 abort 2"}; !slices.Equal(tries, want) {
		t.Errorf("the ledger has %q, want %q", tries, want)
	}
	rep, err := f.resume(patient(t))
	if err != nil || rep.State != ledger.StateDone {
		t.Fatalf("a resume: %s, %v", rep.State, err)
	}
	if got, want := f.rows(), []string{"0 ok  2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if waits, tries := f.ledger(); len(waits) > 0 || tries[len(tries)-1] != "0 ok 2" {
		t.Errorf("%+v wait, tries %q", waits, tries)
	}
}

// A death is no try of the job's: it leaves the record its retries.
func TestDeathsCostNoRetries(t *testing.T) {
	f := newRetryRun(t, "ok a")
	f.cfg.Retries = 1
	f.follows(
		&scripted{do: func(h *scripted, rec *jobs.Record) { h.die(rec.Seq, rec.Attempt) }},
		&scripted{do: func(h *scripted, rec *jobs.Record) { h.answer(rec.Seq, jobs.VerdictRetry) }},
	)
	f.done("0 failed scripted 3")
	if _, tries := f.ledger(); !slices.Equal(tries, []string{"0 crash 1", "0 retry 2", "0 retry 3"}) {
		t.Errorf("the ledger has %q", tries)
	}
}

// idle is a hand that dies before it has begun anything.
func idle() *scripted {
	return &scripted{do: func(h *scripted, _ *jobs.Record) { h.die(0, 0) }}
}

// Hands that die one after the other without having begun anything end the run: it is not
// the records.
func TestIdleDeathsEndTheRun(t *testing.T) {
	f := newRetryRun(t, "ok a")
	f.cfg.NoGuard = true // which would end it sooner
	var hands []*scripted
	for range idleDeaths + 3 {
		hands = append(hands, idle())
	}
	s := f.follows(hands...)
	rep, err := f.begin(patient(t))
	var aborted *spec.AbortError
	if !errors.As(err, &aborted) || !strings.Contains(err.Error(), fmt.Sprintf("%d workers of slot 1 died in a row", idleDeaths)) || rep.State != ledger.StateAborted {
		t.Errorf("%s, %v", rep.State, err)
	}
	if s.begun != idleDeaths {
		t.Errorf("%d hands were started", s.begun)
	}
	if rep.Totals.Pending() != 1 {
		t.Errorf("%s", rep.Totals)
	}
}

// A hand that has answered, had a record in hand or left an answer breaks the row.
func TestIdleDeathsInARow(t *testing.T) {
	for name, do := range map[string]func(h *scripted, rec *jobs.Record){
		"answered": func(h *scripted, rec *jobs.Record) {
			if rec.Seq > 0 {
				h.die(0, 0)
				return
			}
			h.answer(0, jobs.VerdictOK)
		},
		"had one in hand": func(h *scripted, rec *jobs.Record) { h.die(rec.Seq, rec.Attempt) },
		"left an answer": func(h *scripted, rec *jobs.Record) {
			h.rest.Left = map[jobs.Seq]*wire.Note{rec.Seq: note(rec.Seq, rec.Attempt, jobs.VerdictOK)}
			h.die(0, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newRetryRun(t, "ok a", "ok b")
			f.cfg.NoGuard = true
			var hands []*scripted
			for range 2 {
				for range idleDeaths - 1 {
					hands = append(hands, idle())
				}
				hands = append(hands, &scripted{do: do})
			}
			f.follows(hands[:len(hands)-1]...)
			rep, err := f.begin(patient(t))
			if err != nil || rep.Totals.OK != 2 {
				t.Errorf("%s, %v", rep.Totals, err)
			}
		})
	}
}

// A key of which one record at a time may be in flight is free again when that has been
// answered, and when its hand has died.
func TestKeyIsFreeAgain(t *testing.T) {
	for name, hands := range map[string][]*scripted{
		"answered": nil,
		"died":     {{do: func(h *scripted, rec *jobs.Record) { h.die(rec.Seq, rec.Attempt) }}},
		"idle":     {idle()},
	} {
		t.Run(name, func(t *testing.T) {
			f := newRetryRun(t, "ok a", "ok a", "ok a", "ok b")
			f.cfg.Pace, f.cfg.PaceKey = pace.Spec{MaxPerKey: 1}, spec.PaceKey{Column: jobs.LineColumn}
			f.follows(hands...)
			rep, err := f.begin(patient(t))
			if err != nil || rep.Totals.OK != 4 {
				t.Errorf("%s, %v", rep.Totals, err)
			}
		})
	}
}

var _ hand.Hand = (*scripted)(nil)
