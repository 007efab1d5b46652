package beanstalk

import (
	"brood/runner/queue"
	"context"
	"math"
	"time"
)

// Answer answers those that a living connection holds over that one, and all others by their IDs.
func (c *client) Answer(ctx context.Context, answers []queue.Answer) []error {
	out := make([]error, len(answers))
	if err := ctx.Err(); err != nil {
		for i := range out {
			out[i] = err
		}
		return out
	}
	c.regains.Lock()
	defer c.regains.Unlock()
	groups, rest := c.group(len(answers), func(i int) *held { return heldOf(answers[i].Job) })
	for _, g := range groups {
		rest = append(rest, c.answerHeld(g, answers, out)...)
		c.release(g.conn)
	}
	if len(rest) > 0 {
		c.answerByID(ctx, answers, rest, out)
	}
	return out
}

// group is a connection in use, and which of some jobs it holds.
type group struct {
	conn *conn
	of   []int
}

// group sorts n jobs by the connections that hold them; the rest are held by none. Whoever asked releases the connections.
func (c *client) group(n int, of func(i int) *held) (groups []group, rest []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := map[*conn]int{}
	for i := range n {
		h := of(i)
		if h == nil || h.conn == nil || h.conn.gone {
			rest = append(rest, i)
			continue
		}
		g, known := at[h.conn]
		if !known {
			g = len(groups)
			at[h.conn] = g
			groups = append(groups, group{conn: h.conn})
			h.conn.users++
		}
		groups[g].of = append(groups[g].of, i)
	}
	return groups, rest
}

// answerHeld answers jobs over the connection that holds them. It returns those that it does not hold any more.
func (c *client) answerHeld(g group, answers []queue.Answer, out []error) (lost []int) {
	left := g.of
	fail := func(err error) []int {
		if wasCut(err) { // what was sent may have been done, and is found to be so by its ID
			return append(lost, left...)
		}
		for _, i := range left {
			out[i] = err
		}
		return lost
	}
	if err := c.priorities(g.conn, left, func(i int) *held {
		if answers[i].Verb == queue.Done { // delete sets none
			return nil
		}
		return heldOf(answers[i].Job)
	}); err != nil {
		return fail(err)
	}
	err := c.batch(g.conn, len(g.of), func(n int) {
		a := &answers[g.of[n]]
		h := heldOf(a.Job)
		g.conn.answer(a, h.id, h.pri)
	}, func(n int, r reply) error {
		i := g.of[n]
		done, err := verdict(answers[i].Verb, r)
		if err != nil {
			return err
		}
		if done {
			c.letGo(heldOf(answers[i].Job))
		} else {
			lost = append(lost, i)
		}
		left = g.of[n+1:]
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return lost
}

// priorities asks for the priorities of jobs of which they are not known; of gives nil for those that need none.
func (c *client) priorities(k *conn, jobs []int, of func(i int) *held) error {
	var unknown []*held
	for _, i := range jobs {
		if h := of(i); h != nil && !h.known {
			unknown = append(unknown, h)
		}
	}
	return c.ask(k, len(unknown), func(i int) string { return unknown[i].id }, func(i int, f facts) { f.known(unknown[i]) })
}

// answer writes the command of an answer.
func (k *conn) answer(a *queue.Answer, id string, pri uint32) {
	switch a.Verb {
	case queue.Done:
		k.about("delete ", id)
	case queue.Later:
		k.back(id, pri, a.After)
	case queue.Failed, queue.Park:
		k.bury(id, pri)
	}
}

func (k *conn) bury(id string, pri uint32) {
	k.command("bury ")
	k.text(id)
	k.space()
	k.number(uint64(pri))
	k.end()
}

// back writes a release. The server counts in seconds, up to 2^32.
func (k *conn) back(id string, pri uint32, after time.Duration) {
	k.command("release ")
	k.text(id)
	k.space()
	k.number(uint64(pri))
	k.space()
	k.number(seconds(after))
	k.end()
}

// seconds are whole ones, and not fewer.
func seconds(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return min(uint64((d-1)/time.Second)+1, math.MaxUint32)
}

// verdict is what the reply to an answer means: it is done, or the job is not this connection's.
func verdict(v queue.Verb, r reply) (done bool, err error) {
	switch {
	case r.word == notFound:
		return false, nil
	case v == queue.Done && r.word == deleted,
		v == queue.Later && r.word == released,
		v == queue.Later && r.word == buried, // the server has no memory for a queue; it is not lost, and kick-job delivers it
		(v == queue.Failed || v == queue.Park) && r.word == buried:
		return true, nil
	}
	return false, r.odd("an answer")
}

// Return releases jobs, at once and with the priorities they had. Those of a connection that has ended are back already.
func (c *client) Return(_ context.Context, unbegun []*queue.Job) error {
	groups, _ := c.group(len(unbegun), func(i int) *held { return heldOf(unbegun[i]) })
	var first error
	for _, g := range groups {
		err := c.priorities(g.conn, g.of, func(i int) *held { return heldOf(unbegun[i]) })
		if err == nil {
			err = c.batch(g.conn, len(g.of), func(n int) {
				h := heldOf(unbegun[g.of[n]])
				g.conn.back(h.id, h.pri, 0)
			}, func(n int, r reply) error {
				c.letGo(heldOf(unbegun[g.of[n]]))
				if r.word != notFound { // its lease is over: it is back already
					_, err := verdict(queue.Later, r)
					return err
				}
				return nil
			})
		}
		c.release(g.conn)
		if first == nil {
			first = err
		}
	}
	return first
}
