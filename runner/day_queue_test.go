package runner

import (
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// dayQueue is a queue in memory that keeps delays and leases by the clock of the test, as beanstalkd does: a job whose lease is over, or
// whose connection has ended, is another's.
type dayQueue struct {
	mu    sync.Mutex
	jobs  map[string]*dayJob // that are not done
	ready []*dayJob          // the oldest first
	news  chan struct{}      // closed when there may be something to take
	down  time.Time          // until then it is not there

	put, done, parked, failed int
	late                      int // leases that have ended
}

type dayJob struct {
	id      string
	body    []byte
	state   dayState
	of      *dayConn  // who has it
	due     time.Time // when it is ready, or its lease over
	tries   int
	silent  bool // somebody had it and said nothing
	changes int  // tells a delivery from the next
}

type dayState int

const (
	dayReady dayState = iota
	dayDelayed
	dayHeld
	dayParked
)

// dayLease is shorter than the longest jobs take.
const dayLease = 2 * time.Minute

var errDayDown = &queue.DownError{Err: errors.New("the queue has gone")}

func newDayQueue() *dayQueue {
	return &dayQueue{jobs: make(map[string]*dayJob), news: make(chan struct{})}
}

// changed tells who waits. The caller holds the lock.
func (q *dayQueue) changed() {
	close(q.news)
	q.news = make(chan struct{})
}

// add puts a job.
func (q *dayQueue) add(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := &dayJob{id: strconv.Itoa(n), body: fmt.Appendf(nil, `{"n":%d}`, n)}
	q.put++
	q.jobs[j.id] = j
	q.ready = append(q.ready, j)
	q.changed()
}

// tick lets time pass: what was delayed is ready, and what nobody has renewed is another's. The caller holds the lock. It returns when
// there is something to do next.
func (q *dayQueue) tick(now time.Time) (next time.Time) {
	for _, j := range q.jobs {
		if j.state != dayDelayed && j.state != dayHeld {
			continue
		}
		if j.due.After(now) {
			if next.IsZero() || j.due.Before(next) {
				next = j.due
			}
			continue
		}
		if j.state == dayHeld {
			q.late++
			j.silent = true
		}
		q.give(j)
	}
	return next
}

// give makes a job ready. The caller holds the lock.
func (q *dayQueue) give(j *dayJob) {
	j.state, j.of = dayReady, nil
	q.ready = append(q.ready, j)
	q.changed()
}

// stats are how many jobs it has, by state.
func (q *dayQueue) stats() map[dayState]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make(map[dayState]int)
	for _, j := range q.jobs {
		out[j.state]++
	}
	return out
}

// dayConn is a client: what one session has.
type dayConn struct{ q *dayQueue }

// dayHold is what a job's Hold is.
type dayHold struct {
	job     *dayJob
	changes int
}

func (c *dayConn) Traits() queue.Traits {
	return queue.Traits{Delays: true, Doubts: true, Notifies: true, Claim: "day"}
}

func (c *dayConn) Take(ctx context.Context, n int, most time.Duration) ([]*queue.Job, error) {
	q := c.q
	until := time.Now().Add(most)
	for {
		now := time.Now()
		q.mu.Lock()
		if now.Before(q.down) {
			q.mu.Unlock()
			return nil, errDayDown
		}
		next := q.tick(now)
		var out []*queue.Job
		for ; len(out) < n && len(q.ready) > 0; q.ready = q.ready[1:] {
			out = append(out, c.hold(q.ready[0], now))
		}
		news := q.news
		q.mu.Unlock()
		if len(out) > 0 || ctx.Err() != nil || !now.Before(until) {
			return out, nil //nolint:nilerr // what there is is returned, and the end of ctx is no error
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

// hold gives a job to this connection. The caller holds the lock.
func (c *dayConn) hold(j *dayJob, now time.Time) *queue.Job {
	j.state, j.of, j.due = dayHeld, c, now.Add(dayLease)
	j.changes++
	out := &queue.Job{ID: j.id, Body: j.body, Tries: j.tries, Doubt: j.silent, Lease: dayLease, Hold: dayHold{j, j.changes}}
	j.silent = false
	return out
}

// has reports whether a delivery is this connection's still. The caller holds the lock.
func (c *dayConn) has(j *queue.Job) (*dayJob, bool) {
	h := j.Hold.(dayHold)
	return h.job, h.job.of == c && h.job.changes == h.changes && h.job.state == dayHeld
}

func (c *dayConn) Renew(_ context.Context, held []*queue.Job) []error {
	q, now := c.q, time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	errs := make([]error, len(held))
	if now.Before(q.down) {
		for i := range errs {
			errs[i] = errDayDown
		}
		return errs
	}
	q.tick(now)
	for i, j := range held {
		job, mine := c.has(j)
		if !mine {
			errs[i] = queue.ErrLost
			continue
		}
		job.due = now.Add(dayLease)
	}
	return errs
}

func (c *dayConn) Answer(_ context.Context, answers []queue.Answer) []error {
	q, now := c.q, time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	errs := make([]error, len(answers))
	if now.Before(q.down) {
		for i := range errs {
			errs[i] = errDayDown
		}
		return errs
	}
	q.tick(now)
	for i := range answers {
		errs[i] = c.answer(&answers[i], now)
	}
	return errs
}

// answer answers one. The caller holds the lock.
func (c *dayConn) answer(a *queue.Answer, now time.Time) error {
	q, j := c.q, c.q.jobs[a.ID]
	switch {
	case j == nil || queue.Sum(j.body) != a.Sum:
		return queue.ErrGone
	case a.Job != nil:
		if _, mine := c.has(a.Job); !mine {
			return queue.ErrLost
		}
	case j.state == dayHeld:
		return queue.ErrLost
	}
	q.leave(j)
	j.of = nil
	switch a.Verb {
	case queue.Done:
		q.done++
		delete(q.jobs, a.ID)
	case queue.Failed:
		q.failed++
		delete(q.jobs, a.ID) // somebody looks after those
	case queue.Later:
		j.state, j.due = dayDelayed, now.Add(a.After)
		j.tries++
		q.changed() // who waits may have to wait less
	case queue.Park:
		if j.state != dayParked {
			q.parked++
		}
		j.state = dayParked
	}
	return nil
}

// leave takes a job out of those that are ready, or put aside. The caller holds the lock.
func (q *dayQueue) leave(j *dayJob) {
	if j.state == dayParked {
		q.parked--
		j.state = dayReady
		return
	}
	for i, x := range q.ready {
		if x == j {
			q.ready = append(q.ready[:i:i], q.ready[i+1:]...)
			return
		}
	}
}

func (c *dayConn) Return(_ context.Context, unbegun []*queue.Job) error {
	q := c.q
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range unbegun {
		if job, mine := c.has(j); mine {
			q.give(job)
		}
	}
	return nil
}

// Close ends the connection: what it has is another's.
func (c *dayConn) Close() error {
	q := c.q
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range q.jobs {
		if j.of == c && j.state == dayHeld {
			j.silent = true
			q.give(j)
		}
	}
	return nil
}
