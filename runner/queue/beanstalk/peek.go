package beanstalk

import (
	"brood/runner/queue"
	"bytes"
	"context"
	"strconv"
)

// Peek looks at the job that is to be had next, and takes nothing. Of others the server shows none.
func (c *client) Peek(ctx context.Context, n int) ([]*queue.Job, error) {
	k, err := c.use(ctx)
	if err != nil || n <= 0 {
		return nil, err
	}
	defer c.release(k)
	var out []*queue.Job
	err = c.batch(k, 1, func(int) { k.about("peek-ready", "") }, func(_ int, r reply) error {
		switch r.word {
		case found:
			out = append(out, &queue.Job{ID: strconv.FormatUint(r.id, 10), Body: bytes.Clone(r.body)})
		case notFound:
		default:
			return r.odd("peek-ready")
		}
		return nil
	})
	return out, err
}
