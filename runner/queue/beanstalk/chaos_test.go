package beanstalk

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"
)

// chaos is what several clients make of the jobs of one queue.
type chaos struct {
	*testing.T
	mu    sync.Mutex
	final map[string]time.Time // the server has confirmed that it is done, or has gone
	left  int
}

// TestChaos: three clients work off a queue while connections are cut. A job whose end was confirmed never comes again,
// and none is lost. With BROOD_CHAOS it is longer, and the server is killed and started again, too.
func TestChaos(t *testing.T) {
	n, blows, long := 300, 12, os.Getenv("BROOD_CHAOS") != ""
	if long {
		n, blows = 20_000, 400
	}
	s := queuetest.StartBeanstalkd(t, true, "-f", "60000")
	proxy := queuetest.StartProxy(t, s.Addr)
	spec := specOf(t, s)
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("job %d", i)
	}
	put(t, opened(t, spec), texts...)
	u := *spec.URL
	u.Host = proxy.Addr
	spec.URL = &u
	c := &chaos{T: t, final: map[string]time.Time{}, left: n}
	var wg sync.WaitGroup
	for range 3 {
		client := opened(t, spec)
		wg.Go(func() {
			for !c.over() {
				c.work(client)
			}
		})
	}
	for i := range blows {
		if c.over() {
			break
		}
		c.wait(n - (i+1)*n/(blows+1)) // between two blows some have been worked off
		if long && i%(blows/4) == 2 { // beanstalkd's binlog may be damaged by that: see errDamaged
			s.Restart()
		} else {
			proxy.Cut()
		}
	}
	wg.Wait()
	u.Host = s.Addr
	if have := counted(t, opened(t, spec)); have.Ready != 0 || have.Delayed != 0 || have.InHand != 0 || have.Parked != 0 {
		t.Errorf("at the end the server has %+v", have)
	}
}

func (c *chaos) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left == 0
}

// wait waits until no more jobs are left.
func (c *chaos) wait(left int) {
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		c.mu.Lock()
		there := c.left <= left
		c.mu.Unlock()
		if there {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			c.Fatalf("more than %d jobs are left", left)
		}
	}
}

// work takes some jobs and gives all kinds of answers, until each has an end.
func (c *chaos) work(client *client) {
	began := time.Now()
	jobs, err := client.Take(context.Background(), 1+rand.IntN(8), time.Second)
	var down *queue.DownError
	if err != nil && !errors.As(err, &down) {
		c.Error(err)
	}
	var answers []queue.Answer
	c.mu.Lock()
	for _, j := range jobs {
		// One that has its end since then was given to this client over a connection that was cut before it had read that.
		if at, over := c.final[string(j.Body)]; over && at.Before(began) {
			c.Errorf("%s comes again after its end", j.Body)
		}
	}
	c.mu.Unlock()
	for _, err := range client.Renew(context.Background(), jobs) {
		if err != nil && !errors.Is(err, queue.ErrLost) && !errors.As(err, &down) {
			c.Error(err)
		}
	}
	for _, j := range jobs {
		a := queue.Answer{ID: j.ID, Sum: queue.Sum(j.Body), Job: j, Verb: queue.Done}
		if rand.IntN(5) == 0 {
			a.Verb = queue.Later
		}
		if rand.IntN(5) == 0 { // as the next session would
			a.Job = nil
			if err := client.Return(context.Background(), []*queue.Job{j}); err != nil && !errors.As(err, &down) {
				c.Error(err)
			}
		}
		answers = append(answers, a)
	}
	for len(answers) > 0 { // what the server did not hear is said again
		errs := client.Answer(context.Background(), answers)
		var again []queue.Answer
		for i, err := range errs {
			a := answers[i]
			switch {
			case errors.As(err, &down):
				again = append(again, a)
			case errors.Is(err, queue.ErrLost):
			case err == nil && a.Verb == queue.Done, errors.Is(err, queue.ErrGone):
				c.end(a, jobs)
			case err != nil:
				c.Error(err)
			}
		}
		answers = again
	}
}

// end notes that a job has one.
func (c *chaos) end(a queue.Answer, jobs []*queue.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range jobs {
		if _, over := c.final[string(j.Body)]; j.ID == a.ID && !over {
			c.final[string(j.Body)] = time.Now()
			c.left--
		}
	}
}
