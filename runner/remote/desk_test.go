package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"brood/worker/wire"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const patience = 20 * time.Second

// within waits for something.
func within[T any](t *testing.T, what string, c chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("there is no %s", what)
		panic("unreachable")
	}
}

// busy gives a hand a record that waits, and returns when it is in hand; release ends the wait.
func busy(t *testing.T, h *Hand, seq jobs.Seq) (release func()) {
	t.Helper()
	gate := filepath.Join(t.TempDir(), "gate")
	h.Begin()
	if err := h.Give(handtest.Frame(seq, "wait "+gate), 1); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(handtest.Begun(gate)); err == nil {
			return func() { _ = os.WriteFile(gate, nil, 0o600) }
		}
		if time.Now().After(end) {
			t.Fatal("the record was not begun")
		}
	}
}

func places(n int) *shop {
	s := &shop{}
	for range n {
		s.places = append(s.places, &handtest.Slot{})
	}
	return s
}

// TestSilent cuts a machine off for longer than a lease: its hands have ended, what it had in hand may have been done, and when it is
// heard again it is told so, and joins anew.
func TestSilent(t *testing.T) {
	w := newWorld(t, 0)
	_, out := w.join(places(1))
	within(t, "machine", w.joins)
	h := w.hand(t.Context(), 0)
	release := busy(t, h, 3)
	w.cuts(true)
	if name := within(t, "word that the machine has left", w.left); name != "m" {
		t.Errorf("%s has left", name)
	}
	if n := answersOf(h); n != 0 {
		t.Errorf("%d answers", n)
	}
	exit, err := h.Leave()
	rest, restErr := h.Remains(nil)
	if err != nil || restErr != nil || exit.Clean || !rest.Lost || rest.Loss.Class != jobs.ClassInterrupted || rest.Loss.Blamed {
		t.Errorf("%+v, %+v, %v %v", exit, rest, err, restErr)
	}
	if v := w.desk.Machines(); len(v) != 1 || v[0].State != Silent {
		t.Errorf("machines: %+v", v)
	}
	if next, err := w.desk.Hand(t.Context(), t.Context(), "m", 0); next != nil || err != nil {
		t.Errorf("a hand of a silent machine: %v, %v", next, err)
	}
	release()
	if o := within(t, "end of the agent", out); !o.Lost {
		t.Errorf("it ended: %+v", o)
	}
	w.cuts(false)
	w.join(places(1))
	within(t, "machine", w.joins)
	w.hand(t.Context(), 0)
}

// TestZombie heals a link after the lease while the agent does not know yet that it was taken for dead: it is told.
func TestZombie(t *testing.T) {
	w := newWorld(t, 0)
	a, out := w.join(places(1))
	within(t, "machine", w.joins)
	w.cuts(true)
	within(t, "word that the machine has left", w.left)
	a.mu.Lock()
	a.heard = a.Now() // as a process that was stopped meanwhile
	a.mu.Unlock()
	w.cuts(false)
	if o := within(t, "end of the agent", out); !o.Lost {
		t.Errorf("it ended: %+v", o)
	}
}

// TestReturn has an agent that died come back with what its workers had noted: its hands end by that, and not by guessing.
func TestReturn(t *testing.T) {
	w := newWorld(t, 0)
	a, out := w.join(places(3))
	within(t, "machine", w.joins)
	var hands []*Hand
	for slot := range 3 {
		h := w.hand(t.Context(), slot)
		hands = append(hands, h)
		t.Cleanup(busy(t, h, jobs.Seq(10+slot)))
	}
	w.cuts(true) // the agent has died
	w.desk.machines["m"].mu.Lock()
	w.desk.machines["m"].heard = time.Now().Add(-testLease / 2)
	w.desk.machines["m"].mu.Unlock()
	answer := &jobs.Result{Verdict: jobs.VerdictOK, Text: []byte("done")}
	notes := []Note{
		{Seq: 10, Try: 1, Kind: wire.NoteAnswer, Payload: wire.AppendAnswer(nil, answer)},
		{Seq: 11, Try: 1, InHand: true},
		// of record 12 there is nothing: it was not begun.
	}
	w.cuts(false)
	_, _ = w.join(places(3), &Report{ID: "1", Epoch: 7, Instance: a.Instance, Notes: notes})
	got := within(t, "report", w.got)
	if len(got.Notes) != 2 || got.ID != "1" {
		t.Errorf("the report: %+v", got)
	}
	for slot, h := range hands {
		if n := answersOf(h); n != 0 {
			t.Errorf("slot %d: %d answers", slot, n)
		}
		rest, err := h.Remains(nil)
		in := hand.InHand{Seq: jobs.Seq(10 + slot), Try: 1}
		var res jobs.Result
		switch n := rest.Left[in.Seq]; {
		case err != nil || rest.Lost:
			t.Errorf("slot %d: %+v, %v", slot, rest, err)
		case (rest.Find(in) != nil) != (slot != 2 && slot == 1):
			t.Errorf("slot %d: in hand were %+v", slot, rest.Dropped)
		case (n != nil) != (slot == 0):
			t.Errorf("slot %d: left are %v", slot, rest.Left)
		case n != nil:
			if err := wire.ReadAnswer(n.Payload, &res); err != nil || string(res.Text) != "done" {
				t.Errorf("the answer that was left: %+v, %v", res, err)
			}
		}
	}
	within(t, "machine", w.joins)
	_ = out
}

