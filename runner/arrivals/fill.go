package arrivals

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/queue"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	// longest is how long a server is asked to wait for a job: a connection that has died is noticed then.
	longest = 20 * time.Second
	// mostTaken is how many jobs are taken at a time.
	mostTaken = 1000
	// mostInDoubt is how many that is if they are in doubt until they are in the spool, see Config.Doubts.
	mostInDoubt = 16
	// lookAgain is how soon a queue that seemed empty is looked at again while jobs are in hand, which may bring others.
	lookAgain = 200 * time.Millisecond
)

// Fill takes jobs and appends them to the spool, until ctx ends, or, if that was asked for, there are no more. See
// intake.Producer. It ends with dataset.ErrRest, as a later session goes on.
func (d *Desk) Fill(ctx context.Context, spool *dataset.Spool) error {
	if _, err := spool.Adopt(); err != nil {
		return err
	}
	if d.cfg.Within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.cfg.Within)
		defer cancel()
	}
	b := newBackoff()
	first := d.cfg.First && spool.Size() == 0
	idled := false
	for ctx.Err() == nil {
		if !first {
			select {
			case <-d.begun:
			case <-ctx.Done():
				return dataset.ErrRest
			}
		}
		n, wait, news := d.wants(first)
		if n == 0 {
			if d.cfg.Limit > 0 && d.atLimit() {
				return dataset.ErrRest
			}
			if !sleep(ctx, news, longest) {
				break
			}
			continue
		}
		if first && !idled {
			wait = 0 // so that it is said soon that it is waited for
		}
		list, err := d.cfg.Client.Take(ctx, n, wait)
		if len(list) > 0 {
			if appendErr := d.append(spool, list); appendErr != nil {
				return appendErr
			}
			if b.up() {
				d.cfg.Say("%s is there again", d.cfg.Called)
			}
			// Of the first one nobody knows anything yet: no other is taken before the run has begun by it.
			first = false
		}
		var down *queue.DownError
		switch {
		case err == nil:
			if b.up() {
				d.cfg.Say("%s is there again", d.cfg.Called)
			}
		case ctx.Err() != nil:
			return dataset.ErrRest
		case errors.As(err, &down):
			d.cfg.Say("%v; trying again in %s", err, b.next())
			if !sleep(ctx, nil, b.wait) {
				return dataset.ErrRest
			}
			continue
		default:
			return fmt.Errorf("%s: %w", d.cfg.Called, err)
		}
		if len(list) > 0 {
			continue
		}
		if d.cfg.Drain && d.empty() {
			return dataset.ErrRest
		}
		if first && !idled {
			if idled = true; d.cfg.Idle != nil {
				d.cfg.Idle()
			}
			continue
		}
		if d.cfg.Drain {
			if !d.runDry(ctx) {
				break
			}
		} else if wait == 0 || !d.traits.Notifies {
			_, _, news := d.wants(first)
			if d.traits.Notifies {
				news = nil
			}
			if !sleep(ctx, news, d.cfg.Poll) {
				break
			}
		}
	}
	return dataset.ErrRest
}

// Durable is told what is on the disk. The queue hears of a job when the ledger has what became of it, and not before.
func (d *Desk) Durable(int64) {}

// wants is how many jobs to take now, how long to wait for a first one, and what says that this has changed.
func (d *Desk) wants(first bool) (n int, wait time.Duration, news <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.earlier > 0 {
		return 0, 0, d.change()
	}
	n = 1
	if !first {
		n = min(d.room(), mostTaken)
	}
	if d.cfg.Limit > 0 {
		n = min(n, int(min(d.cfg.Limit-d.taken, mostTaken))) //nolint:gosec // it is small
	}
	if d.cfg.Doubts {
		n = min(n, mostInDoubt)
	}
	if !d.cfg.Drain && d.traits.Notifies {
		wait = longest
	}
	if n > 0 {
		d.next()
	}
	return max(n, 0), wait, d.change()
}

// next begins a round. What was said before the oldest delivery was taken that the source has not read concerns none. The caller
// holds the lock.
func (d *Desk) next() {
	d.round++
	oldest := d.round
	if len(d.fresh) > 0 {
		oldest = d.fresh[0].round
	}
	for id, heard := range d.failed {
		if heard < oldest {
			delete(d.failed, id)
		}
	}
}

