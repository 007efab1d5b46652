package handtest

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/worker/wire"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func testDeath(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(0, "ok a", "ok b")
	for range 2 {
		if _, ok := k.next(); !ok {
			t.Fatal("no answer")
		}
		k.hand.Taken(1)
	}
	k.give(2, "ok c", "die", "ok d")
	got := k.all()
	k.hand.Taken(len(got))
	exit := k.leave()
	if exit.Clean || exit.Text == "" || exit.Name == "" {
		t.Errorf("clean %v, %q ended: %q", exit.Clean, exit.Name, exit.Text)
	}
	rest := k.remains()
	if !dropped(&rest, 3) {
		t.Errorf("in hand %+v, want record 3 at try 1", rest.Dropped)
	}
	if rest.Loss.Class != jobs.ClassCrash || !rest.Loss.Blamed || rest.Loss.Text == "" || rest.How == "" || rest.Ordered {
		t.Errorf("%+v, how %q, told %v", rest.Loss, rest.How, rest.Ordered)
	}
	// The one before it, once; the one behind it not at all.
	seen := 0
	for _, a := range got {
		seen += map[jobs.Seq]int{2: 1}[a.seq]
		if a.seq > 2 {
			t.Errorf("an answer to record %d", a.seq)
		}
	}
	if rest.Left[2] != nil {
		seen++
	}
	if seen != 1 || rest.Left[4] != nil {
		t.Errorf("record 2 was answered %d times, left are %v", seen, rest.Left)
	}
}

// Answers that nobody has taken in when the hand dies are among what is left, as they
// were made, or come by Next.
func testLeft(t *testing.T, start func() hand.Hand) {
	h := start()
	h.Begin()
	if err := h.Give(Frame(0, "ok a", "fail b", "die"), 3); err != nil {
		t.Fatal(err)
	}
	for { // what comes is not taken in
		if _, err := h.Next(); err != nil {
			break
		}
	}
	if _, err := h.Leave(); err != nil {
		t.Fatal(err)
	}
	rest, err := h.Remains(nil)
	if err != nil {
		t.Fatal(err)
	}
	var res jobs.Result
	for seq, want := range []jobs.Verdict{jobs.VerdictOK, jobs.VerdictFailed} {
		n := rest.Left[jobs.Seq(seq)]
		if n == nil {
			t.Fatalf("the answer to record %d is lost", seq)
		}
		if err := wire.ReadAnswer(n.Payload, &res); err != nil || res.Verdict != want || n.Try != 1 {
			t.Errorf("record %d: %s at try %d, %v", seq, res.Verdict, n.Try, err)
		}
	}
	if !dropped(&rest, 2) || len(rest.Left) != 2 {
		t.Errorf("in hand %+v, left %v", rest.Dropped, rest.Left)
	}
}

// busy gives records 7 to 9, and returns when the second is in hand.
func (k *talker) busy() {
	k.t.Helper()
	never := filepath.Join(k.t.TempDir(), "never")
	k.give(7, "ok a", "wait "+never, "ok b")
	if a, ok := k.next(); !ok || a.seq != 7 {
		k.t.Fatal("no answer to the first")
	}
	k.hand.Taken(1)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		if _, err := os.Stat(Begun(never)); err == nil {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatal("the second was not begun")
		}
	}
}

// lost checks that the hand, which was busy, was ended with record 8 in hand.
func (k *talker) lost() hand.Remains {
	k.t.Helper()
	if all := k.all(); len(all) > 0 {
		k.t.Errorf("answers after the end: %v", all)
	}
	if exit := k.leave(); exit.Clean {
		k.t.Errorf("it was killed, and ended: %s", exit.Text)
	}
	rest := k.remains()
	if !dropped(&rest, 8) {
		k.t.Errorf("in hand %+v, want record 8 at try 1", rest.Dropped)
	}
	if len(rest.Left) > 0 || rest.Loss.Text == "" {
		k.t.Errorf("left are %v; %+v", rest.Left, rest.Loss)
	}
	return rest
}

