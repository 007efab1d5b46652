package arrivals

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a queue in memory.
type fake struct {
	mu       sync.Mutex
	ready    []*queue.Job
	taken    int
	answers  []queue.Answer
	returned []*queue.Job
	renewed  map[string]int
	down     int              // so many calls fail
	say      map[string]error // of answers and renewals, by ID
	traits   queue.Traits
	closed   bool
}

// tookSoFar is how many jobs were taken.
func (f *fake) tookSoFar() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.taken
}

func (f *fake) Traits() queue.Traits { return f.traits }

func (f *fake) Take(ctx context.Context, n int, wait time.Duration) ([]*queue.Job, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down > 0 {
		f.down--
		return nil, &queue.DownError{Err: errors.New("the queue has gone")}
	}
	n = min(n, len(f.ready))
	out := f.ready[:n]
	f.ready = f.ready[n:]
	f.taken += n
	if n == 0 && wait > 0 {
		f.mu.Unlock()
		sleep(ctx, nil, wait)
		f.mu.Lock()
	}
	return out, nil
}

func (f *fake) Renew(_ context.Context, held []*queue.Job) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	errs := make([]error, len(held))
	for i, j := range held {
		f.renewed[j.ID]++
		errs[i] = f.say[j.ID]
	}
	return errs
}

func (f *fake) Answer(_ context.Context, answers []queue.Answer) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	errs := make([]error, len(answers))
	for i, a := range answers {
		if f.down > 0 {
			f.down--
			errs[i] = &queue.DownError{Err: errors.New("the queue has gone")}
			continue
		}
		if errs[i] = f.say[a.ID]; errs[i] == nil {
			f.answers = append(f.answers, a)
		}
	}
	return errs
}

func (f *fake) Return(_ context.Context, unbegun []*queue.Job) error {
	f.returned = append(f.returned, unbegun...)
	return nil
}

func (f *fake) Close() error {
	f.closed = true
	return nil
}

// world is a desk over a fake, and what it has said.
type world struct {
	*Desk
	f     *fake
	spool *dataset.Spool
	said  []string
}

func open(t *testing.T, n int, change func(*Config, *fake)) *world {
	t.Helper()
	w := &world{f: &fake{renewed: make(map[string]int), say: make(map[string]error), traits: queue.Traits{Delays: true, Notifies: true}}}
	for i := range n {
		w.f.ready = append(w.f.ready, &queue.Job{ID: fmt.Sprint(i + 1), Body: fmt.Appendf(nil, `{"n":%d}`, i+1), Lease: 9 * time.Second})
	}
	var mu sync.Mutex
	c := Config{Client: w.f, Called: "fake", Drain: true, Poll: time.Second, Say: func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		w.said = append(w.said, fmt.Sprintf(format, args...))
	}}
	if change != nil {
		change(&c, w.f)
	}
	w.Desk = New(c)
	var err error
	if w.spool, err = dataset.NewSpool(filepath.Join(t.TempDir(), "spool")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.spool.Close() })
	return w
}

// work takes what arrives, in order, and ends it.
func (w *world) work(ctx context.Context, status jobs.Status, verb queue.Verb) {
	for seq := jobs.Seq(0); ; {
		w.mu.Lock()
		news, some := w.change(), len(w.fresh) > 0
		w.mu.Unlock()
		if !some {
			if !sleep(ctx, news, time.Minute) {
				return
			}
			continue
		}
		a := w.Arrived(seq, "")
		o, ok := w.Ended(seq, time.Second)
		if !ok || a.Job.ID != o.ID {
			panic("it is another's")
		}
		o.Verb, o.Status = verb.String(), status
		w.Owe([]ledger.Owed{o})
		seq++
	}
}

// TestNoMore: no more is taken than slots can begin, and another as soon as one has ended.
func TestNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 50, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w.SetSlots(4)
		go func() { _ = w.Fill(ctx, w.spool) }()
		synctest.Wait()
		if w.f.tookSoFar() != 0 {
			t.Errorf("%d were taken before the run had begun", w.f.tookSoFar())
		}
		w.Begin(nil)
		for i := range 3 {
			synctest.Wait()
			if w.f.tookSoFar() != 4+i {
				t.Errorf("%d were taken for 4 slots, and %d have ended", w.f.tookSoFar(), i)
			}
			w.Arrived(jobs.Seq(i), "")
			w.Ended(jobs.Seq(i), time.Second)
		}
		w.SetSlots(10)
		synctest.Wait()
		if w.f.tookSoFar() != 13 {
			t.Errorf("%d were taken for 10 slots", w.f.tookSoFar())
		}
	})
}

