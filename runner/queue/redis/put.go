package redis

import (
	"brood/runner/queue"
	"context"
	"errors"
)

// Put adds entries with the one field body. Those before one that the server refuses are put.
func (c *client) Put(ctx context.Context, puts []queue.Put) (int, error) {
	for i := range puts {
		if puts[i].Delay > 0 || puts[i].Priority != nil {
			return 0, errors.New("a stream has neither delays nor priorities")
		}
	}
	return c.send(ctx, puts, func(k *conn, body []byte) error { return k.redis.Send("XADD", c.stream, "*", "body", body) })
}

// send sends jobs in bulk, and counts those of the first that were put.
func (c *server) send(ctx context.Context, puts []queue.Put, one func(k *conn, body []byte) error) (int, error) {
	done := 0
	for done < len(puts) {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		n, size := 0, 0
		for done+n < len(puts) && n < atOnce && size < 1<<20 {
			size += len(puts[done+n].Body)
			n++
		}
		some, put := puts[done:done+n], 0
		err := c.with(ctx, func(k *conn) error {
			for i := range some {
				if err := one(k, some[i].Body); err != nil {
					return err
				}
			}
			if err := k.redis.Flush(); err != nil {
				return err
			}
			var refused error
			for range some {
				if _, err := k.redis.Receive(); err == nil && refused == nil {
					put++
				} else if refused == nil {
					refused = err
				}
				if k.redis.Err() != nil {
					return k.redis.Err()
				}
			}
			return refused
		})
		if done += put; err != nil {
			return done, err
		}
	}
	return done, nil
}
