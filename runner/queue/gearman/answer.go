package gearman

import (
	"brood/runner/queue"
	"context"
	"errors"
)

// answersAtOnce is how many answers are sent before what the server says is read: one that keeps its jobs syncs its file at each.
const answersAtOnce = 128

// group is what is to be said over one connection, by the answers' numbers.
type group struct {
	conn *conn
	todo []int
	sent int
}

// Answer tells the server what became of jobs; what is to come later is given back at the end, as its connection ends then.
func (c *client) Answer(ctx context.Context, answers []queue.Answer) []error {
	out := make([]error, len(answers))
	var back, earlier []int
	groups := c.group(len(answers), func(i int) *held {
		h := heldOf(answers[i].Job)
		if h == nil {
			earlier = append(earlier, i)
			return nil
		}
		if out[i] = c.state(h); out[i] == nil && answers[i].Verb != queue.Later {
			return h
		} else if out[i] == nil {
			back = append(back, i)
		}
		return nil
	})
	for len(groups) > 0 {
		groups = c.answerSome(groups, answers, out)
	}
	for _, i := range back {
		c.letGo(heldOf(answers[i].Job), false)
	}
	if len(earlier) > 0 {
		c.lookUp(ctx, answers, earlier, out)
	}
	return out
}

// group parts n things by the connections of their jobs.
func (c *client) group(n int, of func(i int) *held) []*group {
	var groups []*group
	byConn := map[*conn]*group{}
	for i := range n {
		h := of(i)
		if h == nil {
			continue
		}
		g := byConn[h.conn]
		if g == nil {
			g = &group{conn: h.conn}
			byConn[h.conn], groups = g, append(groups, g)
		}
		g.todo = append(g.todo, i)
	}
	return groups
}

// answerSome sends some answers over each connection, all at a time, and returns what is left.
func (c *client) answerSome(groups []*group, answers []queue.Answer, out []error) []*group {
	conns, of := make([]*conn, len(groups)), map[*conn]*group{}
	for i, g := range groups {
		conns[i], of[g.conn] = g.conn, g
	}
	said := map[*conn]error{} // of the answer before the next echo
	told := map[*conn]int{}
	errs := c.exchange(conns, func(k *conn) int {
		g, size := of[k], 0
		for g.sent = 0; g.sent < len(g.todo) && g.sent < max(answersAtOnce/len(groups), 1) && size < 1<<20; g.sent++ {
			a := &answers[g.todo[g.sent]]
			k.answer(heldOf(a.Job).handle, a)
			k.echo()
			size += len(a.Result)
		}
		return g.sent
	}, func(k *conn, i int, p packet) (bool, error) {
		if p.kind == errorRes {
			if said[k] = p.odd(); p.notFound() {
				said[k] = queue.ErrGone
			}
			return false, nil
		}
		at := of[k].todo[i]
		out[at] = said[k]
		told[k] = i + 1
		delete(said, k)
		return true, p.expect(echoRes)
	})
	var left []*group
	for i, g := range groups {
		for _, at := range g.todo[:told[g.conn]] {
			if out[at] == nil || errors.Is(out[at], queue.ErrGone) {
				c.letGo(heldOf(answers[at].Job), true)
			}
		}
		if errs[i] != nil { // the server may have heard the others, or not: they come again, or they do not
			for _, at := range g.todo[told[g.conn]:] {
				out[at] = errs[i]
			}
		} else if g.todo = g.todo[g.sent:]; len(g.todo) > 0 {
			left = append(left, g)
		}
	}
	return left
}

// answer writes what is said about a job.
func (k *conn) answer(handle string, a *queue.Answer) {
	if a.Verb == queue.Done {
		k.send(workComplete, handle, string(a.Result))
		return
	}
	text := a.Error
	if a.Verb == queue.Park {
		text = "unknown: " + text
	}
	if text != "" {
		k.send(workWarning, handle, text)
	}
	k.send(workFail, handle)
}

// lookUp says of jobs that no connection of this client holds whether the server still knows them. It has given them back by
// itself when their connection ended, so those that are to come later are answered by that.
func (c *client) lookUp(ctx context.Context, answers []queue.Answer, which []int, out []error) {
	conns, err := c.checkout(ctx, 1, false)
	if err != nil {
		for _, at := range which {
			out[at] = err
		}
		return
	}
	defer c.release(conns...)
	for len(which) > 0 {
		some := which[:min(len(which), answersAtOnce)]
		which = which[len(some):]
		told := 0
		err := c.exchange(conns, func(k *conn) int {
			for _, at := range some {
				if a := &answers[at]; a.ID != a.Token {
					k.send(getStatusUnique, a.ID)
				} else {
					k.send(getStatus, a.Token)
				}
			}
			return len(some)
		}, func(_ *conn, i int, p packet) (bool, error) {
			known, err := p.known()
			switch at := some[i]; {
			case !known:
				out[at] = queue.ErrGone
			case answers[at].Verb != queue.Later:
				out[at] = queue.ErrLost
			}
			told = i + 1
			return true, err
		})[0]
		if err != nil {
			for _, at := range append(some[min(told, len(some)):], which...) {
				out[at] = err
			}
			return
		}
	}
}

// known reads of a job's status whether the server has it: a handle or a unique, and "1" or "0" first.
func (p packet) known() (bool, error) {
	if p.kind != statusRes && p.kind != statusResUnique {
		return false, p.odd()
	}
	args, err := p.args(3)
	return err == nil && args[1] == "1", err
}

// Renew says whether the connections that hold jobs are still there.
func (c *client) Renew(_ context.Context, jobs []*queue.Job) []error {
	out := make([]error, len(jobs))
	groups := c.group(len(jobs), func(i int) *held {
		h := heldOf(jobs[i])
		if h == nil {
			out[i] = queue.ErrLost
			return nil
		}
		if out[i] = c.state(h); out[i] != nil {
			return nil
		}
		return h
	})
	conns := make([]*conn, len(groups))
	for i, g := range groups {
		conns[i] = g.conn
	}
	for i, err := range c.exchange(conns, func(k *conn) int { k.echo(); return 1 }, only(echoRes)) {
		for _, at := range groups[i].todo {
			if err != nil {
				out[at] = queue.ErrLost
			}
		}
	}
	return out
}

// Return gives jobs back by ending their connections; one that others of this client share is ended when those are answered.
func (c *client) Return(_ context.Context, unbegun []*queue.Job) error {
	for _, j := range unbegun {
		if h := heldOf(j); h != nil && c.state(h) == nil {
			c.letGo(h, false)
		}
	}
	return nil
}
