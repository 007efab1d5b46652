package runner

import (
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// onceQueue is a queue in memory that is as careless as beanstalkd: a job is its connection's, whichever of its deliveries is answered;
// when the time to run is over, or the connection is cut, it is another's at once; and when the server is killed what was reserved is
// ready, and nobody remembers that it was. Its calls may take long, before or after what they do.
type onceQueue struct {
	mu    sync.Mutex
	jobs  map[string]*onceJob
	ready []*onceJob
	news  chan struct{} // closed when there may be something to take
	lag   [2]onceLags   // of Take, and of all others
	calls [2]int
	ends  int           // connections that were cut: one before is another connection
	asked chan struct{} // closed when somebody has asked for jobs
	first sync.Once
}

// onceLag is how long a call takes, before and after it is done, and onceLags those of one call after the other, and from the first again.
type (
	onceLag  struct{ Before, After time.Duration }
	onceLags []onceLag
)

type onceJob struct {
	id    string
	body  []byte
	state dayState
	of    int // the connection
	due   time.Time
	onceCounts
	kept onceCounts // what is in the binlog
}

// onceCounts are what stats-job says.
type onceCounts struct{ reserves, releases, buries, kicks int }

func (c onceCounts) silent() bool { return c.reserves > c.releases+min(c.buries, c.kicks)+1 }

// onceTTR is as long as the shortest that people give.
const onceTTR = 2 * time.Second

func newOnceQueue(n int, lag [2]onceLags) *onceQueue {
	q := &onceQueue{jobs: make(map[string]*onceJob), news: make(chan struct{}), asked: make(chan struct{}), lag: lag, ends: 1}
	for i := range n {
		j := &onceJob{id: strconv.Itoa(i + 1), body: fmt.Appendf(nil, `{"n":%d}`, i)}
		q.jobs[j.id] = j
		q.ready = append(q.ready, j)
	}
	return q
}

func (q *onceQueue) changed() {
	close(q.news)
	q.news = make(chan struct{})
}

// What onceQueue.lag is of.
const (
	lagOfTake = iota
	lagOfOthers
)

// pause is what the next call takes.
func (q *onceQueue) pause(of int) (l onceLag) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.lag[of]); n > 0 {
		l = q.lag[of][q.calls[of]%n]
	}
	q.calls[of]++
	return l
}

// tick lets time pass, and says when there is something to do next. The caller holds the lock.
func (q *onceQueue) tick(now time.Time) (next time.Time) {
	for _, id := range q.ids() {
		j := q.jobs[id]
		if j.state != dayDelayed && j.state != dayHeld {
			continue
		}
		if j.due.After(now) {
			if next.IsZero() || j.due.Before(next) {
				next = j.due
			}
			continue
		}
		q.give(j)
	}
	return next
}

// ids are those of all jobs, so that two runs of a test are the same.
func (q *onceQueue) ids() []string {
	ids := make([]string, 0, len(q.jobs))
	for id := range q.jobs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (q *onceQueue) give(j *onceJob) {
	q.out(j)
	j.state = dayReady
	q.ready = append(q.ready, j)
	q.changed()
}

// out takes a job out of those that are ready.
func (q *onceQueue) out(j *onceJob) {
	q.ready = slices.DeleteFunc(q.ready, func(x *onceJob) bool { return x == j })
}

// cut ends the connections: what they have is ready. With kill the server forgets who had it.
func (q *onceQueue) cut(kill bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tick(time.Now())
	q.ends++
	for _, id := range q.ids() {
		j := q.jobs[id]
		if j.state == dayHeld {
			q.give(j)
		}
		if kill {
			j.onceCounts = j.kept
		}
	}
}

// kick puts back what was put aside, as somebody does who decides about the queue, and reports whether there was something.
func (q *onceQueue) kick(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.jobs[id]; j != nil && j.state == dayParked {
		j.kicks++
		j.kept = j.onceCounts
		q.give(j)
		return true
	}
	return false
}

// left are how many jobs are to be had, now or later, or in hand.
func (q *onceQueue) left() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range q.jobs {
		if j.state != dayParked {
			n++
		}
	}
	return n
}

// onceClient is what a session has. When it is dead nothing of it comes to the server any more, as of a process that was killed.
type onceClient struct {
	q     *onceQueue
	mu    sync.Mutex
	begun bool // it has asked for jobs
	dead  bool
	once  bool
}

// works reports whether its session is at work.
func (c *onceClient) works() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun && !c.dead
}

// onceHold is what a job's Hold is: by which connection it was taken.
type onceHold struct{ of int }

var errOnceDown = &queue.DownError{Err: errors.New("the connection was cut")}

func (c *onceClient) Traits() queue.Traits {
	return queue.Traits{Delays: true, Doubts: c.once, Counts: c.once, Notifies: true, Claim: "once"}
}

// die is kill -9.
func (c *onceClient) die() {
	c.mu.Lock()
	c.dead = true
	c.mu.Unlock()
	c.q.cut(false)
}

