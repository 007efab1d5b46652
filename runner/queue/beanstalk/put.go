package beanstalk

import (
	"brood/runner/queue"
	"context"
	"fmt"
	"math"
	"time"
)

// What is put without a word about it, as other clients of beanstalkd have it.
const (
	defaultPriority = 1024
	defaultLease    = 60 * time.Second
)

// putAtOnce is how many bytes are put before their answers are read.
const putAtOnce = 1 << 20

// Put puts jobs into the first tube. Those before one that the server refuses are put.
func (c *client) Put(ctx context.Context, puts []queue.Put) (int, error) {
	k, err := c.use(ctx)
	if err != nil {
		return 0, err
	}
	defer c.release(k)
	limit, err := c.longest(k)
	if err != nil {
		return 0, err
	}
	done := 0
	for done < len(puts) {
		to, size := done, 0
		for to < len(puts) && to-done < atOnce && size < putAtOnce && len(puts[to].Body) <= limit {
			size += len(puts[to].Body)
			to++
		}
		if to == done {
			return done, fmt.Errorf("beanstalkd at %s: a job of %d bytes is longer than it takes (%d): start it with -z %d", c.addr, len(puts[to].Body), limit, len(puts[to].Body))
		}
		n, err := c.putSome(k, puts[done:to])
		done += n
		if err != nil {
			return done, err
		}
		if err := ctx.Err(); err != nil && done < len(puts) {
			return done, err
		}
	}
	return done, nil
}

// putSome puts jobs in one go, and says how many of the first were put.
func (c *client) putSome(k *conn, puts []queue.Put) (done int, err error) {
	var refused error
	beyond := 0
	err = c.with(k, func() error {
		for i := range puts {
			k.put(&puts[i])
		}
		return k.exchange(len(puts), func(_ int, r reply) error {
			switch {
			case r.word == inserted && refused == nil:
				done++
			case r.word == inserted:
				beyond++
			case r.word == draining:
				refused = fmt.Errorf("beanstalkd at %s takes no jobs: it is in drain mode (SIGUSR1), and waits to be ended", c.addr)
			case r.word == buried, r.word == outOfMemory, r.word == jobTooBig:
				if refused == nil {
					refused = c.fault(r.odd("put"))
				}
			default:
				return r.odd("put")
			}
			return nil
		})
	})
	if err == nil && refused != nil {
		err = refused
		if beyond > 0 {
			err = fmt.Errorf("%w; %d jobs after that one were put", refused, beyond)
		}
	}
	return done, err
}

// put writes one job.
func (k *conn) put(p *queue.Put) {
	pri := uint32(defaultPriority)
	if p.Priority != nil {
		pri = *p.Priority
	}
	lease := p.Lease
	if lease <= 0 {
		lease = defaultLease
	}
	k.command("put ")
	for _, n := range []uint64{uint64(pri), seconds(p.Delay), min(seconds(lease), math.MaxUint32)} {
		k.number(n)
		k.space()
	}
	k.number(uint64(len(p.Body)))
	k.end()
	_, _ = k.w.Write(p.Body)
	k.end()
}

// longest is the longest body that the server takes.
func (c *client) longest(k *conn) (int, error) {
	c.mu.Lock()
	n := c.maxJob
	c.mu.Unlock()
	if n > 0 {
		return n, nil
	}
	server, err := c.statistics(k, "stats", "")
	if err != nil {
		return 0, err
	}
	size, ok := number([]byte(server["max-job-size"]))
	if !ok || size == 0 || size > math.MaxInt32 {
		return 0, fmt.Errorf("beanstalkd at %s says that its jobs are at most %q long", c.addr, server["max-job-size"])
	}
	c.mu.Lock()
	c.maxJob = int(size) //nolint:gosec // it is bounded
	c.mu.Unlock()
	return int(size), nil //nolint:gosec // it is bounded
}
