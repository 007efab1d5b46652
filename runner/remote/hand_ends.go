package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/worker/wire"
	"context"
	"slices"
	"time"
)

// end takes in that it has ended.
func (h *Hand) end(g *gone) {
	h.mu.Lock()
	if h.last != nil {
		h.mu.Unlock()
		return
	}
	h.last = g
	h.come.Broadcast()
	spare := h.killed
	h.mu.Unlock()
	spare()
	close(h.over)
}

// killedBy has it end at once when kill ends.
func (h *Hand) killedBy(kill context.Context) {
	spare := context.AfterFunc(kill, h.Kill)
	h.mu.Lock()
	h.killed = spare
	ended := h.last != nil
	h.mu.Unlock()
	if ended {
		spare()
	}
}

// lost ends it without the machine. Found are the notes that the machine has of it; nil: nobody can tell what became of what it had.
func (h *Hand) lost(why string, found []Note) {
	g := &gone{Conv: h.conv, Exit: hand.Exit{Text: why, Name: "machine " + h.m.name}}
	l := hand.Loss{Class: jobs.ClassInterrupted, Text: "machine " + h.m.name + ", which had this record in hand: " + why}
	g.Remains = hand.Remains{Loss: l, How: why, Lost: found == nil}
	if found != nil {
		g.Remains.Left = make(map[jobs.Seq]*wire.Note)
	}
	for i := range found {
		n := &found[i]
		switch {
		case n.InHand:
			g.Remains.Dropped = append(g.Remains.Dropped, hand.Dropped{InHand: hand.InHand{Seq: n.Seq, Try: n.Try}, Loss: l})
		case n.Kind == wire.NoteAnswer:
			if before := g.Remains.Left[n.Seq]; before != nil && before.Try > n.Try {
				continue // slots may come in any order
			}
			g.Remains.Left[n.Seq] = &wire.Note{Seq: n.Seq, Try: n.Try, Kind: n.Kind, Payload: n.Payload}
		case n.Kind == wire.NoteLoss:
			g.Remains.Dropped = append(g.Remains.Dropped, hand.Dropped{InHand: hand.InHand{Seq: n.Seq, Try: n.Try}, Loss: l})
		}
	}
	h.end(g)
}

// Leave has the worker finish what it has, and waits until it has gone, or the machine is taken for dead.
func (h *Hand) Leave() (hand.Exit, error) {
	h.mu.Lock()
	tell := !h.told && h.last == nil
	h.told = true
	h.mu.Unlock()
	if tell {
		h.m.say(kindLeave, number(h.conv))
	}
	<-h.over
	h.mu.Lock()
	exit := h.last.Exit
	h.mu.Unlock()
	if h.m.hand(h.conv) == h && exit.Clean {
		h.dropIfClean()
	}
	return exit, nil
}

// dropIfClean lets it go where nobody will ask what it has left.
func (h *Hand) dropIfClean() {
	h.mu.Lock()
	idle := h.left == 0 && len(h.frames) == 0
	h.mu.Unlock()
	if idle {
		h.settle()
	}
}

// settle takes the work that it has not answered out of the stream, and lets it go.
func (h *Hand) settle() {
	h.mu.Lock()
	rest := slices.Concat(h.given, h.done)
	h.given, h.done = nil, nil
	h.mu.Unlock()
	for _, g := range rest {
		g.parcel.release()
	}
	h.m.drop(h)
}

// Settled says that what it had in hand, and what it has left, is on its way to the ledger: nothing depends on what its machine says of it.
func (h *Hand) Settled() {
	h.mu.Lock()
	first := !h.settled
	h.settled = true
	h.mu.Unlock()
	if !first {
		return
	}
	h.m.mu.Lock()
	h.m.pending--
	h.m.mu.Unlock()
	h.mu.Lock()
	over := h.last != nil && h.left == 0 && len(h.frames) == 0
	h.mu.Unlock()
	if over {
		h.settle() // whoever replaced it does not ask what it has left
	}
}

// Kill ends it at once. If the machine does not say so soon, it is not waited for.
func (h *Hand) Kill() {
	h.mu.Lock()
	ended := h.last != nil
	h.told = true
	h.mu.Unlock()
	if ended {
		return
	}
	h.m.say(kindKill, number(h.conv))
	time.AfterFunc(killTime, func() { h.lost("it does not say what became of it", nil) })
}

// Remains says what it has left behind.
func (h *Hand) Remains(broken error) (hand.Remains, error) {
	h.mu.Lock()
	rest, untaken := h.last.Remains, h.untaken > 0
	understood := broken == nil || h.last.Error != ""
	h.mu.Unlock()
	if !understood || untaken {
		why := "its answers were not taken in"
		if broken != nil {
			why = broken.Error()
		}
		// Its notes count.
		h.m.say(kindAsk, number(h.conv), []byte(why))
		if all := h.awaitReply(); all != nil {
			rest = *all
		} else {
			rest.Lost = true
		}
	}
	if h.kill.Err() != nil {
		rest.Ordered = true
		rest.Loss.Class, rest.Loss.Blamed = jobs.ClassKilled, false
		for i := range rest.Dropped {
			l := &rest.Dropped[i].Loss
			l.Class, l.Blamed = jobs.ClassKilled, false
		}
	}
	h.mu.Lock()
	h.ordinal = max(h.ordinal, h.last.ordinal)
	h.mu.Unlock()
	return rest, nil
}

// awaitReply waits for what the agent answers, a while.
func (h *Hand) awaitReply() *hand.Remains {
	if h.m.state() == Silent {
		return nil
	}
	limit := time.NewTimer(killTime)
	defer limit.Stop()
	select {
	case r := <-h.reply:
		return r
	case <-limit.C:
		return nil
	}
}

func (h *Hand) replied(r *hand.Remains) {
	select {
	case h.reply <- r:
	default:
	}
}

// NoteLoss has the agent note it, where it is. Who decides about the record notes it as well.
func (h *Hand) NoteLoss(in hand.InHand, l *hand.Loss, crashes int) (hand.Ack, uint64, error) {
	m := h.m
	if m.d.effect == jobs.EffectNone {
		return nil, 0, nil
	}
	m.say(kindLoss, encode(loss{Conv: h.conv, InHand: in, Loss: *l, Crashes: crashes}))
	m.mu.Lock()
	n := m.places[h.slot].next()
	m.mu.Unlock()
	h.awaitReply()
	h.mu.Lock()
	h.ordinal = n
	h.mu.Unlock()
	return slotAck{h}, n, nil
}

// Clear forgets what was in hand.
func (h *Hand) Clear() {
	h.m.say(kindClear, number(h.conv))
	h.settle()
}
