package runner

import (
	"brood/jobs"
	"brood/runner/arrivals"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"brood/runner/ledger"
	"brood/runner/pace"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/runner/term"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// What the day has.
const (
	dayEvery  = time.Minute // a job arrives
	dayRate   = 120         // at most begin in an hour
	dayQuota  = 1100        // and on a day
	dayFrom   = 6           // o'clock they begin
	dayTo     = 22          // o'clock, until then
	dayForget = time.Hour
)

// TestDay is a day and a morning of a standing run, on a clock that stands still while anybody works: 24 hours in which a job arrives each minute,
// which are begun in a window, at a rate, and up to a quota, and are forgotten an hour after they are settled; the log is
// rotated each hour, the queue goes away for a while, and the session is ended by its time, killed, and begun again. In the
// end each job was begun once, the books balance, and what the run has of memory, descriptors and disk is what it had in
// the morning.
func TestDay(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is tested elsewhere, on shorter days
	}
	per := dayEvery
	if os.Getenv("BROOD_CHAOS") != "" {
		per /= 10
	}
	bubble(t, func(t *testing.T) { newDay(t, per).run() })
}

// day is the run, its queue, and what is seen of it from outside.
type day struct {
	t    *testing.T
	f    *fakeRun
	q    *dayQueue
	per  time.Duration // between two jobs
	busy int           // how many times as much as dayEvery that is
	zero time.Time
	dir  string

	shape   *jobs.Shape
	rotated []string

	mu     sync.Mutex
	begun  []uint8     // how often, by number
	hours  map[int]int // how many were begun in each hour since zero
	days   map[string]int
	odd    []string // begun when nothing may be
	lines  int      // that were said about jobs
	seen   []glance
	killed int
}

func newDay(t *testing.T, per time.Duration) *day {
	t.Helper()
	d := &day{
		t: t, q: newDayQueue(), per: per, busy: int(dayEvery / per), zero: time.Now(), dir: t.TempDir(),
		begun: make([]uint8, 24*time.Hour/per), hours: make(map[int]int), days: make(map[string]int),
	}
	d.f = newFakeRun(t)
	log, err := term.OpenLog(filepath.Join(d.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	d.f.set.Term = term.New(term.Options{Out: log, Progress: term.ProgressNever})
	d.f.set.NewHand = d.newHand
	d.f.set.Arrive = d.arrive
	window, err := pace.ParseWindow(fmt.Sprintf("%02d:00-%02d:00@UTC", dayFrom, dayTo))
	if err != nil {
		t.Fatal(err)
	}
	c := d.f.cfg
	c.Slots, c.Unordered, c.NoGuard = 4, true, true
	c.Dataset = dataset.Spec{
		Paths: []string{dataset.Stdin}, Format: dataset.FormatJSONL, Coats: []dataset.Coat{{Pack: dataset.PackNone}}, Enveloped: true, Called: "day",
		MaxRecord: 1 << 20, Columns: []string{jobs.JobColumn, "n"},
	}
	c.Key.Columns = []string{jobs.JobColumn}
	c.Output, c.OutputFormat = filepath.Join(d.dir, "out.jsonl"), sink.FormatJSONL
	c.Pace = pace.Spec{Rate: &pace.Rate{N: float64(dayRate * d.busy), Per: time.Hour}, Quota: dayQuota * d.busy, Window: window}
	c.Queue = &spec.Queue{URL: "beanstalk://day/jobs", Lease: dayLease, Poll: time.Second, Forget: dayForget}
	d.f.unheard()
	return d
}

func (d *day) arrive(_ context.Context, cfg *spec.Config) (*arrivals.Desk, error) {
	q := cfg.Queue
	return arrivals.New(arrivals.Config{
		Client: &dayConn{d.q}, Called: q.URL, Drain: q.Drain, Within: cfg.MaxTime, Poll: q.Poll, Say: d.f.set.Term.Logf,
	}), nil
}

func (d *day) newHand(_, kill context.Context, slot int) (hand.Hand, error) {
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	s := d.f.slots[slot]
	if s == nil {
		s = &handtest.Slot{WornAfter: 50, Do: d.do, Shape: d.shape}
		d.f.slots[slot] = s
	}
	d.f.hands++
	return s.Start(kill), nil
}

// do is the job: of a hundred ten fail, ten ask for another time ten minutes later, and one takes longer than its lease.
func (d *day) do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	n, err := strconv.Atoi(string(rec.First("n")))
	if err != nil {
		return err
	}
	retry := n%10 == 7 && rec.Attempt < 2
	d.begin(n, !retry)
	takes := time.Duration(5+n%20) * time.Second / time.Duration(d.busy)
	if n%100 == 1 {
		takes = 5 * time.Minute
	}
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		if retry {
			d.begin(n, true) // nobody knows what it would have come to
		}
		return ctx.Err()
	}
	switch {
	case retry:
		res.Fail(jobs.VerdictRetry, "busy", "the door is shut")
		res.RetryAfter = 10 * time.Minute
	case n%10 == 3:
		res.Fail(jobs.VerdictFailed, "wrong", "of %d", n)
	}
	d.say("job %d was done", n)
	return nil
}

