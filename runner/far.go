package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/remote"
	"brood/runner/remote/carry"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"
)

// berth is where a slot has its workers that are not of this machine.
type berth struct {
	machine string
	place   int // from 0
	owed    farOwed
}

// farOwed is what the notes of a slot of this process mean to the agents whose answers they are.
type farOwed struct {
	p  *pad
	mu sync.Mutex
	of []farNote // in order
}

// farNote is up to which of what a hand has said all is in the ledger, when the note of a number is.
type farNote struct {
	number uint64
	ack    hand.Ack
	upTo   uint64
}

// Slot is the number of the slot.
func (o *farOwed) Slot() int { return o.p.slot }

// Ack says on the page, and to the agent, what the ledger has.
func (o *farOwed) Ack(upTo uint64) {
	o.p.Ack(upTo)
	o.mu.Lock()
	n := 0
	for n < len(o.of) && o.of[n].number <= upTo {
		n++
	}
	due := o.of[:n:n]
	o.of = o.of[n:]
	o.mu.Unlock()
	for i, f := range due {
		if i+1 == len(due) || due[i+1].ack != f.ack {
			f.ack.Ack(f.upTo)
		}
	}
}

func (o *farOwed) add(f farNote) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.of = append(o.of, f)
}

// farHand is a hand that stands for a slot of another machine, with the page and the notes of a slot of this one where repeating a record
// costs something: so the death of this process loses no answer that it was told, and the next session knows what was out.
type farHand struct {
	*remote.Hand
	s      *slot
	taken  uint64 // answers
	places []wire.Held
	mu     sync.Mutex // of places
	mine   []byte     // the answer that was read last

	carrier carry.Carrier             // of its machine; nil: no files are carried
	records map[jobs.Seq]*jobs.Record // whose files were brought there; guarded by mu
	framed  []byte                    // the frame that was made last
}

var _ hand.Hand = (*farHand)(nil)

// startFar brings a hand of the slot's machine. Nil without an error: the slot is to end, or nobody waits for it.
func (s *slot) startFar(ctx context.Context) (*talk, error) {
	at := s.berth
	if s.r.feed.NeedsIntents() {
		if err := s.openPad(); err != nil {
			return nil, err
		}
	}
	for ctx.Err() == nil {
		h, err := s.r.machines.desk.Hand(ctx, s.r.killCtx, at.machine, at.place)
		var refused *remote.RefusedError
		if errors.As(err, &refused) {
			s.r.machines.letGo(at.machine, s.r.hide(refused.Why))
		}
		if h != nil {
			far := &farHand{Hand: h, s: s, places: make([]wire.Held, s.r.places), records: make(map[jobs.Seq]*jobs.Record)}
			if s.r.carries() {
				far.carrier = s.r.Machines.Carrier(at.machine)
			}
			return newTalk(s, far), nil
		}
		sleep(ctx, 100*time.Millisecond) // the machine has gone, and so will the slot
	}
	return nil, nil
}

func (h *farHand) notes() bool { return h.s.r.feed.NeedsIntents() }

// Give notes what is in hand from now on, and sends it.
func (h *farHand) Give(frame []byte, records int) error {
	if h.carrier != nil {
		if done, err := h.bring(frame); done || err != nil {
			return err
		}
	}
	if h.notes() {
		b, err := wire.ReadBatch(frame[5:], h.s.r.shape, h.s.r.cfg.Plan.NeedsRaw)
		if err != nil {
			return err
		}
		var rec jobs.Record
		for {
			more, err := b.Next(&rec)
			if err != nil {
				return err
			}
			if !more {
				break
			}
			h.hold(rec.Seq, rec.Attempt)
		}
	}
	return h.Hand.Give(frame, records)
}

// hold marks a record as in hand.
func (h *farHand) hold(seq jobs.Seq, try int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := max(0, slices.IndexFunc(h.places, func(p wire.Held) bool { return p.Try == 0 }))
	h.places[at] = wire.Held{Seq: seq, Try: try}
	h.s.pad.page.Start(at, seq, try, wire.Now())
}

// release notes an answer, and that its record is not in hand any more.
func (h *farHand) release(seq jobs.Seq, payload []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := slices.IndexFunc(h.places, func(p wire.Held) bool { return p.Try > 0 && p.Seq == seq })
	if at < 0 {
		return wire.ErrFrame // nobody asked for it
	}
	note := wire.Note{Time: wire.Now(), Seq: seq, Try: h.places[at].Try, Kind: wire.NoteAnswer, Payload: payload}
	if err := h.s.pad.notes.Append(&note); err != nil {
		return &spec.WriteError{Err: err}
	}
	h.taken++
	h.s.pad.page.Finish(at, seq, h.taken)
	h.places[at] = wire.Held{}
	return nil
}

// Next brings answers, which are noted before anything is made of them.
func (h *farHand) Next() ([]byte, error) {
	p, err := h.Hand.Next()
	if err == nil && h.carrier != nil {
		p, err = h.fetch(p)
	}
	if err != nil || !h.notes() {
		return p, err
	}
	r, err := wire.ReadAnswers(p)
	if err != nil {
		return nil, err
	}
	r.Named = h.s.r.places > 1
	var res jobs.Result
	for seq := r.First; ; seq++ {
		more, err := r.Next(&res)
		if err != nil || !more {
			return p, err
		}
		if r.Named {
			seq = r.Seq
		}
		h.s.r.hear(&res)
		h.mine = wire.AppendAnswer(h.mine[:0], &res)
		if err := h.release(seq, h.mine); err != nil {
			return nil, err
		}
	}
}

// Taken says what the notes mean to the agent.
func (h *farHand) Taken(records int) (hand.Ack, uint64) {
	ack, upTo := h.Hand.Taken(records)
	if !h.notes() {
		return nil, 0
	}
	p := h.s.pad
	if last := p.page.LastNote(); p.page.Err() == nil {
		p.settled(min(p.noted+uint64(records), last)) //nolint:gosec // it is not negative
	}
	return h.owe(ack, upTo)
}

func (h *farHand) owe(ack hand.Ack, upTo uint64) (hand.Ack, uint64) {
	p, o := h.s.pad, &h.s.berth.owed
	if ack != nil {
		o.add(farNote{number: p.noted, ack: ack, upTo: upTo})
	}
	if p.noted == 0 {
		return nil, 0
	}
	return o, p.noted
}

// NoteLoss notes a loss here and at the agent.
func (h *farHand) NoteLoss(in hand.InHand, l *hand.Loss, crashes int) (hand.Ack, uint64, error) {
	if !h.notes() {
		return nil, 0, nil
	}
	w := wire.Loss{Class: l.Class, Error: l.Text, TookMS: l.Took.Milliseconds(), Blamed: l.Blamed}
	if l.Blamed {
		w.Crashes = crashes
	}
	payload, err := json.Marshal(w)
	if err != nil {
		return nil, 0, err
	}
	note := wire.Note{Time: wire.Now(), Seq: in.Seq, Try: in.Try, Kind: wire.NoteLoss, Payload: payload}
	if err := h.s.pad.append(&note); err != nil {
		return nil, 0, err
	}
	ack, upTo, err := h.Hand.NoteLoss(in, l, crashes)
	if err != nil {
		return nil, 0, err
	}
	mine, upToMine := h.owe(ack, upTo)
	return mine, upToMine, nil
}

// Clear forgets what was in hand.
func (h *farHand) Clear() {
	if h.carrier != nil {
		h.drop()
	}
	if h.notes() {
		h.s.pad.page.Clear()
	}
	h.Hand.Clear()
}