// call does something at the server. Its answer is lost if a connection was cut before that had come.
func (c *onceClient) call(of int, do func(q *onceQueue, now time.Time)) error {
	q, l := c.q, c.q.pause(of)
	time.Sleep(l.Before)
	c.mu.Lock()
	dead := c.dead
	c.mu.Unlock()
	if dead {
		return errOnceDown
	}
	q.mu.Lock()
	now := time.Now()
	q.tick(now)
	ends := q.ends
	do(q, now)
	q.mu.Unlock()
	time.Sleep(l.After)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ends != ends {
		return errOnceDown
	}
	return nil
}

func (c *onceClient) Take(ctx context.Context, n int, most time.Duration) (out []*queue.Job, err error) {
	c.q.first.Do(func() { close(c.q.asked) })
	c.mu.Lock()
	c.begun = true
	c.mu.Unlock()
	until := time.Now().Add(most)
	for {
		var news chan struct{}
		var next time.Time
		err := c.call(lagOfTake, func(q *onceQueue, now time.Time) {
			for len(out) < n && len(q.ready) > 0 {
				out = append(out, c.hold(q.ready[0], now))
			}
			news, next = q.news, q.tick(now)
		})
		if err != nil {
			return nil, err // with the connection the jobs have gone, too
		}
		now := time.Now()
		if len(out) > 0 || ctx.Err() != nil || !now.Before(until) {
			return out, nil //nolint:nilerr // the end of ctx is no error
		}
		if next.IsZero() || until.Before(next) {
			next = until
		}
		t := time.NewTimer(next.Sub(now))
		select {
		case <-ctx.Done():
		case <-news:
		case <-t.C:
		}
		t.Stop()
	}
}

// hold reserves a job. The caller holds the lock.
func (c *onceClient) hold(j *onceJob, now time.Time) *queue.Job {
	q := c.q
	q.out(j)
	j.state, j.of, j.due = dayHeld, q.ends, now.Add(onceTTR)
	j.reserves++
	out := &queue.Job{ID: j.id, Body: j.body, Lease: onceTTR, Hold: &onceHold{q.ends}}
	if c.once {
		out.Doubt, out.Tries = j.silent(), j.releases
		if j.kicks > 0 {
			out.Token = strconv.Itoa(j.kicks)
		}
	}
	return out
}

func (c *onceClient) Renew(_ context.Context, held []*queue.Job) []error {
	errs := make([]error, len(held))
	err := c.call(lagOfOthers, func(q *onceQueue, now time.Time) {
		for i, h := range held {
			j, of := q.jobs[h.ID], h.Hold.(*onceHold)
			switch {
			case j != nil && j.state == dayHeld && j.of == of.of && of.of == q.ends:
				j.due = now.Add(onceTTR)
			case j != nil && j.state == dayReady: // nobody has had it since
				c.hold(j, now)
				of.of = q.ends
			default:
				errs[i] = queue.ErrLost
			}
		}
	})
	for i := range errs {
		if err != nil {
			errs[i] = err
		}
	}
	return errs
}

func (c *onceClient) Answer(_ context.Context, answers []queue.Answer) []error {
	errs := make([]error, len(answers))
	err := c.call(lagOfOthers, func(q *onceQueue, now time.Time) {
		for i := range answers {
			errs[i] = c.answer(&answers[i], now)
		}
	})
	for i := range errs {
		if err != nil {
			errs[i] = err
		}
	}
	return errs
}

// answer answers one: over the connection that has it, or by its ID. The caller holds the lock.
func (c *onceClient) answer(a *queue.Answer, now time.Time) error {
	q, j := c.q, c.q.jobs[a.ID]
	if j == nil || queue.Sum(j.body) != a.Sum {
		return queue.ErrGone
	}
	mine := a.Job != nil && a.Job.Hold.(*onceHold).of == q.ends && j.of == q.ends
	switch {
	case j.state == dayHeld && !mine:
		return queue.ErrLost
	case j.state == dayParked && a.Verb == queue.Later:
		return queue.ErrLost
	case j.state == dayParked && a.Verb != queue.Done, j.state == dayDelayed && a.Verb == queue.Later, j.state == dayReady && a.Verb == queue.Later && a.After <= 0:
		return nil
	}
	q.out(j)
	switch a.Verb {
	case queue.Done:
		delete(q.jobs, a.ID)
	case queue.Later:
		j.releases++
		j.state, j.due = dayDelayed, now.Add(a.After)
		q.changed()
	case queue.Failed, queue.Park:
		j.buries++
		j.state = dayParked
	}
	j.kept = j.onceCounts
	return nil
}

func (c *onceClient) Return(_ context.Context, unbegun []*queue.Job) error {
	return c.call(lagOfOthers, func(q *onceQueue, _ time.Time) {
		for _, h := range unbegun {
			if j := q.jobs[h.ID]; j != nil && j.state == dayHeld && j.of == q.ends && h.Hold.(*onceHold).of == q.ends {
				j.releases++
				q.give(j)
			}
		}
	})
}

// Close ends the connections.
func (c *onceClient) Close() error {
	c.q.cut(false)
	return nil
}
