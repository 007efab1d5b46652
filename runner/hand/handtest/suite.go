package handtest

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/worker/wire"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// talker talks to one hand.
type talker struct {
	t       *testing.T
	hand    hand.Hand
	answers chan answer // closed when no more will come
	ended   error       // why, after that
}

type answer struct {
	seq jobs.Seq
	res jobs.Result
}

func begin(t *testing.T, h hand.Hand) *talker {
	k := &talker{t: t, hand: h, answers: make(chan answer, 1024)}
	h.Begin()
	go k.listen()
	return k
}

func (k *talker) listen() {
	defer close(k.answers)
	for {
		p, err := k.hand.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			k.ended = err
			return
		}
		r, err := wire.ReadAnswers(p)
		seq := r.First
		for more := err == nil; more; seq++ {
			var res jobs.Result
			if more, err = r.Next(&res); more {
				res.Text = slices.Clone(res.Text)
				k.answers <- answer{seq, res}
			}
		}
		if err != nil {
			k.ended = err
			k.hand.Kill()
			return
		}
	}
}

// give gives a batch of lines, from record seq on.
func (k *talker) give(seq jobs.Seq, lines ...string) {
	k.t.Helper()
	if err := k.hand.Give(Frame(seq, lines...), len(lines)); err != nil {
		k.t.Fatal(err)
	}
}

// Frame is a batch of lines, from record seq on.
func Frame(seq jobs.Seq, lines ...string) []byte {
	f := wire.Begin(nil, wire.TypeBatch)
	f = wire.AppendBatchHead(f, seq, len(lines))
	for _, l := range lines {
		f = wire.AppendRecordHead(f, 0, 1)
		f = wire.AppendBody(f, jobs.Lines, []byte(l), nil, false)
	}
	if err := wire.End(f, 0); err != nil {
		panic(err)
	}
	return f
}

// next is the next answer.
func (k *talker) next() (answer, bool) {
	k.t.Helper()
	select {
	case a, ok := <-k.answers:
		return a, ok
	case <-time.After(patience):
		k.t.Fatal("no answer, and no end of answers")
		return answer{}, false
	}
}

// all are the answers until their end.
func (k *talker) all() []answer {
	k.t.Helper()
	var out []answer
	for {
		a, ok := k.next()
		if !ok {
			return out
		}
		out = append(out, a)
	}
}

// leave lets the hand go.
func (k *talker) leave() hand.Exit {
	k.t.Helper()
	exit, err := k.hand.Leave()
	if err != nil {
		k.t.Fatal(err)
	}
	return exit
}

func (k *talker) remains() hand.Remains {
	k.t.Helper()
	rest, err := k.hand.Remains(k.ended)
	if err != nil {
		k.t.Fatal(err)
	}
	return rest
}

// nothing checks that nothing remains.
func (k *talker) nothing() {
	k.t.Helper()
	if rest := k.remains(); rest.InHand != nil || len(rest.Left) > 0 {
		k.t.Errorf("in hand %v, answers left %v", rest.InHand, rest.Left)
	}
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
	if rest.InHand == nil || rest.InHand.Seq != 3 || rest.InHand.Try != 1 {
		t.Errorf("in hand %+v, want record 3 at try 1", rest.InHand)
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
	if rest.InHand == nil || rest.InHand.Seq != 2 || len(rest.Left) != 2 {
		t.Errorf("in hand %+v, left %v", rest.InHand, rest.Left)
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
	if in := rest.InHand; in == nil || *in != (hand.InHand{Seq: 8, Try: 1}) {
		k.t.Errorf("in hand %+v, want record 8 at try 1", in)
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
	if len(rest.Left) != 2 || rest.Left[5] == nil || rest.Left[6] == nil || rest.InHand != nil {
		t.Errorf("left are %v, want records 5 and 6; in hand %+v", rest.Left, rest.InHand)
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
	if rest := k.remains(); rest.InHand == nil || rest.InHand.Seq != 0 {
		t.Errorf("in hand %+v, want record 0", rest.InHand)
	}
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
	if rest.InHand == nil {
		t.Fatal("nothing was in hand")
	}
	ack, upTo, err := k.hand.NoteLoss(*rest.InHand, &rest.Loss, 1)
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
