package beanstalk

import (
	"brood/runner/queue"
	"context"
)

// Stats counts the jobs of all tubes. What was worked off, and what failed apart from what is buried, is not counted there.
func (c *client) Stats(ctx context.Context) (queue.Stats, error) {
	out := queue.Stats{Done: -1, Failed: -1}
	k, err := c.use(ctx)
	if err != nil {
		return out, err
	}
	defer c.release(k)
	own := c.bystanders()
	for _, tube := range c.tubes {
		s, err := c.statistics(k, "stats-tube ", tube)
		if err != nil {
			return out, err
		}
		out.Ready += s.count("current-jobs-ready")
		out.Delayed += s.count("current-jobs-delayed")
		out.InHand += s.count("current-jobs-reserved")
		out.Parked += s.count("current-jobs-buried")
		out.Takers = max(out.Takers, s.count("current-watching")-own)
	}
	return out, nil
}

// bystanders are connections of this client that watch, but neither wait for jobs nor have some.
func (c *client) bystanders() (n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.conns {
		if k.jobs == 0 && !k.waiting {
			n++
		}
	}
	return n
}

// statistics are what stats and stats-tube say, by name; nil: there is no such tube.
type statistics map[string]string

func (s statistics) count(name string) int64 {
	return int64(count([]byte(s[name]))) //nolint:gosec // it is bounded
}

func (c *client) statistics(k *conn, command, of string) (statistics, error) {
	var out statistics
	err := c.batch(k, 1, func(int) { k.about(command, of) }, func(_ int, r reply) error {
		switch r.word {
		case okay:
			out = statistics{}
			entries(r.body, func(key, value []byte) { out[string(key)] = string(value) })
		case notFound:
		default:
			return r.odd(command)
		}
		return nil
	})
	return out, err
}
