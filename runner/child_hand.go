package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/spec"
	"brood/worker/wire"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"
)

// The methods of hand.Hand.
var _ hand.Hand = (*child)(nil)

// Begin is called when the worker before has nothing in hand any more.
func (c *child) Begin() { c.firstNote = c.slot.pad.page.LastNote() }

// Give writes a frame. That the worker has died is not an error here: whoever
// listens finds out.
func (c *child) Give(frame []byte, records int) error {
	c.wear.given += uint64(records)
	c.debt.owed.Add(int64(records))
	if _, err := c.give.Write(frame); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("write to worker: %w", err)
	}
	return nil
}

// Next reads a frame of answers.
func (c *child) Next() ([]byte, error) {
	c.debt.listening.Store(true)
	t, p, err := c.frames.Next()
	c.debt.listening.Store(false)
	if err == nil && t != wire.TypeAnswers {
		err = fmt.Errorf("%w: type %d instead of Answers", wire.ErrFrame, t)
	}
	if errors.Is(err, io.EOF) {
		c.answersEnd()
		return nil, io.EOF
	}
	if err != nil {
		c.Kill()
	}
	return p, err
}

func (c *child) answersEnd() { c.endOnce.Do(func() { close(c.ended) }) }

// Kill kills the worker, with all it has started.
func (c *child) Kill() {
	c.Signal(syscall.SIGKILL)
	c.answersEnd()
}

// Taken counts notes: each answer has one.
func (c *child) Taken(records int) (hand.Ack, uint64) {
	c.debt.owed.Add(-int64(records))
	p := c.slot.pad
	if c.slot.r.feed.NeedsIntents() {
		if last := p.page.LastNote(); p.page.Err() == nil {
			p.settled(min(p.noted+uint64(records), last))
		}
	}
	return c.ack()
}

func (c *child) ack() (hand.Ack, uint64) {
	if p := c.slot.pad; p.noted > 0 {
		return p, p.noted
	}
	return nil, 0
}

// Stopped says whether the watch has stopped the record.
func (c *child) Stopped(seq jobs.Seq, try int) *hand.Limit {
	if o := c.over.Load().of(seq, try); o != nil {
		return &hand.Limit{Class: o.class, Text: o.text}
	}
	return nil
}

// Leave lets the worker go and waits until it has gone.
func (c *child) Leave() (hand.Exit, error) {
	c.NotePeak()
	_ = c.work.Close() // the worker leaves when it has done what it has
	gone := make(chan struct{})
	go func() { // a worker that has closed its pipe, or been told to leave, must also go
		select {
		case <-c.ended:
			c.Stop(c.slot.r.killCtx, leaveTime, gone)
		case <-gone:
		}
	}()
	go func() { // a worker that has gone answers no more, whoever holds its pipe
		<-gone
		_ = c.answers.SetReadDeadline(time.Now().Add(time.Second))
	}()
	exit, err := c.reap(gone)
	c.outOfMem = exit.OutOfMemory
	return hand.Exit{
		Clean: exit.Status.Exited() && exit.Status.ExitStatus() == 0, Text: exit.String(),
		Name: fmt.Sprintf("worker %d", c.PID), PID: c.PID, CPU: exit.User + exit.System, MaxRSS: exit.MaxRSS,
	}, err
}

// Remains reads what stands on the page and in the notes.
func (c *child) Remains(broken error) (hand.Remains, error) {
	p, r := c.slot.pad, c.slot.r
	rest := hand.Remains{}
	if r.feed.NeedsIntents() {
		from := p.noted
		if broken != nil {
			from = c.firstNote // whatever came through the pipe cannot be trusted to be in step
		}
		var err error
		if rest.Left, err = p.after(from); err != nil && !isDamage(err) {
			return rest, &spec.WriteError{Err: err}
		} else if err != nil {
			rest.Lost, broken = true, errors.Join(broken, err)
		}
	}
	all := c.allInHand()
	if err := p.page.Err(); err != nil && !rest.Lost {
		rest.Lost, broken = true, errors.Join(broken, err)
	}
	if rest.Lost {
		rest.Left = nil
		c.explain(&rest, nil, broken)
		return rest, c.slot.mendPad()
	}
	if seq, try, ok := p.page.Begun(0); ok && c.debt.stalled.Load() && len(all) == 0 && r.places == 1 {
		all = []inHand{{seq: seq, try: try, busy: true}} // if it has no answer, that is the one that was lost
	}
	all = slices.DeleteFunc(all, func(h inHand) bool { return answered(rest.Left, h) })
	if err := p.page.NotesError(); err != nil {
		return rest, &spec.WriteError{Err: fmt.Errorf("write notes %s: %w", p.files[1].Name(), err)}
	}
	c.explain(&rest, all, broken)
	return rest, nil
}

