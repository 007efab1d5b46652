package arrivals

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// delivered appends deliveries of a round to the spool, as Fill does.
func (w *world) delivered(t *testing.T, ids ...string) {
	t.Helper()
	w.SetSlots(100)
	if n, _, _ := w.wants(false); n == 0 {
		t.Fatal("no more are taken")
	}
	var list []*queue.Job
	for _, id := range ids {
		list = append(list, &queue.Job{ID: id, Body: []byte("of " + id)})
	}
	if err := w.append(w.spool, list); err != nil {
		t.Fatal(err)
	}
}

// ends ends a record, and has its queue hear of it.
func (w *world) ends(t *testing.T, seq jobs.Seq, verb queue.Verb) {
	t.Helper()
	o, ok := w.Ended(seq, 0)
	if !ok {
		t.Fatalf("record %d has no delivery", seq)
	}
	o.Verb = verb.String()
	w.Owe([]ledger.Owed{o})
	w.answer(t.Context())
}

// TestOvertaken: a delivery that was taken before the queue heard of another of the same job that it has failed is no sign that somebody
// has put it back; one that is taken afterwards is.
func TestOvertaken(t *testing.T) {
	w := open(t, 0, nil)
	w.f.say["3"] = queue.ErrLost
	w.delivered(t, "1", "2", "3")
	w.delivered(t, "1", "2", "3")
	for seq, verb := range []queue.Verb{queue.Failed, queue.Done, queue.Failed} {
		w.Arrived(jobs.Seq(seq), "")
		w.ends(t, jobs.Seq(seq), verb)
	}
	// The second is done, which is known by its row, and of the third the queue has not heard.
	for i, want := range []bool{true, false, false} {
		if a := w.Arrived(jobs.Seq(10+i), ""); a.Overtaken != want || a.Again {
			t.Errorf("job %d: %+v", i+1, a)
		}
		w.ends(t, jobs.Seq(10+i), queue.Done)
	}
	w.delivered(t, "1")
	if a := w.Arrived(20, ""); a.Overtaken {
		t.Error("it was taken after the queue had heard")
	}
}

// TestOvertakenInTake: the same holds of what a Take brings that had begun before; and of an answer that an earlier session has left.
func TestOvertakenInTake(t *testing.T) {
	w := open(t, 0, nil)
	w.Begin([]ledger.Owed{{Seq: 1, ID: "1", Known: "1", Sum: queue.Sum([]byte("of 1")), Verb: "failed"}})
	w.SetSlots(4)
	w.wants(false) // it may be that it has been given out at once
	w.next()       // as for a Take
	w.answer(t.Context())
	if err := w.append(w.spool, []*queue.Job{{ID: "1", Body: []byte("of 1")}, {ID: "1", Body: []byte("another")}}); err != nil {
		t.Fatal(err)
	}
	if a := w.Arrived(5, ""); !a.Overtaken {
		t.Errorf("%+v", a)
	}
	if a := w.Arrived(6, ""); a.Overtaken {
		t.Error("another body is another job")
	}
}

// TestFailedIsForgotten: what has failed is kept for as long as a delivery may be on its way that was taken before.
func TestFailedIsForgotten(t *testing.T) {
	w := open(t, 0, nil)
	seq := jobs.Seq(0)
	for round := range 50 {
		w.delivered(t, fmt.Sprint("a", round), fmt.Sprint("b", round))
		for range 2 {
			w.Arrived(seq, "")
			w.ends(t, seq, queue.Failed)
			seq++
		}
		if len(w.failed) > 2 {
			t.Fatalf("after %d rounds %d are kept", round+1, len(w.failed))
		}
	}
	w.delivered(t, "late")
	if len(w.failed) > 0 {
		t.Errorf("%v are kept, and nothing from before is on its way", w.failed)
	}
	w.Arrived(seq, "")
	w.ends(t, seq, queue.Failed)
	w.delivered(t, "later")
	w.delivered(t, "last")
	w.Arrived(seq+1, "")
	w.delivered(t, "after all")
	if len(w.failed) > 0 {
		t.Errorf("%v are kept", w.failed)
	}
}

// TestTakenOverWhileAnswered: a job of an earlier session that is delivered again while it is answered is answered by that delivery.
func TestTakenOverWhileAnswered(t *testing.T) {
	w := open(t, 0, nil)
	b := &busy{fake: w.f}
	w.cfg.Client = b
	old := &queue.Job{ID: "7", Body: []byte("of 7")}
	if _, err := w.Left(0, "", string(appendEnvelope(nil, old))); err != nil {
		t.Fatal(err)
	}
	w.delivered(t, "7")
	o, _ := w.Ended(0, 0)
	o.Verb = queue.Done.String()
	w.Owe([]ledger.Owed{o})
	b.meanwhile = func() {
		if a := w.Arrived(1, ""); !a.Taken {
			t.Errorf("%+v", a)
		}
	}
	for len(w.owed) > 0 {
		w.answer(t.Context())
	}
	if r := w.Replied(); len(w.f.answers) != 1 || w.f.answers[0].Job == nil || len(r) != 1 || r[0].Reply != ledger.ReplyConfirmed {
		t.Errorf("%+v, %+v", w.f.answers, r)
	}
}

// TestDoneAnewWhileOwed: a record that is done anew, of which the queue is still owed what it had come to before, keeps its delivery when
// that is answered: it has another answer in the end.
func TestDoneAnewWhileOwed(t *testing.T) {
	w := open(t, 0, nil)
	job := &queue.Job{ID: "7", Body: []byte("x")}
	w.Begin([]ledger.Owed{{Seq: 0, ID: "7", Known: "7", Sum: job.Sum(), Verb: "park"}})
	if _, err := w.Left(0, "", string(appendEnvelope(nil, job))); err != nil {
		t.Fatal(err)
	}
	w.Redo(0)
	w.answer(t.Context())
	w.ends(t, 0, queue.Done)
	if len(w.f.answers) != 2 || w.f.answers[1].Verb != queue.Done || len(w.held) != 0 || len(w.known) != 0 {
		t.Errorf("%+v, held %v", w.f.answers, w.held)
	}
}

// slow is a queue whose server does not answer: each renewal takes longer than it is until the next one is due.
type slow struct{ *fake }

func (s slow) Renew(_ context.Context, held []*queue.Job) []error {
	time.Sleep(5 * time.Second)
	errs := make([]error, len(held))
	for i := range errs {
		errs[i] = &queue.DownError{Err: errors.New("it does not answer")}
	}
	return errs
}

// TestLeaseEnds: who renews leases ends with the session, also if the server does not answer.
func TestLeaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 0, nil)
		w.cfg.Client = slow{w.f}
		w.delivered(t, "1", "2")
		w.Arrived(0, "")
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			w.Lease(ctx)
			close(over)
		}()
		time.Sleep(firstRenewal + time.Second)
		w.Arrived(1, "") // while the first is renewed: from now on one of them is always due
		time.Sleep(time.Minute)
		cancel()
		select {
		case <-over:
		case <-time.After(time.Minute):
			t.Error("it goes on")
			w.mu.Lock()
			clear(w.held)
			w.mu.Unlock()
		}
	})
}
