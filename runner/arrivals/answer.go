package arrivals

import (
	"brood/runner/ledger"
	"brood/runner/queue"
	"context"
	"errors"
	"time"
)

const (
	// refusedOften is how often an answer is refused until a run that is to end does not wait for it any more.
	refusedOften = 3
	// mostAnswers is how many answers are given at a time.
	mostAnswers = 2000
	// firstRenewal is when a lease is renewed of which it is not known how long it is: no server's is shorter than a
	// second, and most jobs have ended by then.
	firstRenewal = 600 * time.Millisecond
	// looks is how often at most it is looked which leases are due: many at a time cost less.
	looks = 50 * time.Millisecond
	// restless is how often a connection is asked whether it still is, where leases last as long as that.
	restless = 10 * time.Second
)

// verbFailed is the verb of what has failed.
var verbFailed = queue.Failed.String()

// Answer gives answers as they are owed, until ctx ends.
func (d *Desk) Answer(ctx context.Context) {
	b := newBackoff()
	for ctx.Err() == nil {
		d.mu.Lock()
		news, some := d.change(), len(d.owed) > 0
		d.mu.Unlock()
		if !some {
			if !sleep(ctx, news, time.Hour) {
				return
			}
			continue
		}
		if d.answer(ctx) {
			b.up()
			continue
		}
		if !sleep(ctx, nil, b.next()) {
			return
		}
	}
}

// Finish gives what answers are left for as long as ctx lasts, gives back what was not begun or is not final, and closes the
// connection. It is called when the book is closed. It returns what the ledger has not heard yet.
func (d *Desk) Finish(ctx context.Context) []ledger.Replied {
	for ctx.Err() == nil {
		d.mu.Lock()
		some := len(d.owed) > 0
		d.mu.Unlock()
		if !some || !d.answer(ctx) {
			break
		}
	}
	d.mu.Lock()
	var back []*queue.Job
	for _, f := range d.fresh {
		back = append(back, f.job)
	}
	for _, x := range d.held {
		if !x.final && !x.gone {
			back = append(back, x.job)
		}
	}
	left := len(d.owed)
	d.mu.Unlock()
	if len(back) > 0 {
		if err := d.cfg.Client.Return(ctx, back); err != nil {
			d.cfg.Say("%d jobs were not given back to %s, and are to be had again when their lease is over: %v", len(back), d.cfg.Called, err)
		}
	}
	if left > 0 {
		d.cfg.Say("%s is owed %d answers, which it will get when the run goes on", d.cfg.Called, left)
	}
	_ = d.cfg.Client.Close() // all that was to be said has been
	return d.Replied()
}

// answer gives some of the answers that are owed, and reports whether that has come to something: the server is there, and has
// taken one.
func (d *Desk) answer(ctx context.Context) bool {
	d.mu.Lock()
	n := min(len(d.owed), mostAnswers)
	list := make([]queue.Answer, n)
	for i := range list {
		list[i] = d.asAnswer(&d.owed[i])
	}
	d.mu.Unlock()
	errs := d.cfg.Client.Answer(ctx, list)
	up, taken := true, false
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []ledger.Owed
	for i := range list {
		o := &d.owed[i]
		var err error
		if i < len(errs) {
			err = errs[i]
		}
		x := d.held[o.Seq]
		if x != nil && !x.left && x.job != list[i].Job && err != nil {
			left = append(left, *o) // it was delivered again meanwhile, and that one is to be answered
			continue
		}
		reply := ledger.ReplyConfirmed
		switch {
		case err == nil:
		case errors.Is(err, queue.ErrLost):
			reply = ledger.ReplyLost
			d.sayLost(o)
		case errors.Is(err, queue.ErrGone):
			reply = ledger.ReplyGone
		default:
			if ctx.Err() == nil && d.lost.due(time.Now()) {
				d.cfg.Say("%s: an answer was not taken, and is given again: %v", d.cfg.Called, err)
			}
			var down *queue.DownError
			if errors.As(err, &down) || ctx.Err() != nil {
				up = false
			} else {
				d.earlier-- // by this one others need not wait
				if x != nil {
					x.refused++
				}
			}
			left = append(left, *o)
			continue
		}
		taken = true
		d.earlier--
		if o.Verb == verbFailed && reply.Heard() {
			d.failed[identity{o.ID, o.Sum}] = d.round
		}
		d.replied = append(d.replied, ledger.Replied{Seq: o.Seq, Reply: reply})
		if x != nil && x.final { // or it is done anew, and this was what it had come to before
			delete(d.held, o.Seq)
			if d.known[x.id] == o.Seq {
				delete(d.known, x.id)
			}
		}
	}
	d.owed = append(d.owed[n:len(d.owed):len(d.owed)], left...) // one that is not taken is in nobody's way
	d.changed()
	return up && (taken || len(d.owed) == 0)
}

