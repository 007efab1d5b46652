package redis

import (
	"brood/jobs"
	"brood/runner/queue"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gomodule/redigo/redis"
)

// takeOver takes entries over that have been idle for longer than the lease, and says of each who had it, and how often it was
// delivered until then.
// KEYS: stream. ARGV: group, consumer, lease in ms, how many.
const takeOverText = `
local out = {}
for _, p in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', ARGV[4])) do
  local e = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], p[1])[1]
  if e and e[2] then out[#out + 1] = {p[1], p[2], p[4], e[2]} end
end
return out`

// longestBlock is how long one command waits: nobody is told when a lease is over, or an entry was given back.
const longestBlock = 5 * time.Second

// Take takes over what others have left, and reads what is new.
func (c *client) Take(ctx context.Context, n int, wait time.Duration) ([]*queue.Job, error) {
	if n <= 0 {
		return nil, nil
	}
	for until := time.Now().Add(wait); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := time.Now()
		block := max(min(until.Sub(now), longestBlock, max(c.lease/2, 100*time.Millisecond)), 0)
		var taken []*queue.Job
		err := c.with(ctx, func(k *conn) (err error) {
			taken, err = c.takeSome(ctx, k, n, block)
			return err
		})
		if len(taken) > 0 || err != nil || !time.Now().Before(until) {
			return taken, err
		}
	}
}

// takeSome takes what there is, and if there is nothing waits once.
func (c *client) takeSome(ctx context.Context, k *conn, n int, block time.Duration) ([]*queue.Job, error) {
	var taken []*queue.Job
	var err error
	for range 2 {
		looked := c.dueToLook(time.Now())
		if looked {
			if taken, err = c.takeOver(k, n); err != nil && !noGroup(err) {
				return nil, err
			}
		}
		if err == nil && len(taken) < n {
			var fresh []*queue.Job
			fresh, err = c.read(k, n-len(taken))
			taken = append(taken, fresh...)
		}
		if err == nil && len(taken) == 0 && !looked {
			taken, err = c.takeOver(k, n)
		}
		if !noGroup(err) {
			break
		}
		if err = c.makeGroup(k); err != nil {
			return nil, err
		}
	}
	if err != nil || len(taken) > 0 || block < time.Millisecond {
		return taken, err
	}
	return c.wait(ctx, k, n, block)
}

// dueToLook says whether it is time to look for what others have left, and notes that it was done.
func (c *client) dueToLook(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.lookedForOthers) < min(c.lease/2, longestBlock) {
		return false
	}
	c.lookedForOthers = now
	return true
}

// makeGroup makes the group, and the stream, if they are not there: what the stream has already is worked off, too.
func (c *client) makeGroup(k *conn) error {
	_, err := k.do("XGROUP", "CREATE", c.stream, c.group, "0", "MKSTREAM")
	var said redis.Error
	if errors.As(err, &said) && strings.HasPrefix(string(said), "BUSYGROUP") {
		return nil
	}
	return err
}

func (c *client) takeOver(k *conn, n int) ([]*queue.Job, error) {
	found, err := redis.Values(k.run(redis.NewScript(1, takeOverText), c.stream, c.group, c.consumer, c.lease.Milliseconds(), n))
	if err != nil {
		return nil, err
	}
	var taken []*queue.Job
	for _, f := range found {
		var id, before string
		var delivered int
		var fields []any
		entry, err := redis.Values(f, nil)
		if err == nil {
			_, err = redis.Scan(entry, &id, &before, &delivered, &fields)
		}
		if err != nil {
			return nil, fmt.Errorf("what it says of a pending entry: %w", err)
		}
		job, err := c.job(id, fields)
		if err != nil {
			return nil, err
		}
		if job.Doubt, job.Tries = before != backConsumer, delivered; job.Doubt {
			job.Tries = max(delivered-1, 0)
		}
		taken = append(taken, job)
	}
	return taken, nil
}

// read reads new entries, without waiting.
func (c *client) read(k *conn, n int) ([]*queue.Job, error) {
	return c.entries(k.do("XREADGROUP", "GROUP", c.group, c.consumer, "COUNT", n, "STREAMS", c.stream, ">"))
}

// wait waits for new entries.
func (c *client) wait(ctx context.Context, k *conn, n int, block time.Duration) ([]*queue.Job, error) {
	block = k.blocks(block)
	reply, err := c.block(ctx, k, block, "XREADGROUP", "GROUP", c.group, c.consumer, "COUNT", n, "BLOCK", block.Milliseconds(), "STREAMS", c.stream, ">")
	return c.entries(reply, err)
}

// entries reads the reply to XREADGROUP: nothing, or one stream and its entries.
func (c *client) entries(reply any, err error) ([]*queue.Job, error) {
	streams, err := redis.Values(reply, err)
	if errors.Is(err, redis.ErrNil) || err == nil && len(streams) == 0 {
		return nil, nil
	}
	var list []any
	if err == nil {
		var stream []any
		if stream, err = redis.Values(streams[0], nil); err == nil && len(stream) == 2 {
			list, err = redis.Values(stream[1], nil)
		}
	}
	var taken []*queue.Job
	for _, e := range list {
		var id string
		var fields []any
		entry, bad := redis.Values(e, nil)
		if bad == nil {
			_, bad = redis.Scan(entry, &id, &fields)
		}
		var job *queue.Job
		if bad == nil {
			job, bad = c.job(id, fields)
		}
		if bad != nil {
			return nil, fmt.Errorf("what it says of an entry: %w", bad)
		}
		taken = append(taken, job)
	}
	return taken, err
}

// job makes a job of an entry.
func (c *client) job(id string, fields []any) (*queue.Job, error) {
	if id == "" || len(fields)%2 != 0 {
		return nil, fmt.Errorf("an entry %q with %d names and values", id, len(fields))
	}
	texts, err := redis.ByteSlices(fields, nil)
	if err != nil {
		return nil, err
	}
	return &queue.Job{ID: id, Token: c.consumer, Body: bodyOf(texts), Lease: c.lease}, nil
}

// bodyOf is the body of an entry with these names and values, in turn. Of a name that comes twice the last value counts.
func bodyOf(fields [][]byte) []byte {
	if len(fields) == 2 {
		switch string(fields[0]) {
		case "body", "data", "payload":
			return fields[1]
		}
	}
	last := map[string]int{}
	for i := 0; i+1 < len(fields); i += 2 {
		last[string(fields[i])] = i
	}
	out := []byte{'{'}
	for i := 0; i+1 < len(fields); i += 2 {
		if last[string(fields[i])] != i {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(jobs.AppendJSONString(out, fields[i]), ':')
		if utf8.Valid(fields[i+1]) {
			out = jobs.AppendJSONString(out, fields[i+1])
			continue
		}
		out = append(base64.StdEncoding.AppendEncode(append(out, '"'), fields[i+1]), '"')
	}
	return append(out, '}')
}
