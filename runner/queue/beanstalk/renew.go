package beanstalk

import (
	"brood/runner/queue"
	"context"
)

// Renew touches jobs over the connections that hold them, and asks for their time to run where that is not known. Those
// whose connection has ended, or whose lease was over, are taken again if nobody else has had them since.
func (c *client) Renew(ctx context.Context, jobs []*queue.Job) []error {
	out := make([]error, len(jobs))
	groups, lost := c.group(len(jobs), func(i int) *held { return heldOf(jobs[i]) })
	for _, g := range groups {
		lost = append(lost, c.touch(g, jobs, out)...)
		c.release(g.conn)
	}
	if len(lost) > 0 {
		c.renewLost(ctx, jobs, lost, out)
	}
	return out
}

// touch renews the jobs of one connection. It returns those that it does not hold any more.
func (c *client) touch(g group, jobs []*queue.Job, out []error) (lost []int) {
	left := g.of
	err := c.priorities(g.conn, g.of, func(i int) *held { return heldOf(jobs[i]) })
	if err == nil {
		err = c.batch(g.conn, len(g.of), func(n int) { g.conn.about("touch ", heldOf(jobs[g.of[n]]).id) }, func(n int, r reply) error {
			i := g.of[n]
			switch r.word {
			case touched:
				jobs[i].Lease = heldOf(jobs[i]).ttr
			case notFound:
				lost = append(lost, i)
			default:
				return r.odd("touch")
			}
			left = g.of[n+1:]
			return nil
		})
	}
	if wasCut(err) {
		return append(lost, left...)
	}
	if err != nil {
		for _, i := range left {
			out[i] = err
		}
	}
	return lost
}

// renewLost takes jobs again that this client has lost.
func (c *client) renewLost(ctx context.Context, jobs []*queue.Job, lost []int, out []error) {
	c.regains.Lock()
	defer c.regains.Unlock()
	var again []*queue.Job
	index := map[*queue.Job]int{}
	for _, i := range lost {
		out[i] = queue.ErrLost
		if h := heldOf(jobs[i]); h != nil && c.holds(h) { // and was not answered in the meantime
			again = append(again, jobs[i])
			index[jobs[i]] = i
		}
	}
	if len(again) == 0 {
		return
	}
	k, err := c.use(ctx)
	var got []*queue.Job
	if err == nil {
		defer c.release(k)
		got, err = c.regain(k, again)
	}
	if err != nil {
		for _, j := range again {
			out[index[j]] = err
		}
		return
	}
	for _, j := range got {
		out[index[j]] = nil
		j.Lease = heldOf(j).ttr
	}
	for _, j := range again {
		if out[index[j]] != nil {
			c.letGo(heldOf(j))
		}
	}
}
