package beanstalk

import (
	"brood/runner/queue"
	"context"
	"io"
	"strconv"
	"time"
)

// delivery is a job with what is known of it here.
type delivery struct {
	queue.Job
	held held
}

// Take asks for as many as there are without waiting, and waits only when there is none, over a connection that holds none.
func (c *client) Take(ctx context.Context, n int, wait time.Duration) ([]*queue.Job, error) {
	if n <= 0 {
		return nil, nil
	}
	k, err := c.use(ctx)
	if err != nil {
		return nil, err
	}
	jobs, err := c.fill(k, nil, n)
	c.release(k)
	if err != nil || len(jobs) > 0 || wait <= 0 || ctx.Err() != nil {
		return jobs, err
	}
	if k, err = c.useWaiting(ctx); err != nil {
		return nil, err
	}
	defer c.release(k)
	if jobs, err = c.await(ctx, k, wait); err != nil || len(jobs) == 0 || c.gone(k) {
		return jobs, err
	}
	return c.fill(k, jobs, n)
}

// fill takes what is ready until there are n jobs, and asks about them what has to be known.
func (c *client) fill(k *conn, jobs []*queue.Job, n int) ([]*queue.Job, error) {
	for more, empty := 32, false; len(jobs) < n && !empty; more = atOnce {
		err := c.batch(k, min(n-len(jobs), more), func(int) { k.text("reserve-with-timeout 0\r\n") }, func(_ int, r reply) error {
			switch r.word {
			case reserved:
				jobs = append(jobs, c.delivered(k, r))
			case timedOut, deadlineSoon: // the latter: a lease is about to end; whose, touches find out
				empty = true
			default:
				return r.odd("reserve-with-timeout")
			}
			return nil
		})
		if err != nil {
			return nil, err // with the connection the jobs have gone, too
		}
	}
	if !c.spec.Doubts {
		return jobs, nil
	}
	return jobs, c.question(k, jobs, 0)
}

// delivered is the job of a reply; the connection holds it.
func (c *client) delivered(k *conn, r reply) *queue.Job {
	d := &delivery{}
	d.ID, d.Body = strconv.FormatUint(r.id, 10), r.body
	d.held.id, d.held.sum = d.ID, d.Sum()
	d.Hold = &d.held
	c.hold(&d.held, k)
	return &d.Job
}

// question asks of jobs how they were delivered before; own is how many of their reservations before this one are known
// to have done nothing.
func (c *client) question(k *conn, jobs []*queue.Job, own uint64) error {
	return c.ask(k, len(jobs), func(i int) string { return jobs[i].ID }, func(i int, f facts) {
		j := jobs[i]
		f.known(heldOf(j))
		j.Lease = f.ttr
		j.Tries = int(min(f.releases, 1<<30)) //nolint:gosec // it is bounded
		j.Doubt = f.silent() > own
		if f.kicks > 0 {
			j.Token = strconv.FormatUint(f.kicks, 10)
		}
	})
}

// await waits for one job over a connection without any. The end of ctx ends the wait, and the connection with it.
func (c *client) await(ctx context.Context, k *conn, wait time.Duration) ([]*queue.Job, error) {
	seconds := wait / time.Second // as the server counts; a shorter wait is ended here, which costs a new connection
	if seconds == 0 {
		seconds = 1
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	var r reply
	gaveUp := false
	err := c.with(k, func() error {
		k.command("reserve-with-timeout ")
		k.number(uint64(seconds)) //nolint:gosec // wait is not negative
		k.end()
		if err := k.w.Flush(); err != nil {
			return err
		}
		if err := k.net.SetReadDeadline(time.Now().Add(seconds*time.Second + waitExtra)); err != nil {
			return err
		}
		stop := context.AfterFunc(ctx, func() {
			// The server then ends the wait (beanstalkd's STATE_WAIT, half closed), or is too late with a job.
			_ = k.net.SetReadDeadline(time.Now().Add(waitExtra))
			_ = k.net.CloseWrite()
		})
		var err error
		r, err = k.r.next()
		gaveUp = !stop()
		return err
	})
	if gaveUp {
		return c.leave(k, r, err)
	}
	switch {
	case err != nil:
		return nil, err
	case r.word == reserved:
		return []*queue.Job{c.delivered(k, r)}, nil
	case r.word == timedOut, r.word == deadlineSoon:
		return nil, nil
	}
	c.drop(k)
	return nil, c.fault(r.odd("reserve-with-timeout"))
}

// leave is what a wait that was given up has come to. A job that had arrived is given back by the server, as it closes
// the connection; it is taken again by its ID, so that its count of reservations raises no doubt about it later.
func (c *client) leave(k *conn, r reply, err error) ([]*queue.Job, error) {
	if err != nil || r.word != reserved {
		c.drop(k)
		return nil, nil
	}
	_, _ = io.Copy(io.Discard, k.r.r) // until it has closed, or the deadline
	c.drop(k)
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	if k, err = c.use(ctx); err != nil {
		return nil, nil // it is with the server
	}
	defer c.release(k)
	d := &delivery{}
	d.ID, d.Body = strconv.FormatUint(r.id, 10), r.body
	d.held.id, d.held.sum = d.ID, d.Sum()
	d.Hold = &d.held
	c.regains.Lock()
	got, err := c.regain(k, []*queue.Job{&d.Job})
	c.regains.Unlock()
	if err != nil || len(got) == 0 {
		return nil, nil
	}
	if c.spec.Doubts {
		err = c.question(k, got, 1)
	}
	return got, err
}
