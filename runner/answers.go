package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/worker/wire"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// listen reads answers until they end.
func (c *child) listen() {
	defer close(c.ended)
	for {
		t, p, err := c.frames.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && t != wire.TypeAnswers {
			err = fmt.Errorf("%w: type %d instead of Answers", wire.ErrFrame, t)
		}
		if err == nil {
			err = c.settle(p)
		}
		if err != nil {
			c.err = err
			c.Signal(syscall.SIGKILL)
			return
		}
	}
}

// settle goes through the answers of a frame.
func (c *child) settle(p []byte) error {
	r := c.slot.r
	answers, err := wire.ReadAnswers(p)
	if err != nil {
		return err
	}
	u := newSettlement()
	err = c.settleEach(u, &answers)
	c.slot.sign(u)
	c.slot.tempo.note(answers.Len(), answers.Busy)
	// Whatever is wrong with the frame, what was settled before counts.
	err = errors.Join(err, r.send(u))
	c.release()
	return err
}

func (c *child) settleEach(u *settlement, answers *wire.AnswersReader) error {
	var rec jobs.Record
	var res jobs.Result
	var t try
	timing := c.slot.r.cfg.TimeoutPercent > 0
	noting := c.slot.r.feed.NeedsIntents()
	if seq, ok := c.nextSeq(); ok && seq != answers.First {
		return fmt.Errorf("%w: an answer for record %d, expected %d", wire.ErrFrame, answers.First, seq)
	}
	for {
		more, err := answers.Next(&res)
		if err != nil || !more {
			return err
		}
		b, err := c.nextRecord(&rec)
		if err != nil {
			return err
		}
		c.any = true
		if noting {
			c.slot.noted = min(c.slot.noted+1, c.slot.page.LastNote())
		}
		t = try{Item: *b.Item(), slot: c.slot.number, rec: &rec, body: b.Body()}
		if timing {
			c.slot.r.median.note(res.Elapsed)
		}
		c.settleOne(u, &t, &res)
		c.slot.r.feed.EndKey(&t.Item)
		c.retire(b)
	}
}

// left returns the answers that the worker has noted and that have not come
// through the pipe, by record. It is called when the worker has gone.
func (c *child) left() (map[jobs.Seq]*wire.Note, error) {
	s := c.slot
	if !s.r.feed.NeedsIntents() {
		return nil, nil
	}
	from := s.noted
	if c.err != nil {
		from = c.firstNote // whatever came through the pipe cannot be trusted to be in step
	}
	notes, err := s.notes.After(from)
	if err != nil {
		return nil, err
	}
	s.notes.Unmap()
	s.noted = max(s.noted, s.page.LastNote())
	out := make(map[jobs.Seq]*wire.Note, len(notes))
	for i := range notes {
		if n := &notes[i]; n.Kind == wire.NoteAnswer {
			out[n.Seq] = n
		}
	}
	return out, nil
}

// nextSeq is the first record that has not been answered.
func (c *child) nextSeq() (jobs.Seq, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return 0, false
	}
	b := c.queue[0]
	return b.NextSeq(), true
}

// nextRecord returns the first record that has not been answered. Only the
// listener calls it, or whoever comes after it.
func (c *child) nextRecord(rec *jobs.Record) (*feed.Batch, error) {
	c.mu.Lock()
	var b *feed.Batch
	if len(c.queue) > 0 {
		b = c.queue[0]
	}
	c.mu.Unlock()
	if b == nil {
		return nil, fmt.Errorf("%w: an answer nobody asked for", wire.ErrFrame)
	}
	more, err := b.Next(rec)
	if err != nil || !more {
		return nil, errors.Join(err, fmt.Errorf("%w: batch out of step", wire.ErrFrame))
	}
	return b, nil
}

// retire takes a batch off the queue when all of it is answered. It still counts
// as given until release.
func (c *child) retire(b *feed.Batch) {
	if !b.All() {
		return
	}
	c.mu.Lock()
	c.queue = c.queue[1:]
	c.closing = append(c.closing, b)
	c.mu.Unlock()
}

// release makes room for the batches that were retired: what they came to has
// been handed on, and the slot is done with them.
func (c *child) release() {
	c.mu.Lock()
	c.spare = append(c.spare, c.closing...)
	c.closing = c.closing[:0]
	c.mu.Unlock()
	select {
	case c.credit <- struct{}{}:
	default:
	}
}
