package gearman

import (
	"brood/runner/queue"
	"context"
	"errors"
	"os"
	"time"
)

// grabsAtOnce is how many jobs are asked for over one connection before the answers are read.
const grabsAtOnce = 128

// Take asks over one connection, which also waits; as soon as there is a job, it asks over more and more of them at a time, so that
// n jobs take a few round trips, and an empty queue one.
func (c *client) Take(ctx context.Context, n int, wait time.Duration) ([]*queue.Job, error) {
	if n <= 0 {
		return nil, nil
	}
	jobs, err := c.first(ctx, time.Now().Add(wait), wait > 0)
	if len(jobs) == 0 {
		return nil, err
	}
	for width, more := 1, true; more && len(jobs) < n && ctx.Err() == nil; width *= 2 {
		want := min(width, n-len(jobs))
		got := c.round(ctx, want)
		jobs, more = append(jobs, got...), len(got) == want
	}
	return jobs, nil
}

// first takes one job, and waits for it over a connection that holds none.
func (c *client) first(ctx context.Context, until time.Time, wait bool) ([]*queue.Job, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		conns, err := c.checkout(ctx, 1, wait)
		if err != nil {
			return nil, err
		}
		k := conns[0]
		fresh := len(k.out) > 0 // what a connection begins with is sent with its first request
		jobs, err := c.grab(conns, 1)
		if err != nil {
			var down *queue.DownError
			if fresh || !errors.As(err, &down) {
				return nil, err
			}
			continue // it had ended while nobody used it; in the end a new one is made, or not
		}
		if len(jobs) == 0 && wait {
			wait, err = c.sleep(ctx, k, until)
			c.release(k)
			if err == nil && wait {
				continue
			}
			return nil, err
		}
		c.release(k)
		return jobs, nil
	}
}

// round takes up to n jobs over several connections at a time. What goes wrong with one of them the next Take finds out.
func (c *client) round(ctx context.Context, n int) []*queue.Job {
	conns, err := c.checkout(ctx, n, false)
	if err != nil {
		return nil
	}
	defer c.release(conns...)
	jobs, _ := c.grab(conns, min(n, len(conns)*grabsAtOnce))
	return jobs
}

// grab asks for n jobs over connections that were checked out, as many over each.
func (c *client) grab(conns []*conn, n int) (jobs []*queue.Job, err error) {
	at := 0
	byConn := map[*conn][]*queue.Job{}
	errs := c.exchange(conns, func(k *conn) int {
		share := n / len(conns)
		if at < n%len(conns) {
			share++
		}
		at++
		for range share {
			k.send(grabJobUniq)
		}
		return share
	}, func(k *conn, _ int, p packet) (bool, error) {
		if p.kind == noJob {
			return true, nil
		}
		job, err := c.assigned(k, p)
		if err == nil {
			byConn[k] = append(byConn[k], job)
		}
		return true, err
	})
	for i, k := range conns {
		if errs[i] == nil {
			jobs = append(jobs, byConn[k]...)
		} else {
			err = errs[i]
		}
	}
	return jobs, err
}

// assigned reads a job: its handle, function, unique and body.
func (c *client) assigned(k *conn, p packet) (*queue.Job, error) {
	if err := p.expect(jobAssignUniq); err != nil {
		return nil, err
	}
	args, err := p.args(4)
	if err != nil {
		return nil, err
	}
	handle, id := args[0], args[2]
	if id == "" {
		id = handle
	}
	if handle == "" || args[1] != c.function {
		return nil, &saidError{"it has assigned a job without a handle, or of a function that was not asked for"}
	}
	return &queue.Job{ID: id, Body: []byte(args[3]), Token: handle, Hold: c.hold(k, handle)}, nil
}

// sleep waits until the server says that there are jobs, and returns whether it did. A connection that was told so must ask for a
// job before it sleeps again, or it is not told again.
func (c *client) sleep(ctx context.Context, k *conn, until time.Time) (bool, error) {
	k.io.Lock()
	defer k.io.Unlock()
	k.send(preSleep)
	err := k.flush()
	if err == nil {
		err = k.net.SetReadDeadline(until)
	}
	if err == nil {
		stop := context.AfterFunc(ctx, func() { _ = k.net.SetReadDeadline(time.Unix(1, 0)) })
		// Nothing is read before all of it is there: whoever reads next finds it, if this is too late.
		_, err = k.r.Peek(head)
		stop()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false, ctx.Err()
	}
	if err == nil {
		if err = k.net.SetReadDeadline(time.Now().Add(answerWait)); err == nil {
			var p packet
			if p, err = readPacket(k.r); err == nil {
				err = p.expect(noop)
			}
		}
	}
	if err != nil {
		c.drop(k)
		return false, c.fault(c.why(err))
	}
	return true, nil
}
