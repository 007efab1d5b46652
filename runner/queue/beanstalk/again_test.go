package beanstalk

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

// TestAsideStaysAside: what was put aside stays there, whatever is said of a delivery that was taken before: only who decides about the
// queue puts it back.
func TestAsideStaysAside(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	c := opened(t, specOf(t, s))
	put(t, c, "a")
	j := taken(t, c, 1)[0]
	if j.Token != "" {
		t.Errorf("nobody has put it back, and its token is %q", j.Token)
	}
	if err := answer(t, c, j, queue.Failed, j); err != nil {
		t.Fatal(err)
	}
	for _, session := range []*queue.Job{nil, j} {
		if err := answer(t, c, j, queue.Later, session); !errors.Is(err, queue.ErrLost) {
			t.Errorf("later: %v", err)
		}
		if err := c.Renew(context.Background(), []*queue.Job{j})[0]; !errors.Is(err, queue.ErrLost) {
			t.Errorf("renewed: %v", err)
		}
		if err := c.Return(context.Background(), []*queue.Job{j}); err != nil {
			t.Error(err)
		}
	}
	if have := counted(t, c); have.Parked != 1 || have.Ready+have.Delayed+have.InHand != 0 {
		t.Errorf("%+v", have)
	}
	for _, want := range []string{"1", "2"} {
		kick(t, c, j)
		if j = taken(t, c, 1)[0]; j.Token != want || !c.Traits().Counts {
			t.Errorf("its token is %q, want %s", j.Token, want)
		}
		if err := answer(t, c, j, queue.Failed, j); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnsweredAndRegained: jobs whose connection was cut are answered, and at the same time their leases are renewed, for which they are
// taken again: an answer that was taken holds.
func TestAnsweredAndRegained(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	proxy := queuetest.StartProxy(t, s.Addr)
	spec := specOf(t, s)
	u := *spec.URL
	u.Host = proxy.Addr
	spec.URL = &u
	c := opened(t, spec)
	const n = 300
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint("job ", i)
	}
	put(t, c, texts...)
	jobs := taken(t, c, n)
	for range 3 {
		proxy.Cut()
		answers := make([]queue.Answer, len(jobs))
		for i, j := range jobs {
			answers[i] = queue.Answer{ID: j.ID, Sum: queue.Sum(j.Body), Job: j, Verb: queue.Failed}
		}
		var errs []error
		var both sync.WaitGroup
		both.Go(func() { errs = c.Answer(context.Background(), answers[:len(answers)/2]) })
		both.Go(func() { c.Renew(context.Background(), jobs) })
		both.Wait()
		k, err := c.use(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.ask(k, len(errs), func(i int) string { return jobs[i].ID }, func(i int, f facts) {
			if errs[i] == nil && f.state != stateBuried {
				t.Errorf("job %s was put aside, and is %s", jobs[i].ID, f.state)
			}
		}); err != nil {
			t.Error(err)
		}
		c.release(k)
		jobs = jobs[len(errs):]
	}
}

// TestSpoiled: a job that somebody has had between the look at where it is and its being taken again is given back as he left it.
func TestSpoiled(t *testing.T) {
	for name, x := range map[string]struct {
		buries int
		want   string
	}{"put aside": {1, "bury 5 3"}, "given back": {0, "release 5 3 0"}} {
		t.Run(name, func(t *testing.T) {
			reserves, buries := 1, 0
			var mu sync.Mutex
			var said []string
			spec := scripted(t, func(conn int, line string, _ io.Reader) string {
				mu.Lock()
				defer mu.Unlock()
				verb, _, _ := strings.Cut(line, " ")
				switch {
				case verb == "reserve-with-timeout" && reserves == 1 && len(said) == 0:
					said = append(said, line)
					return "RESERVED 5 3\r\njob\r\n"
				case verb == "reserve-with-timeout":
					return "TIMED_OUT\r\n"
				case verb == "touch":
					return "NOT_FOUND\r\n"
				case verb == "peek":
					return "FOUND 5 3\r\njob\r\n"
				case verb == "reserve-job":
					reserves, buries = 3, x.buries // he was quick
					return "RESERVED 5 3\r\njob\r\n"
				case verb == "stats-job":
					return withText("OK", fmt.Sprintf("---\nid: 5\nstate: ready\npri: 3\nttr: 9\nreserves: %d\nreleases: 0\nburies: %d\n", reserves, buries))
				case verb == "bury":
					said = append(said, line)
					return "BURIED\r\n"
				case verb == "release":
					said = append(said, line)
					return "RELEASED\r\n"
				}
				return ""
			})
			c := opened(t, spec)
			jobs := taken(t, c, 1)
			if err := c.Renew(context.Background(), jobs)[0]; !errors.Is(err, queue.ErrLost) {
				t.Errorf("renewed: %v", err)
			}
			if len(said) != 2 || said[1] != x.want {
				t.Errorf("%q, want %s", said, x.want)
			}
			if c.holds(heldOf(jobs[0])) {
				t.Error("it is held")
			}
		})
	}
}