// begin notes that a job was begun now.
func (d *day) begin(n int, counts bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if counts {
		d.begun[n]++
	}
	d.hours[int(now.Sub(d.zero)/time.Hour)]++
	d.days[now.Format(time.DateOnly)]++
	if h := now.UTC().Hour(); h < dayFrom || h >= dayTo {
		d.odd = append(d.odd, fmt.Sprintf("job %d at %s", n, now.UTC()))
	}
}

// say says a line of the log that is counted.
func (d *day) say(format string, args ...any) {
	d.mu.Lock()
	d.lines++
	d.mu.Unlock()
	d.f.set.Term.Logf(format, args...)
}

// run is the day, and the morning after it.
func (d *day) run() {
	over := make(chan struct{})
	var world sync.WaitGroup
	world.Go(func() { // programs put jobs
		for n := range d.begun {
			time.Sleep(d.per)
			d.q.add(n)
		}
	})
	world.Go(func() { d.look(over) })
	world.Go(func() { // the queue's server is away for twenty minutes
		time.Sleep(15 * time.Hour)
		d.q.mu.Lock()
		d.q.down = time.Now().Add(20 * time.Minute)
		d.q.mu.Unlock()
	})
	d.sessions()
	close(over)
	world.Wait()
	d.check()
}

// sessions are those of the run, one after the other: three that are ended by their time, in the middle of the work, when the quota is used
// up, and at night, one that is killed, and one that ends when the queue is empty.
func (d *day) sessions() {
	t := d.t
	d.f.cfg.MaxTime = 9*time.Hour + 10*time.Minute
	rep, err := Begin(t.Context(), &d.f.set, d.f.cfg, func(s *jobs.Shape) error {
		d.shape = s
		return nil
	})
	d.ended(&rep, err, d.f.cfg.MaxTime)
	// Killed in the middle of what it does.
	ctx, kill := context.WithCancel(t.Context())
	time.AfterFunc(13*time.Hour+3*time.Second-time.Since(d.zero), kill)
	rep, err = d.goOn(ctx, 0, false)
	if !errors.Is(err, context.Canceled) || rep.State != ledger.StateInterrupted {
		t.Fatalf("it was killed: %s, %v", rep.State, err)
	}
	d.decide()
	for _, until := range []time.Duration{18 * time.Hour, 24*time.Hour + 10*time.Minute} {
		rep, err = d.goOn(t.Context(), until-time.Since(d.zero), false)
		d.ended(&rep, err, until)
	}
	for left := -1; left != 0; left = len(d.q.stats()) {
		rep, err = d.goOn(t.Context(), 0, true)
		d.ended(&rep, err, 0)
		time.Sleep(5 * time.Minute) // what was delayed may be ready
	}
}

// ended looks at a session that has ended in order: by its time, or as there is nothing left.
func (d *day) ended(rep *Report, err error, until time.Duration) {
	t, at := d.t, time.Since(d.zero)
	t.Helper()
	if err != nil || rep.Signal != 0 || rep.State != ledger.StateDone && !rep.TimeIsOver {
		t.Fatalf("after %s: %s, %v\n%s", at, rep.State, err, d.log())
	}
	if most := until + 5*time.Minute; until > 0 && (at < until || at > most) { // as long as a job
		t.Errorf("it was to end after %s, and ended after %s", until, at)
	}
	if until == 0 && rep.State != ledger.StateDone {
		t.Errorf("in the end it is %s", rep.State)
	}
	t.Logf("after %s: %s, %s", at.Round(time.Second), rep.State, rep.Totals)
}

// goOn is another session, for a time, or until the queue is empty.
func (d *day) goOn(ctx context.Context, within time.Duration, drain bool) (Report, error) {
	d.f.again()
	return Resume(ctx, &d.f.set, &Resumption{Tune: func(c *spec.Config) error {
		c.MaxTime, c.Queue.Drain = within, drain
		return nil
	}})
}

// decide says of what was in hand when the session was killed that it was done.
func (d *day) decide() {
	d.f.again()
	ctx := d.t.Context()
	l, cfg, _, err := desk.Open(ctx, d.f.set.Dir, false)
	if err != nil {
		d.t.Fatal(err)
	}
	unknown, err := l.Reader().Unknowns(ctx)
	if err == nil {
		d.killed = len(unknown)
		err = desk.Resolve(ctx, d.f.set.Dir, l, cfg, desk.Decide(unknown, ledger.DecideOK, "me", "they were"), d.f.set.Term.Logf)
	}
	if err = errors.Join(err, l.Close()); err != nil {
		d.t.Fatal(err)
	}
}

// log is all that was said.
func (d *day) log() []byte {
	var out []byte
	for _, path := range append(d.rotated, filepath.Join(d.dir, "log")) {
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // nothing was said since it was put away
			d.t.Error(err)
		}
		out = append(out, b...)
	}
	return out
}

// linesOf counts the lines of the log about jobs.
func (d *day) linesOf() int { return bytes.Count(d.log(), []byte(" was done")) }