// room is how many more jobs may be taken. While there are enough ahead it is none until it is worth a request, and a write:
// a quarter of what is ahead. The caller holds the lock.
func (d *Desk) room() int {
	slots := int(d.slots.Load())
	most := d.pace.most(slots)
	n := most - d.open
	if d.open > slots && n < (most-slots)/4 {
		return 0
	}
	return n
}

// runDry waits, of a run that ends when the queue is empty and that had nothing now: until all is answered, or it is worth another
// look, as what is in hand may bring others. It returns false if ctx ends.
func (d *Desk) runDry(ctx context.Context) bool {
	look := time.NewTimer(lookAgain)
	defer look.Stop()
	for {
		d.mu.Lock()
		over, hurries := d.emptyLocked(), d.open == 0 && !d.dry
		d.dry = d.open == 0
		d.haste.Store(d.dry)
		news := d.change()
		d.mu.Unlock()
		if over {
			return ctx.Err() == nil
		}
		if hurries && d.hurry != nil {
			d.hurry()
		}
		select {
		case <-ctx.Done():
			return false
		case <-look.C:
			return true
		case <-news:
		}
	}
}

func (d *Desk) atLimit() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.taken >= d.cfg.Limit
}

// empty reports whether nothing is in hand, and all has been answered; but for what the server refuses again and again: that
// stays owed.
func (d *Desk) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.emptyLocked()
}

func (d *Desk) emptyLocked() bool {
	if d.open > 0 || len(d.fresh) > 0 {
		return false
	}
	for _, x := range d.held {
		if x.refused < refusedOften {
			return false
		}
	}
	return true
}

// append appends jobs to the spool.
func (d *Desk) append(spool *dataset.Spool, list []*queue.Job) error {
	lines := Lines(list)
	d.mu.Lock()
	for _, j := range list { // before the source can read it
		d.fresh = append(d.fresh, fresh{j, d.round})
	}
	d.open += len(list)
	d.taken += uint64(len(list))
	d.dry = false
	d.haste.Store(false)
	d.mu.Unlock()
	return spool.Append(lines)
}

// JobColumn is the member of a record that has the queue's ID of its job.
const JobColumn = jobs.JobColumn

// Lines are jobs as the spool of a run has them.
func Lines(list []*queue.Job) []byte {
	var out []byte
	for _, j := range list {
		out = appendLine(out, j)
	}
	return out
}

// appendLine appends a job as a line of the spool: a JSON object with its ID, and the members of its body; if that is no
// object, its text as the member line, byte by byte.
func appendLine(dst []byte, j *queue.Job) []byte {
	dst = dataset.AppendEnvelope(dst, func(dst []byte) []byte { return appendEnvelope(dst, j) })
	dst = append(dst, `"`+JobColumn+`":`...)
	dst = jobs.AppendJSONString(dst, []byte(j.ID))
	body := bytes.TrimSpace(j.Body)
	if len(body) > 1 && body[0] == '{' && json.Valid(body) {
		inner := bytes.TrimSpace(body[1 : len(body)-1])
		if len(inner) > 0 {
			dst = append(dst, ',')
		}
		dst = jobs.AppendOneLine(dst, inner)
		return append(dst, '}', '\n')
	}
	dst = append(dst, `,"`+jobs.LineColumn+`":`...)
	dst = appendText(dst, j.Body)
	return append(dst, '}', '\n')
}

// appendText appends a JSON string with all bytes as they are, but for those that must be escaped in one: what is no UTF-8
// stays what it is, and is complained about where text is needed.
func appendText(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// sleep waits for news, but not for longer than d. It returns false if ctx ends.
func sleep(ctx context.Context, news <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-news:
	case <-t.C:
	}
	return true
}

// backoff is how long to wait before a server that has gone is tried again.
type backoff struct{ wait time.Duration }

const (
	leastWait = 100 * time.Millisecond
	mostWait  = 30 * time.Second
)

func newBackoff() *backoff { return &backoff{} }

// next is how long to wait now.
func (b *backoff) next() time.Duration {
	b.wait = min(max(2*b.wait, leastWait), mostWait)
	return b.wait
}

// up says that it is there, and reports whether it had gone.
func (b *backoff) up() bool {
	was := b.wait > 0
	b.wait = 0
	return was
}
