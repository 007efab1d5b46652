package handtest

import (
	"brood/jobs"
	"brood/runner/hand"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// patience is how long anything in the suite may take that should not take long.
const patience = 30 * time.Second

// Place is where the hands of a test are.
type Place struct {
	// Start brings one hand after the other. They work on Definition's job with the records
	// of Shape, for an effect that must not be repeated, and end with the test.
	Start func() hand.Hand
	// End ends the hands at once, as a run does that is killed.
	End func()
	// Losses are those of which NoteLoss was told.
	Losses func() []NotedLoss
}

// Run tests an implementation. Each test has a place of its own, whose hands are worn out
// by about so many records, or if that is 0 by none.
func Run(t *testing.T, place func(t *testing.T, worn uint64) Place) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, start func() hand.Hand)
	}{
		{"answers come in the order of the records", testOrder},
		{"an answer may be large", testBig},
		{"a hand that has nothing leaves nothing", testLeaveIdle},
		{"what is given before it leaves is finished", testLeaveBusy},
		{"a death says what was in hand", testDeath},
		{"an answer outlives its hand", testLeft},
		{"a kill ends what is in hand", testKill},
		{"giving to the dead is no error", testGiveDead},
		{"what is in the ledger need not be kept", testAck},
		{"the next hand begins with nothing in hand", testNext},
		{"a kill ends a hand that has nothing", testKillIdle},
		{"where it makes no sense all its answers are left", testBroken},
		{"a record that nobody has stopped", testNotStopped},
		{"a hand that is not worn out", testNotWorn},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, place(t, 0).Start) })
	}
	t.Run("the end of the run blames nobody", func(t *testing.T) { testEnd(t, place(t, 0)) })
	t.Run("a loss is noted", func(t *testing.T) { testLoss(t, place(t, 0)) })
	t.Run("a hand is worn out by records", func(t *testing.T) { testWorn(t, place(t, 10).Start) })
}

func testOrder(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(3, "ok a", "fail b", "ok c")
	k.give(6, "retry d", "unknown e")
	want := []jobs.Verdict{jobs.VerdictOK, jobs.VerdictFailed, jobs.VerdictOK, jobs.VerdictRetry, jobs.VerdictUnknown}
	for i, v := range want {
		a, ok := k.next()
		if !ok || a.seq != jobs.Seq(3+i) || a.res.Verdict != v {
			t.Fatalf("answer %d: record %d, %s; want record %d, %s", i, a.seq, a.res.Verdict, 3+i, v)
		}
		if v == jobs.VerdictFailed && (a.res.Class != "wrong" || a.res.Error != "of fail b") {
			t.Errorf("class %q, error %q", a.res.Class, a.res.Error)
		}
		k.hand.Taken(1)
	}
	if exit := k.leave(); !exit.Clean {
		t.Errorf("it ended: %s", exit.Text)
	}
	k.nothing()
}

func testBig(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(0, "big", "ok behind it")
	first, _ := k.next()
	second, _ := k.next()
	if len(first.res.Text) != 512<<10 || string(second.res.Text) != "ok behind it" {
		t.Errorf("%d bytes, then %q", len(first.res.Text), second.res.Text)
	}
	k.leave()
}

func testLeaveIdle(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	if exit := k.leave(); !exit.Clean {
		t.Errorf("it ended: %s", exit.Text)
	}
	if all := k.all(); len(all) > 0 {
		t.Errorf("answers nobody asked for: %v", all)
	}
	k.nothing()
}

func testLeaveBusy(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(0, "ok a", "ok b", "ok c")
	exit := k.leave()
	all := k.all()
	k.hand.Taken(len(all))
	if len(all) != 3 || !exit.Clean {
		t.Errorf("%d answers; it ended: %s", len(all), exit.Text)
	}
	k.nothing()
}

func testNotWorn(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(0, "ok a", "ok b")
	if w, a := k.hand.Worn(), k.hand.Allowance(); w != 0 || a != hand.Unlimited {
		t.Errorf("worn by %g, allowed %d", w, a)
	}
	k.leave()
}

func testWorn(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	most := k.hand.Allowance()
	if w := k.hand.Worn(); w != 0 || most < 5 || most > 20 {
		t.Fatalf("worn by %g at first, allowed %d", w, most)
	}
	k.give(0, "ok a", "ok b", "ok c")
	if w, a := k.hand.Worn(), k.hand.Allowance(); w <= 0 || w >= 1 || a != most-3 {
		t.Errorf("worn by %g, allowed %d of %d after 3", w, a, most)
	}
	k.give(3, slices.Repeat([]string{"ok"}, int(most)-3)...)
	if w, a := k.hand.Worn(), k.hand.Allowance(); w < 1 || a != 0 {
		t.Errorf("worn by %g, allowed %d after all", w, a)
	}
	k.give(jobs.Seq(most), "ok") // one more is not refused
	if a := k.hand.Allowance(); a != 0 {
		t.Errorf("allowed %d after more than all", a)
	}
	k.leave()
	if got := len(k.all()); got != int(most)+1 {
		t.Errorf("%d answers", got)
	}
	k = begin(t, start())
	if w, a := k.hand.Worn(), k.hand.Allowance(); w != 0 || a < 5 {
		t.Errorf("the next is worn by %g, and allowed %d", w, a)
	}
	k.leave()
}

func testAck(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	if ack, upTo := k.hand.Taken(0); ack != nil {
		t.Errorf("before any answer there is %d to acknowledge", upTo)
	}
	last := uint64(0)
	for seq := range jobs.Seq(3) {
		k.give(seq, "ok")
		if _, ok := k.next(); !ok {
			t.Fatal("no answer")
		}
		ack, upTo := k.hand.Taken(1)
		if ack == nil || upTo <= last {
			t.Fatalf("after record %d there is %d to acknowledge, after %d", seq, upTo, last)
		}
		last = upTo
		ack.Ack(upTo)
	}
	k.leave()
	k.nothing()
}

func testNext(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(0, "ok a", "die")
	k.all()
	k.leave()
	rest := k.remains()
	if len(rest.Dropped) == 0 {
		t.Fatal("nothing was in hand")
	}
	ack, upTo, err := k.hand.NoteLoss(rest.Dropped[0].InHand, &rest.Dropped[0].Loss, 1)
	if err != nil || ack == nil || upTo == 0 {
		t.Fatalf("acknowledge %d, %v", upTo, err)
	}
	k.hand.Clear()
	ack.Ack(upTo)

	gate := filepath.Join(t.TempDir(), "gate")
	k = begin(t, start())
	k.give(5, "ok c", "wait "+gate)
	if a, ok := k.next(); !ok || a.seq != 5 {
		t.Fatal("the next hand does not answer")
	}
	k.hand.Taken(1)
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if a, ok := k.next(); !ok || a.seq != 6 || a.res.Verdict != jobs.VerdictOK {
		t.Fatalf("record %d: %s", a.seq, a.res.Verdict)
	}
	k.hand.Taken(1)
	if exit := k.leave(); !exit.Clean {
		t.Errorf("it ended: %s", exit.Text)
	}
	k.nothing()
}
