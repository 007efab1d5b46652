package arrivals

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/queue"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestLeftTwice: of two deliveries of one job that an earlier session has left, the first stands for both.
func TestLeftTwice(t *testing.T) {
	w := open(t, 0, nil)
	job := &queue.Job{ID: "7", Body: []byte("x")}
	if a, err := w.Left(3, "", string(appendEnvelope(nil, job))); err != nil || a.Again {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := w.Left(5, "", string(appendEnvelope(nil, job))); err != nil || !a.Again || !a.Taken || a.First != 3 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, ok := w.Ended(5, 0); ok {
		t.Error("an answer is owed for what another record stands for")
	}
	if o, ok := w.Ended(3, 0); !ok || o.Sum != queue.Sum([]byte("x")) || w.open != 0 {
		t.Errorf("%+v, %v, open %d", o, ok, w.open)
	}
}

// TestEarlierFirst: no job is taken before the queue has heard what earlier sessions owe it.
func TestEarlierFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 3, func(_ *Config, f *fake) {
			f.down = 4
			f.say["8"] = errors.New("the table does not want it")
		})
		w.SetSlots(2)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Answer(ctx)
		go func() { _ = w.Fill(ctx, w.spool) }()
		w.Begin([]ledger.Owed{{Seq: 1, ID: "9", Verb: "done"}, {Seq: 2, ID: "8", Verb: "done"}})
		synctest.Wait()
		if w.f.tookSoFar() != 0 {
			t.Errorf("%d were taken, and the server has not been told yet", w.f.tookSoFar())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(w.f.answers) != 1 || w.f.tookSoFar() != 2 {
			t.Errorf("answers %+v, %d taken", w.f.answers, w.f.tookSoFar())
		}
	})
}

// TestOneRefused: an answer that the server does not take is in the way of no other.
func TestOneRefused(t *testing.T) {
	w := open(t, 0, func(_ *Config, f *fake) { f.say["1"] = errors.New("too long") })
	w.Owe([]ledger.Owed{{Seq: 1, ID: "1", Verb: "done"}, {Seq: 2, ID: "2", Verb: "done"}})
	if !w.answer(t.Context()) {
		t.Error("one was taken, and the next have to wait")
	}
	if w.answer(t.Context()) {
		t.Error("nothing was taken, and it is tried again at once")
	}
	if len(w.f.answers) != 1 || len(w.owed) != 1 || w.owed[0].ID != "1" {
		t.Errorf("%+v, left %+v", w.f.answers, w.owed)
	}
}

// busy is a queue that gives a job out again while it is answered.
type busy struct {
	*fake
	meanwhile func()
}

func (b *busy) Answer(_ context.Context, answers []queue.Answer) []error {
	errs := make([]error, len(answers))
	if b.meanwhile != nil {
		b.meanwhile()
		b.meanwhile = nil
		for i := range errs {
			errs[i] = queue.ErrLost
		}
		return errs
	}
	b.answers = append(b.answers, answers...)
	return errs
}

// TestAnsweredTooLate: a job whose lease ended before its answer came, and that was delivered again just then, is answered by
// that delivery.
func TestAnsweredTooLate(t *testing.T) {
	w := open(t, 0, nil)
	b := &busy{fake: w.f}
	w.cfg.Client = b
	first := &queue.Job{ID: "7", Body: []byte("x"), Token: "a"}
	second := &queue.Job{ID: "7", Body: []byte("x"), Token: "b"}
	if err := w.append(w.spool, []*queue.Job{first, second}); err != nil {
		t.Fatal(err)
	}
	w.Arrived(0, "")
	o, _ := w.Ended(0, 0)
	o.Verb = queue.Done.String()
	w.Owe([]ledger.Owed{o})
	b.meanwhile = func() { w.Arrived(1, "") }
	for len(w.owed) > 0 {
		w.answer(t.Context())
	}
	if len(w.f.answers) != 1 || w.f.answers[0].Job != second || !slices.Equal(w.Replied(), []ledger.Replied{{Seq: 0, Reply: ledger.ReplyConfirmed}}) {
		t.Errorf("%+v", w.f.answers)
	}
}

// TestWas: what a job had come to before is what its queue is answered again.
func TestWas(t *testing.T) {
	w := open(t, 0, nil)
	if err := w.append(w.spool, []*queue.Job{{ID: "7", Body: []byte("x"), Token: "b", Tries: 1}}); err != nil {
		t.Fatal(err)
	}
	w.Arrived(4, "")
	w.Was(4, &ledger.Owed{Seq: 2, ID: "7", Token: "a", Tries: 3, Verb: "done", Status: jobs.StatusOK, Result: []byte("{}")})
	o, ok := w.Ended(4, 0)
	if !ok || o.Seq != 4 || o.Token != "b" || o.Tries != 3 || o.Verb != "done" || o.Status != jobs.StatusOK || string(o.Result) != "{}" {
		t.Errorf("%+v", o)
	}
}

// TestPaceOfWorkers: what workers have ended says how fast they are, however quick that was; what no worker had does not.
func TestPaceOfWorkers(t *testing.T) {
	for took, ahead := range map[time.Duration]bool{0: true, time.Millisecond: true, -1: false} {
		synctest.Test(t, func(t *testing.T) {
			w := open(t, 0, nil)
			for i := range 300 {
				seq := jobs.Seq(i)
				w.held[seq] = &delivery{job: &queue.Job{}}
				w.Ended(seq, took)
				time.Sleep(time.Millisecond)
			}
			if n := w.pace.most(2); n > 2 != ahead {
				t.Errorf("took %s: %d may be taken", took, n)
			}
		})
	}
}

// TestRefusedForEver: an answer that the server refuses again and again does not keep a run from ending, and stays owed.
func TestRefusedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 3, func(_ *Config, f *fake) { f.say["2"] = errors.New("too long") })
		w.SetSlots(1)
		ctx, cancel := context.WithCancel(t.Context())
		go w.work(ctx, jobs.StatusOK, queue.Done)
		go w.Answer(ctx)
		w.Begin(nil)
		if err := w.Fill(ctx, w.spool); !errors.Is(err, dataset.ErrRest) {
			t.Error(err)
		}
		cancel()
		synctest.Wait()
		if len(w.f.answers) != 2 || len(w.owed) != 1 || w.owed[0].ID != "2" {
			t.Errorf("%d answers, owed %+v", len(w.f.answers), w.owed)
		}
	})
}