// TestDrained: all that is there is taken and answered, also when the server is away now and then.
func TestDrained(t *testing.T) {
	for _, down := range []int{0, 3} {
		synctest.Test(t, func(t *testing.T) {
			w := open(t, 50, func(_ *Config, f *fake) { f.down = down })
			w.SetSlots(4)
			ctx, cancel := context.WithCancel(t.Context())
			go w.work(ctx, jobs.StatusOK, queue.Done)
			go w.Answer(ctx)
			go w.Lease(ctx)
			w.Begin(nil)
			if err := w.Fill(ctx, w.spool); !errors.Is(err, dataset.ErrRest) {
				t.Error(err)
			}
			cancel()
			synctest.Wait()
			if len(w.f.answers) != 50 || len(w.Replied()) != 50 || len(w.held) != 0 || len(w.known) != 0 {
				t.Errorf("%d answers, %d held", len(w.f.answers), len(w.held))
			}
			if down > 0 != (len(w.said) > 0) {
				t.Errorf("%q", w.said)
			}
		})
	}
}

// TestLeases: a lease is renewed at a third of it for as long as its job is in hand, and one that is lost is not.
func TestLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 2, func(_ *Config, f *fake) { f.say["2"] = queue.ErrLost })
		w.SetSlots(2)
		ctx, cancel := context.WithCancel(t.Context())
		w.Begin(nil)
		go func() { _ = w.Fill(ctx, w.spool) }()
		go w.Lease(ctx)
		synctest.Wait()
		w.Arrived(0, "")
		w.Arrived(1, "")
		time.Sleep(30*time.Second + time.Millisecond)
		synctest.Wait()
		w.f.mu.Lock()
		if w.f.renewed["1"] != 10 || w.f.renewed["2"] != 1 {
			t.Errorf("renewed %v", w.f.renewed)
		}
		w.f.mu.Unlock()
		if lease, ok := w.Holds(0); !ok || lease != 9*time.Second {
			t.Errorf("%v %v", lease, ok)
		}
		if _, ok := w.Holds(1); ok {
			t.Error("a lost lease is held")
		}
		cancel()
		synctest.Wait()
		w.Finish(context.Background())
		if len(w.f.returned) != 1 || w.f.returned[0].ID != "1" || !w.f.closed {
			t.Errorf("%+v were given back", w.f.returned)
		}
	})
}

// TestDeliveredAgain: a job that comes a second time while it is in hand is answered by the second delivery.
func TestDeliveredAgain(t *testing.T) {
	w := open(t, 0, nil)
	first := &queue.Job{ID: "7", Body: []byte("x"), Token: "a"}
	second := &queue.Job{ID: "7", Body: []byte("x"), Token: "b"}
	other := &queue.Job{ID: "7", Body: []byte("another that has the same ID")}
	if err := w.append(w.spool, []*queue.Job{first, second, other}); err != nil {
		t.Fatal(err)
	}
	if a := w.Arrived(0, ""); a.Again {
		t.Error("the first is one that is known")
	}
	if a := w.Arrived(1, ""); !a.Again || !a.Taken || a.First != 0 {
		t.Errorf("%+v", a)
	}
	if a := w.Arrived(2, ""); a.Again {
		t.Error("the same ID with another body is the same job")
	}
	if _, ok := w.Ended(1, 0); ok {
		t.Error("an answer is owed for what another record stands for")
	}
	o, ok := w.Ended(0, 0)
	if !ok {
		t.Fatal("no answer is owed")
	}
	o.Verb = queue.Done.String()
	w.Owe([]ledger.Owed{o})
	w.answer(t.Context())
	if len(w.f.answers) != 1 || w.f.answers[0].Token != "b" || w.f.answers[0].Job != second {
		t.Errorf("%+v", w.f.answers)
	}
}

// TestSameKey: another job with the key of one in hand has a delivery and an answer of its own, and both answers say what body
// is meant, also where the key is all that tells jobs from one another.
func TestSameKey(t *testing.T) {
	w := open(t, 0, nil)
	list := []*queue.Job{{ID: "1", Body: []byte("one")}, {ID: "2", Body: []byte("two")}}
	if err := w.append(w.spool, list); err != nil {
		t.Fatal(err)
	}
	w.Arrived(0, "k")
	if a := w.Arrived(1, "k"); !a.Again || a.Taken || a.First != 0 {
		t.Errorf("%+v", a)
	}
	for seq, body := range []string{"one", "two"} {
		o, ok := w.Ended(jobs.Seq(seq), 0)
		if !ok || o.Known != "k" || o.Sum != queue.Sum([]byte(body)) || o.ID != fmt.Sprint(seq+1) {
			t.Errorf("%d: %+v, %v", seq, o, ok)
		}
		o.Verb = queue.Done.String()
		w.Owe([]ledger.Owed{o})
	}
	w.answer(t.Context())
	if len(w.f.answers) != 2 || len(w.held) != 0 || len(w.known) != 0 || w.open != 0 {
		t.Errorf("answers %+v, held %v, known %v, open %d", w.f.answers, w.held, w.known, w.open)
	}
}

