package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// killTime is how long a hand that is ended at once may take to say what it left behind.
const killTime = 2 * time.Second

// Hand stands for a slot of a machine, from the beginning of one of its workers to the end of that.
type Hand struct {
	m      *machine
	slot   int // from 0
	conv   uint64
	kill   context.Context //nolint:containedctx // of the run: what ends it at once
	killed func() bool     // nobody need end it any more
	ready  chan *ready
	reply  chan *hand.Remains
	over   chan struct{} // closed when it has ended

	mu     sync.Mutex
	come   sync.Cond
	frames []*answers
	last   *gone // what it says at its end; nil: it has not ended
	limits []limited
	given  []given // not yet taken in
	done   []given // taken in, and not yet in the ledger; number and ordinal
	// ordinal is that of what was returned last: a frame, or what it has left behind.
	ordinal uint64
	left    int    // records that it was given and has not answered
	untaken int    // frames that were returned and not taken in
	most    uint64 // that it was allowed at first
	had     uint64 // records it was given in all
	worn    float64
	told    bool // it was told to leave, or to end
	settled bool // see Settled
}

// given is a batch that it was given.
type given struct {
	parcel  *parcel // that it was a part of
	records int
	ordinal uint64
}

func newHand(kill context.Context, m *machine, conv uint64, slot int) *Hand {
	h := &Hand{m: m, slot: slot, conv: conv, kill: kill, ready: make(chan *ready, 1), reply: make(chan *hand.Remains, 1), over: make(chan struct{}), killed: func() bool { return true }}
	h.come.L = &h.mu
	return h
}

// begun takes in that it has begun.
func (h *Hand) begun(r *ready) {
	select {
	case h.ready <- r:
	default:
	}
}

func (h *Hand) allowed(n uint64, worn float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.most, h.worn = n, worn
}

// answered takes in a frame of answers.
func (h *Hand) answered(a *answers) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != nil {
		return
	}
	h.frames = append(h.frames, a)
	h.worn = max(h.worn, a.worn)
	h.limits = append(h.limits, a.limits...)
	h.come.Broadcast()
}

// outstanding adds the work that it has in hand.
func (h *Hand) outstanding(to []uint64) []uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.given {
		if n := h.given[i].parcel.inStream(); n != 0 && (len(to) == 0 || to[len(to)-1] != n) {
			to = append(to, n)
		}
	}
	return to
}

func (h *Hand) busy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.left > 0
}

// Begin does nothing: the agent's slot has one hand at a time.
func (h *Hand) Begin() {}

// Give sends a batch to the machine.
func (h *Hand) Give(frame []byte, records int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != nil {
		return nil // Next says so
	}
	h.left += records
	h.had += uint64(records)                                                                     //nolint:gosec // it is not negative
	h.given = append(h.given, given{parcel: h.m.give(h.conv, records, frame), records: records}) // nobody who has the machine's lock waits for this one
	return nil
}

// Answer gives a batch and its answers, the payload of a frame, without the machine.
func (h *Hand) Answer(frame []byte, records int) {
	h.m.mu.Lock()
	ordinal := h.m.places[h.slot].ordinal
	h.m.mu.Unlock()
	h.mu.Lock()
	h.left += records
	h.mu.Unlock()
	h.answered(&answers{conv: h.conv, frame: frame, ordinal: ordinal})
}

// Next waits for a frame of answers.
func (h *Hand) Next() ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.frames) == 0 && h.last == nil {
		h.come.Wait()
	}
	if len(h.frames) == 0 {
		if h.last.Error != "" {
			return nil, errors.New(h.last.Error)
		}
		return nil, io.EOF
	}
	a := h.frames[0]
	h.frames[0] = nil
	h.frames = h.frames[1:]
	h.ordinal = a.ordinal
	h.untaken++
	return a.frame, nil
}

// Taken notes that a frame was taken in.
func (h *Hand) Taken(records int) (hand.Ack, uint64) {
	m := h.m
	m.mu.Lock()
	m.answers += uint64(records) //nolint:gosec // it is not negative
	m.mu.Unlock()
	h.mu.Lock()
	ordinal := h.ordinal
	h.left -= records
	h.untaken = 0
	var free []*parcel
	for len(h.given) > 0 && records > 0 {
		g := &h.given[0]
		if n := min(g.records, records); n > 0 {
			g.records -= n
			records -= n
		}
		if g.records > 0 {
			break
		}
		g.ordinal = ordinal
		if m.d.effect == jobs.EffectNone {
			free = append(free, g.parcel)
		} else {
			h.done = append(h.done, *g)
		}
		h.given = h.given[1:]
	}
	h.mu.Unlock()
	for _, p := range free {
		p.release()
	}
	if m.d.effect == jobs.EffectNone || ordinal == 0 {
		return nil, 0 // nothing is noted
	}
	return slotAck{h}, ordinal
}

// slotAck tells the agent what the ledger has.
type slotAck struct{ h *Hand }

func (a slotAck) Slot() int { return a.h.slot + 1 }

func (a slotAck) Ack(upTo uint64) {
	h, m := a.h, a.h.m
	m.mu.Lock()
	m.acks[h.slot] = max(m.acks[h.slot], upTo)
	m.mu.Unlock()
	h.mu.Lock()
	n := 0
	for n < len(h.done) && h.done[n].ordinal <= upTo {
		n++
	}
	free := h.done[:n:n]
	h.done = h.done[n:]
	h.mu.Unlock()
	for _, g := range free {
		g.parcel.release()
	}
}

// Stopped says at which limit a record was stopped, as the agent's watch has said.
func (h *Hand) Stopped(seq jobs.Seq, try int) *hand.Limit {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.limits {
		if l := &h.limits[i]; l.Seq == seq && l.Try == try {
			limit := l.Limit
			h.limits = append(h.limits[:i], h.limits[i+1:]...)
			return &limit
		}
	}
	return nil
}

// Worn is what the agent said last, and not less than what it was given says.
func (h *Hand) Worn() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.most == hand.Unlimited || h.most == 0 {
		return h.worn
	}
	return max(h.worn, float64(h.had)/float64(h.most))
}

// Allowance is what is left of what the agent allowed.
func (h *Hand) Allowance() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.most == hand.Unlimited {
		return h.most
	}
	return h.most - min(h.had, h.most)
}
