package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/worker/wire"
	"errors"
	"fmt"
	"io"
	"slices"
)

// listen takes answers in until they end. It returns at once.
func (k *talk) listen() {
	if k.listening {
		return
	}
	k.listening = true
	go func() {
		defer close(k.ended)
		for {
			p, err := k.hand.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = k.takeIn(p)
			}
			if err != nil {
				k.err = err
				k.hand.Kill()
				return
			}
		}
	}()
}

// takeIn goes through the answers of a frame.
func (k *talk) takeIn(p []byte) error {
	r := k.slot.r
	answers, err := wire.ReadAnswers(p)
	if err != nil {
		return err
	}
	u := newSettlement()
	answers.Named = k.several
	n, err := k.takeEach(u, &answers)
	u.Ack, u.AckUpTo = k.hand.Taken(n)
	k.slot.tempo.note(answers.Len(), answers.Busy)
	// Whatever is wrong with the frame, what was settled before counts.
	if err = errors.Join(err, r.send(u)); err != nil {
		k.release()
		k.tell()
		return err
	}
	k.release()
	given, err := k.refill()
	if !given {
		k.tell()
	}
	return err
}

// tell tells the slot that the queue has become shorter.
func (k *talk) tell() {
	select {
	case k.credit <- struct{}{}:
	default:
	}
}

// takeEach settles answers, and returns how many it has.
func (k *talk) takeEach(u *settlement, answers *wire.AnswersReader) (n int, err error) {
	var rec jobs.Record
	var res jobs.Result
	var t try
	timing := k.slot.r.cfg.TimeoutPercent > 0
	if seq, ok := k.nextSeq(); ok && seq != answers.First {
		return 0, fmt.Errorf("%w: an answer for record %d, expected %d", wire.ErrFrame, answers.First, seq)
	}
	for ; ; n++ {
		more, err := answers.Next(&res)
		if err != nil || !more {
			return n, err
		}
		b, err := k.recordOf(answers, &rec)
		if err != nil {
			return n, err
		}
		k.any = true
		k.slot.r.hear(&res)
		t = try{Item: *b.Item(), slot: k.slot.number, rec: &rec, body: b.Body()}
		if timing {
			k.slot.r.median.note(res.Elapsed)
		}
		k.settleOne(u, &t, &res)
		k.slot.recent.add(&t.Item)
		k.slot.r.feed.EndKey(&t.Item)
		k.retire(b)
		if u.Large() {
			if err := k.slot.r.sendPart(u); err != nil {
				return n + 1, err
			}
		}
	}
}

// nextSeq is the record that is answered next, where there is an order.
func (k *talk) nextSeq() (jobs.Seq, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.queue) == 0 || k.several {
		return 0, false
	}
	b := k.queue[0]
	return b.NextSeq(), true
}

// recordOf returns the record that was answered.
func (k *talk) recordOf(answers *wire.AnswersReader, rec *jobs.Record) (*feed.Batch, error) {
	if !k.several {
		return k.nextRecord(rec)
	}
	k.mu.Lock()
	b := k.of[answers.Seq]
	delete(k.of, answers.Seq)
	k.mu.Unlock()
	if b == nil || !b.Find(answers.Seq, rec) {
		return nil, fmt.Errorf("%w: an answer for record %d, which it does not have", wire.ErrFrame, answers.Seq)
	}
	return b, nil
}

// nextRecord returns the first record that has not been answered. Only the
// listener calls it, or whoever comes after it.
func (k *talk) nextRecord(rec *jobs.Record) (*feed.Batch, error) {
	b := k.current
	if b == nil {
		k.mu.Lock()
		if len(k.queue) > 0 {
			b = k.queue[0]
		}
		k.mu.Unlock()
		if b == nil {
			return nil, fmt.Errorf("%w: an answer nobody asked for", wire.ErrFrame)
		}
		k.current = b
	}
	more, err := b.Next(rec)
	if err != nil || !more {
		return nil, errors.Join(err, fmt.Errorf("%w: batch out of step", wire.ErrFrame))
	}
	return b, nil
}

// retire takes a batch off the queue when all of it is answered. It still counts
// as given until release.
func (k *talk) retire(b *feed.Batch) {
	if k.over++; !b.All() {
		return
	}
	k.mu.Lock()
	if k.queue[0] == b {
		k.queue = k.queue[1:]
	} else {
		i := slices.Index(k.queue, b)
		k.queue = slices.Delete(k.queue, i, i+1)
	}
	k.current = nil
	k.closing = append(k.closing, b)
	k.mu.Unlock()
}

// release makes room for the batches that were retired: what they came to has
// been handed on, and the slot is done with them.
func (k *talk) release() {
	k.mu.Lock()
	k.spare = append(k.spare, k.closing...)
	k.closing = k.closing[:0]
	if k.several {
		k.held -= k.over
	}
	k.over = 0
	held := k.held
	k.mu.Unlock()
	if k.several {
		k.slot.r.feed.Ended(k.slot.seat, held)
	}
}

// settleOne settles an answer, which may be that of a record that was stopped.
func (k *talk) settleOne(u *settlement, t *try, res *jobs.Result) {
	r := k.slot.r
	switch {
	case res.Delays == jobs.DelaysFewer && res.Verdict == jobs.VerdictRetry:
		r.turnedAway(k.slot.seat, t, res)
	case res.Delays == jobs.DelaysFewer, res.Class == jobs.ClassConnect:
	case res.Verdict == jobs.VerdictOK, res.Verdict == jobs.VerdictRetry, res.Verdict == jobs.VerdictUnknown:
		// What is skipped or failed may have ended without the far side.
		r.letIn(k.slot.seat)
	}
	if !r.guarding.works.Load() && r.readSign(u, t, res) {
		return
	}
	at := k.hand.Stopped(t.Seq, t.rec.Attempt)
	if at == nil {
		r.observe(t, res, res.Class, res.Elapsed)
		r.settle(u, t, res)
		return
	}
	r.observe(t, res, at.Class, res.Elapsed)
	if res.Verdict != jobs.VerdictOK && res.Verdict != jobs.VerdictSkipped {
		res.Class = at.Class
		if res.Error != "" {
			res.Error = at.Text + ": " + res.Error
		} else {
			res.Error = at.Text
		}
	}
	r.settle(u, t, res)
}
