package runner

import (
	"brood/jobs"
	"brood/runner/arrivals"
	"brood/runner/dataset"
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// oncePlan is what happens to a run of jobs that happen once, and to its queue.
type oncePlan struct {
	Jobs   []onceKind
	Slots  int
	Lag    [2]onceLags
	Events []onceEvent
}

type onceKind struct {
	Takes time.Duration
	Fails bool
	Asks  int // how often it asks for another time first
}

// onceEvent is what happens so long after the event before.
type onceEvent struct {
	After time.Duration
	What  string // cut, kill: the server, die: brood, end: of a session, kick: the first job
}

// onceRun is a run, and what is seen of its jobs from outside.
type onceRun struct {
	*fakeRun
	plan  *oncePlan
	q     *onceQueue
	shape *jobs.Shape

	mu      sync.Mutex
	begun   []int // not counting those that have asked for another time
	asked   []int
	kicked  int // the first job
	failed  []string
	client  *onceClient
	stop    context.CancelFunc
	snapped string // what the disk had when it died; empty: it has not
}

func (r *onceRun) errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
}

// befall has a plan happen, and returns what is wrong with what has come of it.
func befall(t *testing.T, plan *oncePlan) (wrong []string) {
	bubble(t, func(t *testing.T) {
		f := newFakeRun(t)
		r := &onceRun{fakeRun: f, plan: plan, q: newOnceQueue(len(plan.Jobs), plan.Lag), begun: make([]int, len(plan.Jobs)), asked: make([]int, len(plan.Jobs))}
		f.set.NewHand, f.set.Arrive = r.newHand, r.arrive
		c := f.cfg
		c.Slots, c.Unordered, c.NoGuard, c.MaxCrashes, c.Retries = plan.Slots, true, true, 1000, 50
		c.Dataset = dataset.Spec{
			Paths: []string{dataset.Stdin}, Format: dataset.FormatJSONL, Coats: []dataset.Coat{{Pack: dataset.PackNone}}, Enveloped: true, Called: "once",
			MaxRecord: 1 << 20, Columns: []string{jobs.JobColumn, "n"},
		}
		c.Key.Columns = []string{jobs.JobColumn}
		c.Output, c.OutputFormat = filepath.Join(t.TempDir(), "out.jsonl"), sink.FormatJSONL
		c.Queue = &spec.Queue{URL: "beanstalk://once/jobs", Poll: time.Second, Drain: true}
		f.unheard()
		r.sessions()
		r.check()
		wrong = r.failed
	})
	return wrong
}

func (r *onceRun) arrive(_ context.Context, cfg *spec.Config) (*arrivals.Desk, error) {
	c := &onceClient{q: r.q, once: true}
	r.mu.Lock()
	r.client = c
	r.mu.Unlock()
	return arrivals.New(arrivals.Config{Client: c, Called: "once", Drain: true, Doubts: true, Poll: cfg.Queue.Poll, Say: r.set.Term.Logf}), nil
}

func (r *onceRun) newHand(_, kill context.Context, slot int) (hand.Hand, error) {
	r.fakeRun.mu.Lock()
	defer r.fakeRun.mu.Unlock()
	s := r.slots[slot]
	if s == nil {
		s = &handtest.Slot{Do: r.do, Shape: r.shape}
		r.slots[slot] = s
	}
	return s.Start(kill), nil
}

