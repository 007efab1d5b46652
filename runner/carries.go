package runner

import (
	"brood/jobs"
	"brood/runner/remote/carry"
	"brood/worker/wire"
	"errors"
)

// carries reports whether files go with records to other machines, or come back.
func (r *session) carries() bool {
	m := r.cfg.Machines
	return m != nil && len(m.Transfer)+len(m.Return) > 0
}

// classFiles is the class of a record whose files could not be carried.
const classFiles jobs.Class = "files"

// bring brings the files of a batch's record to the machine. Where that fails for the record's own sake, done says that it is answered.
func (h *farHand) bring(frame []byte) (done bool, err error) {
	b, err := wire.ReadBatch(frame[5:], h.s.r.shape, h.s.r.cfg.Plan.NeedsRaw)
	if err != nil {
		return false, err
	}
	rec := &jobs.Record{}
	if more, err := b.Next(rec); err != nil || !more {
		return false, errors.Join(wire.ErrFrame, err)
	}
	if err := h.carrier.Before(h.s.r.killCtx, rec); err != nil {
		var file *carry.FileError
		if !errors.As(err, &file) {
			return false, nil // the run is being killed, and so is the hand
		}
		if h.notes() {
			h.hold(rec.Seq, rec.Attempt)
		}
		res := &jobs.Result{}
		res.Fail(jobs.VerdictFailed, classFiles, "%v", err)
		h.Answer(h.frame(rec.Seq, res), 1)
		return true, nil
	}
	h.mu.Lock()
	h.records[rec.Seq] = rec
	h.mu.Unlock()
	return false, nil
}

// frame is a frame with one answer.
func (h *farHand) frame(seq jobs.Seq, res *jobs.Result) []byte {
	p := wire.AppendAnswersHead(nil, seq, 1, res.Elapsed)
	if h.s.r.places > 1 {
		p = wire.AppendName(p, seq)
	}
	return wire.AppendAnswer(p, res)
}

// fetch brings back the files of the records that are answered. A record that has not made what it should has failed.
func (h *farHand) fetch(p []byte) ([]byte, error) {
	r, err := wire.ReadAnswers(p)
	if err != nil {
		return nil, err
	}
	r.Named = h.s.r.places > 1
	h.framed = wire.AppendAnswersHead(h.framed[:0], r.First, r.Len(), r.Busy)
	var res jobs.Result
	for seq := r.First; ; seq++ {
		more, err := r.Next(&res)
		if err != nil {
			return nil, err
		}
		if !more {
			return h.framed, nil
		}
		if r.Named {
			seq = r.Seq
			h.framed = wire.AppendName(h.framed, seq)
		}
		h.mu.Lock()
		rec := h.records[seq]
		delete(h.records, seq)
		h.mu.Unlock()
		if rec != nil {
			if err := h.carrier.After(h.s.r.killCtx, rec, &res); err != nil && res.Verdict == jobs.VerdictOK {
				res.Fail(jobs.VerdictFailed, classFiles, "%v", err)
			}
		}
		h.framed = wire.AppendAnswer(h.framed, &res)
	}
}

// drop lets go of the files of records of which nobody knows what became.
func (h *farHand) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for seq, rec := range h.records {
		h.carrier.Drop(rec)
		delete(h.records, seq)
	}
}