func testKill(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.busy()
	k.hand.Kill()
	k.hand.Kill() // twice does no harm
	if rest := k.lost(); rest.Loss.Class != jobs.ClassCrash || !rest.Loss.Blamed || rest.Ordered {
		t.Errorf("%+v, ordered %v", rest.Loss, rest.Ordered)
	}
}

func testEnd(t *testing.T, p Place) {
	k := begin(t, p.Start())
	k.busy()
	p.End()
	if rest := k.lost(); rest.Loss.Class != jobs.ClassKilled || rest.Loss.Blamed || !rest.Ordered {
		t.Errorf("%+v, ordered %v", rest.Loss, rest.Ordered)
	}
}

func testKillIdle(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.hand.Kill()
	if all := k.all(); len(all) > 0 {
		t.Errorf("answers nobody asked for: %v", all)
	}
	if exit := k.leave(); exit.Clean || exit.Text == "" {
		t.Errorf("it was killed, and ended: %q", exit.Text)
	}
	k.nothing()
}

// What came of this hand cannot be trusted to be in step, so that the notes count; what came
// of the one before it can.
func testBroken(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(0, "ok a")
	k.next()
	k.hand.Taken(1)
	k.leave()
	k.nothing()
	k.hand.Clear()

	k = begin(t, start())
	k.give(5, "ok b", "fail c")
	for range 2 {
		k.next()
		k.hand.Taken(1)
	}
	k.leave()
	k.all()
	k.ended = errors.New("out of step")
	rest := k.remains()
	if len(rest.Left) != 2 || rest.Left[5] == nil || rest.Left[6] == nil || len(rest.Dropped) > 0 {
		t.Errorf("left are %v, want records 5 and 6; in hand %+v", rest.Left, rest.Dropped)
	}
	if !strings.Contains(rest.How, "out of step") {
		t.Errorf("it ended, it says: %s", rest.How)
	}
}

func testNotStopped(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.busy()
	k.hand.Kill()
	k.lost()
	for seq := jobs.Seq(7); seq < 10; seq++ {
		if l := k.hand.Stopped(seq, 1); l != nil {
			t.Errorf("record %d was stopped: %+v", seq, l)
		}
	}
}

func testLoss(t *testing.T, p Place) {
	k := begin(t, p.Start())
	k.give(4, "die")
	k.all()
	k.leave()
	k.remains()
	want := []NotedLoss{
		{hand.InHand{Seq: 4, Try: 1}, hand.Loss{Class: jobs.ClassCrash, Text: "it died", Blamed: true, Took: 7 * time.Millisecond}, 3},
		{hand.InHand{Seq: 5, Try: 2}, hand.Loss{Class: jobs.ClassKilled, Text: "it was killed"}, 0},
	}
	last := uint64(0)
	for _, w := range want {
		ack, upTo, err := k.hand.NoteLoss(w.InHand, &w.Loss, 3)
		if err != nil || ack == nil || upTo <= last {
			t.Fatalf("acknowledge %d after %d, %v", upTo, last, err)
		}
		last = upTo
	}
	if got := p.Losses(); !slices.Equal(got, want) {
		t.Errorf("noted are %+v, want %+v", got, want)
	}
}

func testGiveDead(t *testing.T, start func() hand.Hand) {
	k := begin(t, start())
	k.give(0, "die")
	k.all()
	for seq := range jobs.Seq(100) { // more than fits any pipe would wait for ever
		k.give(1+seq, fmt.Sprintf("ok %0100000d", seq))
	}
	k.leave()
	if rest := k.remains(); !dropped(&rest, 0) {
		t.Errorf("in hand %+v, want record 0", rest.Dropped)
	}
}

// dropped reports whether a hand had one record in hand, at its first try.
func dropped(rest *hand.Remains, seq jobs.Seq) bool {
	return len(rest.Dropped) == 1 && rest.Dropped[0].InHand == hand.InHand{Seq: seq, Try: 1}
}