// do is a job.
func (r *onceRun) do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	n, err := strconv.Atoi(string(rec.First("n")))
	if err != nil {
		return err
	}
	k := r.plan.Jobs[n]
	r.mu.Lock()
	asks := r.asked[n] < k.Asks
	if asks {
		r.asked[n]++
	} else {
		r.begun[n]++
	}
	r.mu.Unlock()
	if asks {
		res.Fail(jobs.VerdictRetry, "busy", "the door is shut")
		res.RetryAfter = 3 * time.Second
		return nil
	}
	select {
	case <-time.After(k.Takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	if k.Fails {
		res.Fail(jobs.VerdictFailed, "wrong", "of %d", n)
	}
	return nil
}

// events are the plan's, until the last of them.
func (r *onceRun) events(over <-chan struct{}) {
	for _, e := range r.plan.Events {
		select {
		case <-time.After(e.After):
		case <-over:
			return
		}
		r.mu.Lock()
		client, stop := r.client, r.stop
		r.mu.Unlock()
		switch {
		case e.What == "kick":
			if r.q.kick("1") {
				r.kicked++
			}
		case e.What == "cut", e.What == "kill":
			r.q.cut(e.What == "kill")
		case !client.works(): // it is over already, or has not begun
		case e.What == "die":
			client.die()
			r.snap()
			stop()
		default:
			stop()
		}
	}
}

// snap keeps what the disk has now, and the next session goes on with that: what this one still writes, as it does not know that it is
// dead, is not there, and neither is what its workers have noted: then each that may have been begun is unknown.
func (r *onceRun) snap() {
	snap := r.t.TempDir()
	from := r.set.Dir.State()
	err := filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(snap, strings.TrimPrefix(path, from))
		switch {
		case e.IsDir() && e.Name() == home.PagesName:
			return filepath.SkipDir
		case e.IsDir():
			err = os.MkdirAll(to, 0o700)
			return errors.Join(err, os.Chmod(to, 0o700)) //nolint:gosec // a directory
		case e.Type().IsRegular():
			b, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(to, b, 0o600))
		}
		return nil
	})
	if err != nil {
		r.errorf("keep what the disk has: %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.snapped = snap
}

// reopen opens the directory of the run, as another process would, whether the session before has come so far that it has closed it.
func (r *onceRun) reopen() {
	state := r.set.Dir.State()
	_ = r.set.Dir.Close()
	r.mu.Lock()
	if r.snapped != "" {
		state, r.snapped = r.snapped, ""
		r.fakeRun.mu.Lock()
		clear(r.slots)
		r.fakeRun.mu.Unlock()
	}
	r.mu.Unlock()
	var err error
	if r.set.Dir, err = home.Open(r.t.Context(), state, r.cfg.Name, 0); err != nil {
		r.t.Fatal(err)
	}
}

// sessions are as many as it takes until the queue is empty.
func (r *onceRun) sessions() {
	over := make(chan struct{})
	var world sync.WaitGroup
	defer world.Wait()
	defer close(over)
	for n := 0; n == 0 || r.q.left() > 0; n++ {
		if n > 60 {
			r.errorf("after %d sessions %d jobs are left", n, r.q.left())
			return
		}
		ctx, stop := context.WithCancel(r.t.Context())
		r.mu.Lock()
		r.stop = stop
		r.mu.Unlock()
		var err error
		if n == 0 {
			world.Go(func() {
				select {
				case <-r.q.asked:
					r.events(over)
				case <-over:
				}
			})
			_, err = Begin(ctx, &r.set, r.cfg, func(s *jobs.Shape) error {
				r.shape = s
				return nil
			})
		} else {
			r.reopen()
			_, err = Resume(ctx, &r.set, &Resumption{Tune: func(c *spec.Config) error {
				c.Queue.Drain = true
				return nil
			}})
		}
		stop()
		r.client.die()
		if err != nil && !errors.Is(err, context.Canceled) {
			r.errorf("session %d: %v\n%s", n, err, r.log.String())
			return
		}
		time.Sleep(onceTTR + time.Second) // what was delayed, or lost, may be ready
	}
}

// check looks at what has come of it: none was begun twice, none is lost, and the queue has what the ledger says.
func (r *onceRun) check() {
	r.begun[0] -= r.kicked
	for n, times := range r.begun {
		if times > 1 || r.kicked > 0 && n == 0 && times != 1 {
			r.errorf("job %d of %+v was begun %d times", n, r.plan.Jobs[n], times)
		}
	}
	l, err := ledger.OpenReader(r.t.Context(), filepath.Join(r.set.Dir.Path, ledger.FileName))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	look, err := l.Deliveries(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = look.Close() }()
	for n, k := range r.plan.Jobs {
		id := strconv.Itoa(n + 1)
		o, err := look.Delivered(r.t.Context(), id, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		j := r.q.jobs[id]
		switch {
		case o == nil:
			r.errorf("job %d: nothing is known of it", n)
		case o.Verb == "later":
			r.errorf("job %d of %+v was given back, and is not to be had", n, k)
		case j == nil && (o.Verb != "done" || r.begun[n] == 0):
			r.errorf("job %d of %+v is gone, was begun %d times, and is %s", n, k, r.begun[n], o.Verb)
		case j != nil && o.Verb == "done":
			r.errorf("job %d of %+v is done, and was put aside", n, k)
		case o.Verb == "failed" && !k.Fails, o.Verb == "done" && k.Fails:
			r.errorf("job %d of %+v is %s", n, k, o.Verb)
		}
	}
}

// TestOvertaken: a job whose lease is over before the source has read it comes again by itself. It fails, the queue takes that as
// the end of the second delivery, which is on its way, and nobody has put it back: it is not begun once more.
func TestOvertaken(t *testing.T) {
	for name, plan := range map[string]*oncePlan{
		"in one session": {Jobs: []onceKind{{Fails: true}, {Takes: 700 * time.Millisecond}}, Slots: 2, Lag: [2]onceLags{{{After: 2100 * time.Millisecond}, {After: 1900 * time.Millisecond}, {}, {}, {}}, {}}},
		// The second delivery is in the spool when it dies, and was not looked at.
		"and the next": {
			Jobs: []onceKind{{Fails: true}, {Takes: 700 * time.Millisecond}}, Slots: 2, Lag: [2]onceLags{{{After: 2100 * time.Millisecond}, {After: 1900 * time.Millisecond}, {}, {}, {}}, {}},
			Events: []onceEvent{{After: 4050 * time.Millisecond, What: "die"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, wrong := range befall(t, plan) {
				t.Error(wrong)
			}
		})
	}
}

// TestPutBack: a job that has failed and that somebody has put back is begun anew, each time, whatever else happens.
func TestPutBack(t *testing.T) {
	kick := onceEvent{After: time.Second, What: "kick"}
	for name, events := range map[string][]onceEvent{
		"twice":            {kick, kick},
		"server killed":    {kick, {After: time.Second, What: "kill"}, kick},
		"killed":           {{After: time.Second, What: "die"}, {After: 5 * time.Second, What: "kick"}},
		"kicked, and then": {kick, {After: time.Second, What: "die"}, {After: 5 * time.Second, What: "kick"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, wrong := range befall(t, &oncePlan{Jobs: []onceKind{{Fails: true}, {Takes: 15 * time.Second}}, Slots: 2, Events: events}) {
				t.Error(wrong)
			}
		})
	}
}

// TestOnce: whatever is cut, killed or late, and whenever: a job that happens once is begun once, and its end is what the queue has.
func TestOnce(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is the same in the two above
	}
	lag := rapid.Custom(func(t *rapid.T) onceLag {
		d := rapid.SampledFrom([]time.Duration{0, 0, 0, 0, 30 * time.Millisecond, 700 * time.Millisecond, 2100 * time.Millisecond})
		return onceLag{d.Draw(t, "before"), d.Draw(t, "after")}
	})
	kind := rapid.Custom(func(t *rapid.T) onceKind {
		return onceKind{
			Takes: rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Millisecond, time.Second, 5 * time.Second}).Draw(t, "takes"),
			Fails: rapid.Bool().Draw(t, "fails"), Asks: rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "asks"),
		}
	})
	event := rapid.Custom(func(t *rapid.T) onceEvent {
		return onceEvent{
			After: time.Duration(rapid.IntRange(0, 4000).Draw(t, "after")) * time.Millisecond,
			What:  rapid.SampledFrom([]string{"cut", "kill", "kill", "die", "die", "end"}).Draw(t, "what"),
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		plan := &oncePlan{
			Jobs: rapid.SliceOfN(kind, 1, 12).Draw(rt, "jobs"), Slots: rapid.IntRange(1, 4).Draw(rt, "slots"),
			Lag: [2]onceLags{rapid.SliceOfN(lag, 0, 5).Draw(rt, "lag of Take"), rapid.SliceOfN(lag, 0, 5).Draw(rt, "lag of others")}, Events: rapid.SliceOfN(event, 0, 8).Draw(rt, "events"),
		}
		if wrong := befall(t, plan); len(wrong) > 0 {
			rt.Fatal(strings.Join(wrong, "\n"))
		}
	})
}
