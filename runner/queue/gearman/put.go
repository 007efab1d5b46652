package gearman

import (
	"brood/runner/queue"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// What is put before its answers are read.
const (
	putsAtOnce  = 128
	bytesAtOnce = 1 << 20
)

// middle is the priority that beanstalkd's users have without a word about it; Gearman has one above and one below its own.
const middle = 1024

// Put submits jobs in the background, each with a unique of its own: a server that keeps its jobs keeps one for each unique. Those
// before one that the server refuses are put.
func (c *client) Put(ctx context.Context, puts []queue.Put) (int, error) {
	for i := range puts {
		if puts[i].Delay > 0 {
			return 0, errors.New("Gearman has no delays: a job is there at once") //nolint:staticcheck // a name
		}
		if len(puts[i].Body) > maxPacket-1<<10 {
			return 0, fmt.Errorf("a job of %d bytes is longer than brood takes from Gearman (%d)", len(puts[i].Body), maxPacket-1<<10)
		}
	}
	conns, err := c.checkout(ctx, 1, false)
	if err != nil {
		return 0, err
	}
	defer c.release(conns...)
	done := 0
	for done < len(puts) {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		n, err := c.putSome(conns, puts[done:])
		if done += n; err != nil {
			return done, err
		}
	}
	return done, nil
}

// putSome puts some jobs in one go, and says how many of the first were put.
func (c *client) putSome(conns []*conn, puts []queue.Put) (done int, err error) {
	var refused error
	err = c.exchange(conns, func(k *conn) int {
		n := 0
		for size := 0; n < len(puts) && n < putsAtOnce && size < bytesAtOnce; n++ {
			size += len(puts[n].Body)
			k.send(urgency(puts[n].Priority), c.function, rand.Text(), string(puts[n].Body))
		}
		return n
	}, func(_ *conn, _ int, p packet) (bool, error) {
		switch {
		case p.kind == errorRes && refused == nil: // such as a queue that is full
			refused = c.fault(p.odd())
		case p.kind == errorRes:
		case p.kind != jobCreated:
			return true, p.odd()
		case refused == nil:
			done++
		}
		return true, nil
	})[0]
	if err == nil {
		err = refused
	}
	return done, err
}

func urgency(priority *uint32) kind {
	switch {
	case priority == nil || *priority == middle:
		return submitBG
	case *priority < middle:
		return submitHighBG
	}
	return submitLowBG
}