// TestReplies: what the queue says to an answer is what the ledger hears.
func TestReplies(t *testing.T) {
	w := open(t, 0, func(_ *Config, f *fake) {
		f.say = map[string]error{"2": queue.ErrLost, "3": queue.ErrGone, "4": &queue.DownError{Err: errors.New("gone")}}
	})
	for i := range 4 {
		w.Owe([]ledger.Owed{{Seq: jobs.Seq(i), ID: fmt.Sprint(i + 1), Verb: "done", Status: jobs.StatusOK}})
	}
	if w.answer(t.Context()) {
		t.Error("a server that has gone is there")
	}
	got := fmt.Sprint(w.Replied())
	if want := fmt.Sprint([]ledger.Replied{{Seq: 0, Reply: ledger.ReplyConfirmed}, {Seq: 1, Reply: ledger.ReplyLost}, {Seq: 2, Reply: ledger.ReplyGone}}); got != want || len(w.owed) != 1 || w.owed[0].ID != "4" {
		t.Errorf("%s, left %+v", got, w.owed)
	}
	if len(w.said) != 1 || !strings.Contains(w.said[0], "before it could be answered") {
		t.Errorf("%q", w.said)
	}
}

// TestOwedFirst: what an earlier session owes is answered without a delivery.
func TestOwedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, 0, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Answer(ctx)
		w.Begin([]ledger.Owed{{Seq: 5, ID: "9", Token: "t", Sum: 3, Verb: "later", After: time.Minute}})
		synctest.Wait()
		if len(w.f.answers) != 1 || w.f.answers[0].Job != nil || w.f.answers[0].Token != "t" || w.f.answers[0].After != time.Minute {
			t.Errorf("%+v", w.f.answers)
		}
	})
}

// TestLines: any body is a line of the spool, from which it can be had again.
func TestLines(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":1}`:           `"_job":"7","a":1}`,
		"{\n \"a\" : 1\n}":  `"_job":"7","a" : 1}`,
		`{}`:                `"_job":"7"}`,
		`{`:                 `"_job":"7","line":"{"}`,
		`[1]`:               `"_job":"7","line":"[1]"}`,
		"":                  `"_job":"7","line":""}`,
		"a\x00\"\\\nb\xff":  `"_job":"7","line":"a\u0000\"\\\u000ab` + "\xff" + `"}`,
		`{"_envelope":"x"}`: `"_job":"7","_envelope":"x"}`,
	} {
		j := &queue.Job{ID: "7", Body: []byte(body), Token: "o'k\"\x00", Tries: 3}
		line := string(appendLine(nil, j))
		if !strings.HasSuffix(line, `",`+want+"\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("%q: %s", body, line)
		}
		beside, _, _ := strings.Cut(strings.TrimPrefix(line, `{"_envelope":"`), `"`)
		sum, back, err := readEnvelope(beside)
		if err != nil || sum != queue.Sum(j.Body) || back.ID != j.ID || back.Token != j.Token || back.Tries != 3 {
			t.Errorf("%q: %d %+v %v", body, sum, back, err)
		}
	}
}

// FuzzEnvelope: what cannot be an envelope is refused, and nothing else happens.
func FuzzEnvelope(f *testing.F) {
	f.Add(string(appendEnvelope(nil, &queue.Job{ID: "7", Body: []byte("x"), Token: "t"})))
	f.Add("1.2.3.4")
	f.Add("...")
	f.Fuzz(func(t *testing.T, text string) {
		sum, j, err := readEnvelope(text)
		if err == nil && (sum>>63 != 0 || j.Tries < 0) {
			t.Errorf("%q: %d %+v", text, sum, j)
		}
	})
}

// TestPace: a slow job is taken when a slot is free for it, quick ones ahead.
func TestPace(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	if p.most(4) != 4 {
		t.Error("before anything is known more is taken than can be begun")
	}
	for range 1000 {
		now = now.Add(time.Millisecond)
		p.ended(now, time.Millisecond)
	}
	if n := p.most(4); n < 150 || n > 250 {
		t.Errorf("%d for 1000 a second", n)
	}
	for range 10 {
		now = now.Add(time.Second)
		p.ended(now, time.Second)
	}
	if n := p.most(4); n != 4 {
		t.Errorf("%d of jobs that take a second", n)
	}
}
