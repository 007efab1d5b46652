package beanstalk

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// opened is a client until the end of the test.
func opened(t testing.TB, s queue.Spec) *client {
	t.Helper()
	c, err := Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*client)
}

func put(t testing.TB, c *client, texts ...string) {
	t.Helper()
	puts := make([]queue.Put, len(texts))
	for i, text := range texts {
		puts[i].Body = []byte(text)
	}
	if n, err := c.Put(context.Background(), puts); n != len(texts) || err != nil {
		t.Fatal(n, err)
	}
}

// taken are n jobs, which are ready.
func taken(t testing.TB, c *client, n int) []*queue.Job {
	t.Helper()
	jobs, err := c.Take(context.Background(), n, 5*time.Second)
	if err != nil || len(jobs) != n {
		t.Fatalf("%d jobs of %d, %v", len(jobs), n, err)
	}
	return jobs
}

func answer(t testing.TB, c *client, j *queue.Job, v queue.Verb, session *queue.Job) error {
	t.Helper()
	return c.Answer(context.Background(), []queue.Answer{{ID: j.ID, Sum: queue.Sum(j.Body), Job: session, Verb: v}})[0]
}

// kick puts a job back that was put aside, as somebody does who decides about the queue.
func kick(t testing.TB, c *client, j *queue.Job) {
	t.Helper()
	k, err := c.use(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.release(k)
	if err := c.batch(k, 1, func(int) { k.about("kick-job ", j.ID) }, func(_ int, r reply) error {
		if r.word != kicked {
			return r.odd("kick-job")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func counted(t testing.TB, c *client) queue.Stats {
	t.Helper()
	s, err := c.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestIDsBeginAgain: a server without a binlog gives an ID to another job after its restart; nothing is done to that one
// for what the first is owed.
func TestIDsBeginAgain(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	spec := specOf(t, s)
	c := opened(t, spec)
	put(t, c, "the first")
	first := taken(t, c, 1)[0]
	s.Restart()
	other := opened(t, spec)
	put(t, other, "another")
	for _, v := range []queue.Verb{queue.Done, queue.Failed, queue.Later, queue.Park} {
		if err := answer(t, c, first, v, nil); !errors.Is(err, queue.ErrGone) {
			t.Errorf("%s of an earlier session's: %v", v, err)
		}
	}
	if err := c.Renew(context.Background(), []*queue.Job{first})[0]; !errors.Is(err, queue.ErrLost) {
		t.Error("renewed over a new connection:", err)
	}
	if err := answer(t, c, first, queue.Done, first); !errors.Is(err, queue.ErrGone) {
		t.Error("answered over a new connection:", err)
	}
	if have := counted(t, other); have.Ready != 1 || have.InHand != 0 {
		t.Errorf("the other job: %+v", have)
	}
	if j := taken(t, other, 1)[0]; j.ID != first.ID || string(j.Body) != "another" {
		t.Errorf("%s %q does not have the ID %s", j.ID, j.Body, first.ID)
	}
}

// TestLostConnection: it gives its jobs to others. Those that nobody has had since are taken again, the others are lost.
func TestLostConnection(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	proxy := queuetest.StartProxy(t, s.Addr)
	spec := specOf(t, s)
	other := opened(t, spec)
	through := spec
	u := *spec.URL
	u.Host = proxy.Addr
	through.URL = &u
	c := opened(t, through)
	put(t, c, "taken by another", "buried by another", "nobody's", "nobody's until the answer")
	jobs := taken(t, c, 4)
	if n := proxy.Cut(); n == 0 {
		t.Fatal("no connection was cut")
	}
	theirs := taken(t, other, 2)
	if !theirs[0].Doubt || !theirs[1].Doubt {
		t.Error("they were another's, of whom nothing was heard: that is a doubt")
	}
	if err := answer(t, other, theirs[1], queue.Failed, theirs[1]); err != nil {
		t.Fatal(err)
	}
	errs := c.Renew(context.Background(), jobs[:3])
	if !errors.Is(errs[0], queue.ErrLost) || !errors.Is(errs[1], queue.ErrLost) || errs[2] != nil {
		t.Errorf("renewed: %v", errs)
	}
	for i, want := range []error{queue.ErrLost, queue.ErrLost, nil, nil} {
		v := queue.Done
		if i == 1 {
			v = queue.Later
		}
		if err := answer(t, c, jobs[i], v, jobs[i]); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", jobs[i].Body, err, want)
		}
	}
	if have := counted(t, c); have.Ready != 0 || have.InHand != 1 || have.Parked != 1 {
		t.Errorf("%+v; want one in hand and one buried, both the other's", have)
	}
}

// TestWaitingHoldsUpNothing: while a connection waits for jobs, leases are renewed over another.
func TestWaitingHoldsUpNothing(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	c := opened(t, specOf(t, s))
	put(t, c, "a")
	jobs := taken(t, c, 1)
	var got []*queue.Job
	var err error
	over := make(chan struct{})
	go func() {
		got, err = c.Take(context.Background(), 1, 30*time.Second)
		close(over)
	}()
	for counted(t, c).Takers < 2 { // it waits
		continue
	}
	for range 10 {
		if err := c.Renew(context.Background(), jobs)[0]; err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-over:
		t.Error("renewed after the wait was over:", err)
	default:
	}
	put(t, c, "b")
	<-over
	if err != nil || len(got) != 1 || string(got[0].Body) != "b" {
		t.Error(got, err)
	}
	// Each holds a job now; more are taken by the one with most, and those without are few.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Take(context.Background(), 1, 10*time.Millisecond); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.conns) > 2+spare {
		t.Errorf("%d connections for 2 that hold jobs", len(c.conns))
	}
}

// TestKilledSynced: with -f 0 deletes and burials are there after kill -9, reserved jobs are ready again, and nobody
// remembers that they were reserved.
func TestKilledSynced(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, true)
	spec := specOf(t, s)
	c := opened(t, spec)
	put(t, c, "1", "2", "3", "4", "5", "6")
	jobs := taken(t, c, 4)
	for i, v := range []queue.Verb{queue.Done, queue.Failed, queue.Later} {
		if err := answer(t, c, jobs[i], v, jobs[i]); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart()
	c = opened(t, spec)
	if have := counted(t, c); have.Ready != 4 || have.InHand != 0 || have.Parked != 1 {
		t.Errorf("%+v; want 4 ready and 1 buried", have)
	}
	for _, j := range taken(t, c, 4) {
		if j.Doubt || j.Tries != 0 {
			t.Errorf("the server remembers that job %s was reserved: say so in the package's comment", j.ID)
		}
		if err := answer(t, c, j, queue.Done, j); err != nil {
			t.Fatal(err)
		}
	}
	// It counts a burial twice; a kicked one that is given up then is in doubt all the same.
	kick(t, c, jobs[1])
	if j := taken(t, c, 1)[0]; j.Doubt || j.Token != "1" {
		t.Errorf("it was buried, and kicked: that is no doubt: %+v", j)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = opened(t, spec)
	if j := taken(t, c, 1)[0]; !j.Doubt {
		t.Error("it was given up without a word: that is a doubt")
	}
}

// TestDoubt tells jobs that were given up without a word from those that were answered; who does not ask pays nothing.
func TestDoubt(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	spec := specOf(t, s)
	c := opened(t, spec)
	put(t, c, "released", "kicked", "given up", "given up twice")
	jobs := taken(t, c, 4)
	if err := answer(t, c, jobs[0], queue.Later, jobs[0]); err != nil {
		t.Fatal(err)
	}
	if err := answer(t, c, jobs[1], queue.Failed, jobs[1]); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = opened(t, spec)
	kick(t, c, jobs[1])
	for counted(t, c).Ready < 4 { // until the server has seen the connection end
		continue
	}
	for _, j := range taken(t, c, 4) {
		if want := strings.HasPrefix(string(j.Body), "given up"); j.Doubt != want {
			t.Errorf("%s: doubt %v", j.Body, j.Doubt)
		}
		if want := string(j.Body) == "released"; (j.Tries == 1) != want {
			t.Errorf("%s: %d tries", j.Body, j.Tries)
		}
		if j.Lease != defaultLease {
			t.Errorf("%s: its lease is %s", j.Body, j.Lease)
		}
	}
	spec = specOf(t, s)
	spec.Doubts = false
	c = opened(t, spec)
	asked := func() int64 {
		k, err := c.use(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.release(k)
		server, err := c.statistics(k, "stats", "")
		if err != nil {
			t.Fatal(err)
		}
		return server.count("cmd-stats-job")
	}
	put(t, c, "a")
	before := asked()
	j := taken(t, c, 1)[0]
	if err := answer(t, c, j, queue.Done, j); err != nil || asked() != before {
		t.Errorf("%d questions, %v", asked()-before, err)
	}
}

// TestPriority: a job that is given back, or put aside, keeps its priority.
func TestPriority(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	spec := specOf(t, s)
	spec.Doubts = false // then it is asked for when it is needed
	c := opened(t, spec)
	seven := uint32(7)
	if _, err := c.Put(context.Background(), []queue.Put{{Body: []byte("a"), Priority: &seven}}); err != nil {
		t.Fatal(err)
	}
	var ids []string
	look := func(after string) {
		t.Helper()
		k, err := c.use(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.release(k)
		found := false
		if err := c.ask(k, len(ids), func(i int) string { return ids[i] }, func(_ int, f facts) {
			found = true
			if f.pri != seven {
				t.Errorf("%s its priority is %d", after, f.pri)
			}
		}); err != nil || !found {
			t.Error(found, err)
		}
	}
	j := taken(t, c, 1)[0]
	ids = []string{j.ID}
	if err := c.Return(context.Background(), []*queue.Job{j}); err != nil {
		t.Fatal(err)
	}
	look("returned")
	for _, v := range []queue.Verb{queue.Later, queue.Park} {
		j = taken(t, c, 1)[0]
		if err := answer(t, c, j, v, j); err != nil {
			t.Fatal(err)
		}
		look(v.String())
	}
	kick(t, c, j)
	a := queue.Answer{ID: j.ID, Sum: queue.Sum(j.Body), Verb: queue.Later, After: time.Hour} // of an earlier session
	if err := c.Answer(context.Background(), []queue.Answer{a})[0]; err != nil {
		t.Fatal(err)
	}
	look("later, by its ID,")
	if have := counted(t, c); have.Delayed != 1 {
		t.Errorf("%+v", have)
	}
}