// TestFull bounds what is in the stream of work: what is given waits until there is room.
func TestFull(t *testing.T) {
	w := newWorld(t, 0)
	w.join(places(1))
	within(t, "machine", w.joins)
	h := w.hand(t.Context(), 0)
	w.SetRoom(0)
	h.Begin()
	if err := h.Give(handtest.Frame(0, "ok a"), 1); err != nil {
		t.Fatal(err)
	}
	within(t, "refusal", w.full)
	if len(w.works) != 0 {
		t.Error("it was given though there is no room")
	}
	w.SetRoom(1)
	if _, err := h.Next(); err != nil {
		t.Fatal(err)
	}
	ack, upTo := h.Taken(1)
	if len(w.works) != 1 {
		t.Errorf("%d pieces of work before the commit", len(w.works))
	}
	ack.Ack(upTo)
	if len(w.works) != 0 {
		t.Errorf("%d pieces of work after the commit", len(w.works))
	}
}

// TestAcks has notes acknowledged at the agent when the ledger has them.
func TestAcks(t *testing.T) {
	w := newWorld(t, 0.1)
	s := places(1)
	w.join(s)
	within(t, "machine", w.joins)
	h := w.hand(t.Context(), 0)
	h.Begin()
	for seq := range jobs.Seq(20) {
		if err := h.Give(handtest.Frame(seq, "ok a"), 1); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Next(); err != nil {
			t.Fatal(err)
		}
		ack, upTo := h.Taken(1)
		if seq == 9 {
			ack.Ack(upTo)
		}
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		acked, noted := s.places[0].Acked()
		if acked == 10 && noted == 20 {
			return
		}
		if acked > 10 || time.Now().After(end) {
			t.Fatalf("%d of %d notes are acknowledged, want 10", acked, noted)
		}
	}
}

// TestDrain has a machine finish what it has in hand, and then leave.
func TestDrain(t *testing.T) {
	w := newWorld(t, 0)
	_, out := w.join(places(2))
	within(t, "machine", w.joins)
	h := w.hand(t.Context(), 1)
	release := busy(t, h, 1)
	if err := w.desk.Drain("m"); err != nil {
		t.Fatal(err)
	}
	within(t, "word that the machine is to leave", w.left)
	if next, err := w.desk.Hand(t.Context(), t.Context(), "m", 0); next != nil || err != nil {
		t.Errorf("a hand of a machine that is to leave: %v, %v", next, err)
	}
	release()
	if _, err := h.Next(); err != nil {
		t.Fatal(err)
	}
	h.Taken(1)
	if exit, err := h.Leave(); err != nil || !exit.Clean {
		t.Errorf("%+v, %v", exit, err)
	}
	if o := within(t, "end of the agent", out); o.Lost || o.Done {
		t.Errorf("it ended: %+v", o)
	}
	if err := w.desk.Drain("other"); err == nil {
		t.Error("a machine that is not there can be told")
	}
}

// TestEnd tells machines that the run is done.
func TestEnd(t *testing.T) {
	w := newWorld(t, 0.2)
	_, out := w.join(places(2))
	within(t, "machine", w.joins)
	w.desk.End("the run is done", true)
	if o := within(t, "end of the agent", out); o.Lost || !o.Done {
		t.Errorf("it ended: %+v", o)
	}
	got, err := decode[Welcome](w.desk.Ask("late", encode(Question{Join: &Join{Build: "b", Instance: 1, Slots: 1}})))
	if err != nil || got.Refused != "the run is done" {
		t.Errorf("who comes late is told %+v, %v", got, err)
	}
}