// answered reports whether a worker died after it had noted the answer to a record that it still
// had in hand. What was noted of an earlier try is dropped.
func answered(left map[jobs.Seq]*wire.Note, h inHand) bool {
	n := left[h.seq]
	if n != nil && n.Try == h.try && n.Time >= h.begun {
		return true
	}
	delete(left, h.seq)
	return false
}

// isDamage reports whether what a worker has left behind is not what it can have written.
func isDamage(err error) bool { return errors.Is(err, wire.ErrPage) || errors.Is(err, wire.ErrFrame) }

// explain says why the worker ended, and what that means for the records in hand.
func (c *child) explain(rest *hand.Remains, all []inHand, broken error) {
	over := c.over.Load()
	if c.outOfMem {
		c.adds(c.outOfMemory())
		over = c.over.Load()
	}
	for _, h := range all {
		rest.Dropped = append(rest.Dropped, hand.Dropped{InHand: hand.InHand{Seq: h.seq, Try: h.try}, Loss: c.lossOf(rest, h, over, broken)})
	}
	// Where several were in hand it may have been any of them, unless one was to stop.
	guilty := slices.IndexFunc(all, func(h inHand) bool { return over.of(h.seq, h.try) != nil })
	for i := range rest.Dropped {
		l := &rest.Dropped[i].Loss
		if l.Suspect = len(all) > 1 && guilty < 0 && l.Blamed; l.Suspect || guilty >= 0 && over.of(all[i].seq, all[i].try) == nil {
			l.Blamed = false
		}
	}
	switch {
	case guilty >= 0:
		rest.Loss = c.lossOf(rest, all[guilty], over, broken)
	case len(all) > 0:
		rest.Loss = c.lossOf(rest, all[0], over, broken)
	default:
		rest.Loss = c.lossOf(rest, inHand{}, over, broken)
	}
}

// lossOf says why a worker ended, and what that means for a record that it had in hand, if it is
// one. How it ended, for people, goes into rest.
func (c *child) lossOf(rest *hand.Remains, h inHand, over *overruns, broken error) hand.Loss {
	d := &death{how: c.exit, said: c.said.String()}
	l := hand.Loss{Class: jobs.ClassCrash, Blamed: true}
	if h.busy && h.since > 0 {
		l.Took = wire.Now() - h.since
	}
	mine, killed := over.of(h.seq, h.try), over.killed()
	switch {
	case h.busy && mine != nil:
		l.Class, d.how, d.limit = mine.class, mine.text, true
		if mine.killed { // otherwise it was asked to stop, and did not survive that
			d.said = ""
		}
	case killed != nil && h.busy && c.slot.r.places > 1 && !killed.none:
		d.how, d.said, d.limit, l.Blamed = "the worker was ended with this record in hand, because of another: "+killed.text, "", true, false
	case killed != nil:
		// What is in hand now has begun since, or nothing is; or it may be any that is in hand.
		l.Class, d.how, d.said, d.limit = killed.class, killed.text, "", true
		l.Blamed = killed.none && c.slot.r.places > 1
	case c.slot.r.killCtx.Err() != nil:
		l.Class, l.Blamed, d.silent = jobs.ClassKilled, false, true
	}
	if broken != nil {
		d.how += ", " + broken.Error()
	}
	if c.debt.stalled.Load() {
		d.how = errStalled.Error()
	}
	l.Text = d.error(l.Class)
	rest.How, rest.Said, rest.Ordered = d.how, d.said, d.silent
	return l
}

// NoteLoss writes a note, where there are any.
func (c *child) NoteLoss(in hand.InHand, l *hand.Loss, crashes int) (hand.Ack, uint64, error) {
	if c.slot.r.feed.NeedsIntents() {
		w := wire.Loss{Class: l.Class, Error: l.Text, TookMS: l.Took.Milliseconds(), Blamed: l.Blamed}
		if l.Blamed {
			w.Crashes = crashes
		}
		payload, err := json.Marshal(w)
		if err != nil {
			return nil, 0, err
		}
		note := wire.Note{Time: wire.Now(), Seq: in.Seq, Try: in.Try, Kind: wire.NoteLoss, Payload: payload}
		if err := c.slot.pad.append(&note); err != nil {
			return nil, 0, err
		}
	}
	ack, upTo := c.ack()
	return ack, upTo, nil
}

// Clear clears the page. The notes say all that it said.
func (c *child) Clear() { c.slot.pad.page.Clear() }