// asAnswer is the answer that is owed. The caller holds the lock.
func (d *Desk) asAnswer(o *ledger.Owed) queue.Answer {
	verb, _ := queue.ParseVerb(o.Verb)
	a := queue.Answer{ID: o.ID, Token: o.Token, Sum: o.Sum, Verb: verb, After: o.After, Status: o.Status, Error: o.Error, Result: o.Result}
	if x := d.held[o.Seq]; x != nil {
		a.ID, a.Token = x.job.ID, x.job.Token
		if !x.left {
			a.Job = x.job
		}
	}
	return a
}

// sayLost says that a job was another's when it was to be answered. The caller holds the lock.
func (d *Desk) sayLost(o *ledger.Owed) {
	if o.Verb == ledger.VerbLater {
		return // somebody has it, as was wanted
	}
	if d.lost.due(time.Now()) {
		d.cfg.Say("%s: the lease of job %s was over before it could be answered (here it ended as %s), so it may be done again by who has it now; give it more time, or say --effect once with --key", d.cfg.Called, o.ID, o.Status)
	}
}

// Lease keeps the leases of what is held, until ctx ends.
func (d *Desk) Lease(ctx context.Context) {
	for ctx.Err() == nil { // also while a server that does not answer keeps it busy
		list, next := d.due(time.Now())
		if len(list) > 0 {
			d.renew(ctx, list)
			continue
		}
		if !sleep(ctx, d.holding, next) {
			return
		}
	}
}

// due is what has to be renewed now, or how long it is until something has.
func (d *Desk) due(now time.Time) (list []*delivery, next time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.held) == 0 {
		return nil, time.Hour // it is said when something is
	}
	next = firstRenewal // what arrives meanwhile is not due before
	for _, x := range d.held {
		if x.gone {
			continue
		}
		if wait := x.renew.Sub(now); wait <= 0 {
			list = append(list, x)
		} else {
			next = min(next, wait)
		}
	}
	return list, max(next, looks)
}

func (d *Desk) renew(ctx context.Context, list []*delivery) {
	held := make([]*queue.Job, len(list))
	d.mu.Lock()
	for i, x := range list {
		held[i] = x.job
	}
	d.mu.Unlock()
	errs := d.cfg.Client.Renew(ctx, held)
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, x := range list {
		if x.job != held[i] {
			continue // it was delivered again
		}
		var err error
		if i < len(errs) {
			err = errs[i]
		}
		switch {
		case err == nil && x.job.Lease == 0:
			x.renew = now.Add(restless)
		case err == nil:
			x.expires, x.renew = now.Add(x.job.Lease), now.Add(x.job.Lease/3)
		case errors.Is(err, queue.ErrLost), errors.Is(err, queue.ErrGone):
			x.gone = true
			if !x.final && d.lost.due(now) {
				d.cfg.Say("%s: the lease of job %s is over while it is in hand; it may be done by another as well", d.cfg.Called, x.job.ID)
			}
		default: // it is down; what is known of the lease is what it was
			x.renew = now.Add(leastWait)
		}
	}
}

// seldom lets something be said once in a while.
type seldom struct{ last time.Time }

const saidAgain = 10 * time.Second

func (s *seldom) due(now time.Time) bool {
	if !s.last.IsZero() && now.Sub(s.last) < saidAgain {
		return false
	}
	s.last = now
	return true
}