// TestJoin lets in who has the same build and a number of slots, once.
func TestJoin(t *testing.T) {
	w := newWorld(t, 0)
	ask := func(j Join) *Welcome {
		got, err := decode[Welcome](w.desk.Ask("m", encode(Question{Join: &j})))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, j := range []Join{{Build: "other", Instance: 1, Slots: 1}, {Build: "b", Instance: 1}, {Build: "b", Slots: 1}, {Build: "b", Instance: 1, Slots: 1 << 20}} {
		if got := ask(j); got.Refused == "" {
			t.Errorf("%+v is let in", j)
		}
	}
	if got := ask(Join{Build: "b", Instance: 5, Slots: 1}); got.Refused != "" || got.Wait || got.Epoch != 7 {
		t.Errorf("it is told %+v", got)
	}
	if got := ask(Join{Build: "b", Instance: 6, Slots: 1}); !got.Wait {
		t.Errorf("another agent with the same token, while the first is at work, is told %+v", got)
	}
	if got := ask(Join{Build: "b", Instance: 5, Slots: 1}); got.Wait || got.Refused != "" {
		t.Errorf("who asks again is told %+v", got)
	}
}

// TestRefused has a worker that does not start on a machine say so.
func TestRefused(t *testing.T) {
	w := newWorld(t, 0)
	w.join(&shop{places: []*handtest.Slot{nil}})
	within(t, "machine", w.joins)
	_, err := w.desk.Hand(t.Context(), t.Context(), "m", 0)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Machine != "m" {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if h, err := w.desk.Hand(ctx, t.Context(), "m", 0); h != nil {
		t.Errorf("a hand for who does not want it: %v, %v", h, err)
	}
}

// FuzzMessages throws what may come from elsewhere at both ends: neither may fail, whatever it is.
func FuzzMessages(f *testing.F) {
	a := answers{conv: 1, worn: 0.5, allowance: 3, limits: []limited{{Seq: 1, Try: 1}}, frame: []byte("frame")}
	f.Add(pack(head{instance: 5, number: 1, kind: kindAnswers}, a.head(), a.frame))
	f.Add(pack(head{instance: 5, number: 1, kind: kindReady}, encode(ready{Conv: 1})))
	f.Add(pack(head{instance: 5, number: 1, kind: kindGone}, encode(gone{Conv: 1})))
	f.Add(pack(head{instance: 5, number: 1, kind: kindReport}, encode(Report{ID: "1"})))
	f.Add(pack(head{instance: 5, number: 2, kind: kindBegin}, number(1), number(0)))
	f.Add(pack(head{instance: 5, number: 1, kind: kindGive}, number(1), number(1), handtest.Frame(0, "ok")))
	f.Add(pack(head{instance: 5, number: 1, kind: kindAcks}, number(0), number(1)))
	f.Add(pack(head{instance: 5, kind: kindBeat}, encode(beat{})))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := NewDesk(&Describe{Welcome: Welcome{Epoch: 7}, Build: "b", Logf: func(string, ...any) {}})
		p := &silent{}
		d.SetPost(p)
		d.Ask("m", encode(Question{Join: &Join{Build: "b", Instance: 5, Slots: 2}}))
		d.Ask("m", b)
		d.Letter("m", 7, b)
		a := NewAgent(&AgentOptions{Says: p, Shop: &shop{places: []*handtest.Slot{{}, {}}}, Slots: 2, Instance: 5, Shape: &handtest.Shape, Settled: func(string) {}, Logf: func(string, ...any) {}})
		a.Told(b)
		a.finish(nil, true)
		a.outcome()
		if h, _, err := unpack(b); err == nil && h.number > 1 && (d.machines["m"].line.Got() != 0 || a.line.Got() != 0) {
			t.Fatal("a message was taken in before the first")
		}
	})
}

// silent is a post that leads nowhere.
type silent struct{}

func (*silent) Work(context.Context, string, uint64, bool, []byte) error { return nil }
func (*silent) Done(string, uint64)                                      {}
func (*silent) Renew(string, []uint64)                                   {}
func (*silent) Tell(string, []byte) error                                { return nil }
func (*silent) SetRoom(int)                                              {}
func (*silent) Say([]byte) error                                         { return nil }
